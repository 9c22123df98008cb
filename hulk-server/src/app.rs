//! State that all handlers share.

use std::{net::SocketAddr, path::Path, sync::Arc, time::Duration};

use http::HeaderValue;
use hulk_proto::Id;
use tokio::sync::Notify;

use crate::{
    auth::{key_uses::KeyUses, passwords::Passwords},
    config::{
        Config, PublicUrl, RateLimits, RootKey, SignupMode,
        secrets::{self, MissingVariable, RootKeyError},
        urls::{UrlError, Urls},
    },
    data_dir::{self, DataDir, DataDirError},
    db::{self, Db, Location, tiers},
    download_counts::Downloads,
    limits::{
        Limits, answers::Answers, bodies::Budget, guesses::Guesses, rates::Rates,
        transfers::Transfers,
    },
    mail::{Mailer, MailerError},
    store::{
        Endpoint, Probed, Store,
        embedded::{self, EmbeddedStore},
    },
};

/// The server's parts; cheap to clone.
#[derive(Clone)]
pub struct App {
    pub db: Db,
    pub store: Store,
    pub settings: Arc<Settings>,
    /// Downloads that are not in the database yet.
    pub downloads: Arc<Downloads>,
    /// What may still be downloaded of users' files before the database is asked.
    pub(crate) transfers: Arc<Transfers>,
    /// Last uses of keys that are not in the database yet.
    pub(crate) key_uses: Arc<KeyUses>,
    /// Notified when there is something to delete.
    pub garbage: Arc<Notify>,
    /// Notified when work was queued.
    pub queue: Arc<Notify>,
    pub(crate) mailer: Mailer,
    /// Outcome of the last probe of the store.
    pub probed: Probed,
    /// Limits how many passwords are hashed at a time.
    pub passwords: Passwords,
    /// Counts of wrong passwords of links.
    pub(crate) guesses: Arc<Guesses>,
    /// Counts of requests.
    pub(crate) rates: Arc<Rates>,
    /// Memory that bodies of requests share.
    pub(crate) bodies: Budget,
    /// Memory that answers share.
    pub(crate) answers: Answers,
    /// Id of this process, among those that share the database.
    pub(crate) replica: Id,
    pub(crate) embedded: Option<EmbeddedStore>,
    /// Keeps other processes out for as long as any clone lives.
    data_dir: Option<Arc<DataDir>>,
}

/// What does not change while the server runs.
pub struct Settings {
    pub public_url: String,
    /// Host of the public URL, as in the Host header.
    pub host: HeaderValue,
    /// Port of the public URL.
    pub public_port: u16,
    /// Where the embedded store's downloads are, if they have an origin of their own.
    pub content_url: Option<PublicUrl>,
    /// Host for which the embedded store's downloads are signed, as in the Host header.
    pub content_host: HeaderValue,
    /// Origins of upload and download URLs, separated by spaces: browsers may connect to them.
    pub store_origins: String,
    /// Other origins whose pages may use the API.
    pub cors_origins: Vec<PublicUrl>,
    pub env_name: String,
    /// Limits of every user, except the quota.
    pub limits: Limits,
    pub rate_limits: RateLimits,
    /// Name or id of the tier of new users.
    pub new_user_tier: String,
    /// Quota of new users, in bytes; `None` for that of their tier.
    pub new_user_quota: Option<u64>,
    /// Who may create an account.
    pub signup: Signup,
    /// Whether new passwords need letters of both cases and a digit.
    pub has_password_recipe: bool,
    /// Secret with which the store authenticates its notices; without one, notices are refused.
    pub s3_events_secret: Option<String>,
    /// The operator's key.
    pub root_key: Option<RootKey>,
}

/// Who may create an account.
pub enum Signup {
    Closed,
    /// Whoever has this code.
    Invite(String),
    Open,
}

impl Settings {
    /// Whether clients reach the server over https.
    pub(crate) fn is_https(&self) -> bool {
        self.public_url.starts_with("https:")
    }
}

