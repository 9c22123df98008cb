//! Configuration of the server by flags and environment variables.

pub(crate) mod rate_limits;
mod root_key;
pub(crate) mod secrets;
pub(crate) mod urls;
mod values;

use std::path::PathBuf;

use clap::Args;
use ipnet::IpNet;

use crate::mail::{Sender, SmtpUrl};
use rate_limits::RateLimit;
pub use rate_limits::{Rate, RateClass, RateLimits};
pub use root_key::RootKey;
pub use values::{DatabaseUrl, InviteCode, PublicUrl, SignupMode};
use values::{env_name, file_size, network, rate, size};

/// Flags of `hulk-server` and of `hulk serve`; each has an environment variable.
#[derive(Args, Clone, Debug)]
pub struct Config {
    /// Address to listen on; port 0 picks a free one
    #[arg(
        long,
        global = true,
        env = "HULK_LISTEN",
        value_name = "HOST:PORT",
        default_value = "127.0.0.1:4855"
    )]
    pub listen: String,

    /// URL under which clients reach this server; links begin with it [default: http://LISTEN]
    #[arg(long, global = true, env = "HULK_PUBLIC_URL", value_name = "URL")]
    pub public_url: Option<PublicUrl>,

    /// Origin for downloads from the embedded store, apart from pages and API [default: the public URL]
    #[arg(long, global = true, env = "HULK_CONTENT_URL", value_name = "URL")]
    pub content_url: Option<PublicUrl>,

    /// Directory of the SQLite database and the embedded store
    #[arg(
        long,
        global = true,
        env = "HULK_DATA_DIR",
        value_name = "DIR",
        default_value = "./hulk-data"
    )]
    pub data_dir: PathBuf,

    /// Database to use instead of SQLite in the data directory, such as postgres://…
    #[arg(
        long,
        global = true,
        env = "HULK_DATABASE_URL",
        value_name = "URL",
        hide_env_values = true
    )]
    pub database_url: Option<DatabaseUrl>,

    /// S3 store to use instead of the embedded one; credentials come from the AWS variables
    #[arg(long, global = true, env = "HULK_S3_ENDPOINT", value_name = "URL")]
    pub s3_endpoint: Option<PublicUrl>,

    /// Bucket in the S3 store
    #[arg(long, global = true, env = "HULK_S3_BUCKET", value_name = "NAME", default_value = crate::store::embedded::BUCKET)]
    pub s3_bucket: String,

    /// Region of the S3 store
    #[arg(long, global = true, env = "HULK_S3_REGION", value_name = "NAME", default_value = crate::store::embedded::REGION)]
    pub s3_region: String,

    /// First part of every object's key
    #[arg(long, global = true, env = "HULK_ENV", value_name = "NAME", default_value = "dev", value_parser = env_name)]
    pub env_name: String,

    /// Size of the largest file accepted, such as 500MB or 2GiB
    #[arg(long, global = true, env = "HULK_MAX_FILE_SIZE", value_name = "SIZE", default_value = "5TiB", value_parser = file_size)]
    pub max_file_size: u64,

    /// Quota of a new user [default: 10GiB, or that of --default-tier]
    #[arg(long, global = true, env = "HULK_DEFAULT_QUOTA", value_name = "SIZE", value_parser = size)]
    pub default_quota: Option<u64>,

    /// Tier of a new user [default: free]
    #[arg(long, global = true, env = "HULK_DEFAULT_TIER", value_name = "NAME")]
    pub default_tier: Option<String>,

    /// Versions kept of each file, including the newest; 0 or 1 keeps only the newest
    #[arg(
        long,
        global = true,
        env = "HULK_VERSIONS_KEPT",
        value_name = "N",
        default_value = "10"
    )]
    pub versions_kept: u16,

    /// Days for which deleted things can be restored; 0 deletes permanently at once
    #[arg(
        long,
        global = true,
        env = "HULK_TRASH_DAYS",
        value_name = "N",
        default_value = "30"
    )]
    pub trash_days: u16,

    /// File name extensions that are accepted, such as csv,parquet [default: all]
    #[arg(
        long,
        global = true,
        env = "HULK_ALLOWED_EXTENSIONS",
        value_name = "LIST",
        value_delimiter = ','
    )]
    pub allowed_extensions: Vec<String>,

    /// Files and directories that a user may have, including those in the trash
    #[arg(
        long,
        global = true,
        env = "HULK_MAX_OBJECTS",
        value_name = "N",
        default_value = "1000000"
    )]
    pub max_objects: u32,

    /// Who may create an account [default: closed, or invite if there is a code]
    #[arg(long, global = true, env = "HULK_SIGNUP", value_name = "WHO")]
    pub signup: Option<SignupMode>,

    /// Code that whoever creates an account must know
    #[arg(
        long,
        global = true,
        env = "HULK_INVITE_CODE",
        value_name = "CODE",
        hide_env_values = true
    )]
    pub invite_code: Option<InviteCode>,

    /// Require an upper-case letter, a lower-case letter and a digit in new passwords
    #[arg(long, global = true, env = "HULK_PASSWORD_RECIPE")]
    pub password_recipe: bool,

    /// Server that takes mails, such as smtps://USER:PASSWORD@HOST [default: files in DATA_DIR/outbox]
    #[arg(
        long,
        global = true,
        env = "HULK_SMTP_URL",
        value_name = "URL",
        hide_env_values = true
    )]
    pub smtp_url: Option<SmtpUrl>,

    /// Sender of mails
    #[arg(
        long,
        global = true,
        env = "HULK_MAIL_FROM",
        value_name = "ADDRESS",
        default_value = "Hulkastorus <hulkastorus@localhost>"
    )]
    pub mail_from: Sender,

    /// Networks of proxies whose X-Forwarded-For is trusted, such as 10.0.0.0/8,192.0.2.1 [default: none]
    #[arg(
        long,
        global = true,
        env = "HULK_TRUSTED_PROXIES",
        value_name = "CIDR,…",
        value_delimiter = ',',
        value_parser = network
    )]
    pub trusted_proxies: Vec<IpNet>,

    /// Origins whose pages may use the API, such as https://app.example.com [default: none]
    #[arg(
        long,
        global = true,
        env = "HULK_CORS_ORIGINS",
        value_name = "ORIGIN,…",
        value_delimiter = ','
    )]
    pub cors_origins: Vec<PublicUrl>,

    /// Requests that one client may make, as CLASS=N/WINDOW, CLASS=off, or off for no limits; classes are
    /// login, signup, api, upload and link [default: login=10/15min,signup=5/15min, the others off]
    #[arg(
        long,
        global = true,
        env = "HULK_RATE_LIMIT",
        value_name = "LIMIT,…",
        value_delimiter = ','
    )]
    pub rate_limit: Vec<RateLimit>,

    /// Address for /metrics and the checks of /readyz [default: on --listen, for local clients only]
    #[arg(
        long,
        global = true,
        env = "HULK_METRICS_LISTEN",
        value_name = "HOST:PORT"
    )]
    pub metrics_listen: Option<String>,

    /// Local address for the embedded store's full S3 API, for whoever has the keys in store/credentials
    /// [default: none; clients use presigned URLs]
    #[arg(
        long,
        global = true,
        env = "HULK_STORE_LISTEN",
        value_name = "HOST:PORT"
    )]
    pub store_listen: Option<String>,

    /// Largest number of connections at a time
    #[arg(
        long,
        global = true,
        env = "HULK_MAX_CONNECTIONS",
        value_name = "N",
        default_value = "2560",
        value_parser = clap::value_parser!(u32).range(1..)
    )]
    pub max_connections: u32,

    /// Largest number of connections of one client at a time
    #[arg(
        long,
        global = true,
        env = "HULK_MAX_CLIENT_CONNECTIONS",
        value_name = "N",
        default_value = "2048",
        value_parser = clap::value_parser!(u32).range(1..)
    )]
    pub max_client_connections: u32,

    /// Bytes per second below which a client that sends or receives is disconnected after 30 seconds
    #[arg(long, global = true, env = "HULK_MIN_RATE", value_name = "SIZE", default_value = "1KiB", value_parser = rate)]
    pub min_rate: u64,
}

/// Tier of new users, if none is set.
const DEFAULT_TIER: &str = "free";
/// Quota of new users, if neither a quota nor a tier is set.
const DEFAULT_QUOTA: u64 = 10 << 30;

impl Config {
    /// Returns the name or the id of the tier of new users.
    pub fn new_user_tier(&self) -> &str {
        self.default_tier.as_deref().unwrap_or(DEFAULT_TIER)
    }

    /// Returns the quota of new users, in bytes; `None` for that of their tier.
    pub fn new_user_quota(&self) -> Option<u64> {
        match (self.default_quota, &self.default_tier) {
            (Some(bytes), _) => Some(bytes),
            (None, Some(_)) => None,
            (None, None) => Some(DEFAULT_QUOTA),
        }
    }
}