/// Why the server cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error(transparent)]
    DataDir(#[from] DataDirError),
    #[error(transparent)]
    Database(#[from] db::OpenError),
    #[error(transparent)]
    Store(#[from] embedded::OpenError),
    #[error(transparent)]
    Credentials(#[from] MissingVariable),
    #[error("cannot listen on {address}: {source}")]
    Listen {
        address: String,
        source: std::io::Error,
    },
    #[error("--store-listen {0}")]
    StoreListen(&'static str),
    #[error(transparent)]
    Url(#[from] UrlError),
    #[error(transparent)]
    Mailer(#[from] MailerError),
    #[error("--signup {0}")]
    Signup(&'static str),
    #[error(transparent)]
    RootKey(#[from] RootKeyError),
    #[error("--default-tier {0}: there is no such tier; create it first (hulk admin tiers create)")]
    Tier(String),
}

impl App {
    /// Opens database and store. `listening` is the address for clients if no public URL is set.
    ///
    /// # Errors
    /// If one of them cannot be used; nothing is left half created.
    pub async fn open(config: &Config, listening: SocketAddr) -> Result<Self, StartError> {
        let urls = Urls::of(config, listening)?;
        let is_local = config.database_url.is_none() || config.s3_endpoint.is_none();
        let data_dir = is_local
            .then(|| DataDir::open(&config.data_dir))
            .transpose()?;
        let db = open_database(config).await?;
        check_tier(&db, config.new_user_tier()).await?;
        let root = data_dir.as_ref().map(DataDir::path);
        let rate_limits = RateLimits::new(&config.rate_limit);
        let (store, embedded) = open_store(config, &urls, root)?;
        Ok(Self {
            db,
            store,
            settings: Arc::new(settings(config, urls)?),
            downloads: Arc::default(),
            transfers: Arc::default(),
            key_uses: Arc::default(),
            garbage: Arc::default(),
            queue: Arc::default(),
            mailer: Mailer::new(
                config.smtp_url.as_ref(),
                config.mail_from.clone(),
                data_dir::outbox(root.unwrap_or(&config.data_dir)),
            )?,
            probed: Probed::default(),
            passwords: Passwords::default(),
            guesses: Arc::default(),
            rates: Arc::new(Rates::new(&rate_limits)),
            bodies: Budget::default(),
            answers: Answers::default(),
            replica: Id::random(),
            embedded,
            data_dir: data_dir.map(Arc::new),
        })
    }

    /// Opens only the S3 store, without a database.
    ///
    /// # Errors
    /// If its credentials are missing, or the data directory of the embedded store cannot be used.
    pub fn open_store(config: &Config) -> Result<Store, StartError> {
        let data_dir = match config.s3_endpoint {
            None => Some(DataDir::open(&config.data_dir)?),
            Some(_) => None,
        };
        let root = data_dir.as_ref().map(DataDir::path);
        let (store, _) = open_store(config, &Urls::unused()?, root)?;
        Ok(store)
    }

    /// Whether this start created the data directory.
    pub fn is_new(&self) -> bool {
        self.data_dir
            .as_ref()
            .is_some_and(|data_dir| data_dir.is_new())
    }
}

/// Fails unless there is the tier that new users are to have.
async fn check_tier(db: &Db, tier: &str) -> Result<(), StartError> {
    let mut connection = db.read().await.map_err(db::OpenError::from)?;
    let found = tiers::find(&mut connection, tier).await;
    match found.map_err(db::OpenError::from)? {
        Some(_) => Ok(()),
        None => Err(StartError::Tier(tier.to_owned())),
    }
}

/// Opens only the database, beside a server that may be running. Creates the data directory if the database
/// is in it.
///
/// # Errors
/// If it cannot be used.
pub async fn open_database(config: &Config) -> Result<Db, StartError> {
    Ok(match &config.database_url {
        Some(url) => Db::open(Location::Url(url.reveal())).await?,
        None => {
            let directory = data_dir::create(&config.data_dir)?;
            Db::open(Location::File(&data_dir::database(&directory))).await?
        }
    })
}

fn settings(config: &Config, urls: Urls) -> Result<Settings, StartError> {
    let Urls { public, content } = urls;
    let host = public.host_header().map_err(UrlError::Public)?;
    let downloads = content.as_ref().unwrap_or(&public);
    let content_host = downloads.host_header().map_err(UrlError::Content)?;
    let store = config.s3_endpoint.as_ref().unwrap_or(&public);
    let store_origins = [Some(store), content.as_ref()];
    let store_origins = store_origins.into_iter().flatten().map(PublicUrl::as_str);
    Ok(Settings {
        public_url: public.as_str().to_owned(),
        host,
        public_port: public.port(),
        content_host,
        store_origins: store_origins.collect::<Vec<_>>().join(" "),
        content_url: content,
        cors_origins: config.cors_origins.clone(),
        env_name: config.env_name.clone(),
        limits: limits(config),
        rate_limits: RateLimits::new(&config.rate_limit),
        new_user_tier: config.new_user_tier().to_owned(),
        new_user_quota: config.new_user_quota(),
        signup: signup(config)?,
        has_password_recipe: config.password_recipe,
        s3_events_secret: secrets::s3_events(),
        root_key: secrets::root_key()?,
    })
}

fn signup(config: &Config) -> Result<Signup, StartError> {
    let code = config
        .invite_code
        .as_ref()
        .map(|code| code.reveal().to_owned());
    match (config.signup, code) {
        (None | Some(SignupMode::Invite), Some(code)) => Ok(Signup::Invite(code)),
        (Some(SignupMode::Invite), None) => Err(StartError::Signup("invite needs --invite-code")),
        (None | Some(SignupMode::Closed), _) => Ok(Signup::Closed),
        (Some(SignupMode::Open), _) => Ok(Signup::Open),
    }
}

fn limits(config: &Config) -> Limits {
    let extensions = config.allowed_extensions.iter();
    Limits {
        storage_bytes: config.new_user_quota().unwrap_or(0),
        max_objects: i64::from(config.max_objects),
        max_file_bytes: config.max_file_size,
        versions_kept: usize::from(config.versions_kept),
        trash_kept: Duration::from_secs(u64::from(config.trash_days) * 24 * 60 * 60),
        month_bytes: None,
        allowed_extensions: extensions.map(|text| extension(text)).collect(),
    }
}

fn extension(text: &str) -> String {
    text.trim().trim_start_matches('.').to_ascii_lowercase()
}

/// Opens the store, and returns its embedded part if it has one: in the data directory, which is then locked
/// at `root`.
fn open_store(
    config: &Config,
    urls: &Urls,
    root: Option<&Path>,
) -> Result<(Store, Option<EmbeddedStore>), StartError> {
    if let Some(url) = &config.s3_endpoint {
        let endpoint = Endpoint {
            url: url.as_str().to_owned(),
            download_url: url.as_str().to_owned(),
            bucket: config.s3_bucket.clone(),
            region: config.s3_region.clone(),
            credentials: secrets::aws_credentials()?,
        };
        return Ok((Store::remote(endpoint), None));
    }
    let embedded = EmbeddedStore::open(&data_dir::store(root.unwrap_or(&config.data_dir)))?;
    let downloads = urls.content.as_ref().unwrap_or(&urls.public);
    let endpoint = Endpoint {
        url: urls.public.as_str().to_owned(),
        download_url: downloads.as_str().to_owned(),
        bucket: embedded::BUCKET.to_owned(),
        region: embedded::REGION.to_owned(),
        credentials: embedded.credentials(),
    };
    let store = Store::embedded(embedded.clone(), endpoint);
    Ok((store, Some(embedded)))
}
