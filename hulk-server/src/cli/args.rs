//! Arguments of the program.

use clap::{
    Parser, Subcommand,
    builder::{PossibleValue, PossibleValuesParser, TypedValueParser},
};
use hulk_proto::{KeyPermission, Role};
use hulk_server::{Config, jobs::periodic};

/// Serves files that `hulk put` uploads: plans, signs, checks and records
#[derive(Parser, Debug)]
#[command(version, args_conflicts_with_subcommands = false)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Option<Command>,

    #[command(flatten)]
    pub(crate) config: Config,

    /// Print results and errors as JSON
    #[arg(long, global = true)]
    pub(crate) json: bool,
}

#[derive(Subcommand, Debug)]
pub(crate) enum Command {
    /// Bring the database up to date
    Migrate,
    /// Run all background jobs once, for example from cron
    Sweep {
        /// Delete objects without a file only if they are at least this many hours old
        #[arg(long, value_name = "HOURS", default_value_t = periodic::ORPHAN_AGE.as_secs() / 3600)]
        orphan_age: u64,
    },
    /// Manage users
    #[command(subcommand)]
    User(UserCommand),
    /// Manage API keys
    #[command(subcommand)]
    Key(KeyCommand),
    /// Manage the S3 store
    #[command(subcommand)]
    Storage(StorageCommand),
    /// Print the OpenAPI document
    Openapi,
}

#[derive(Subcommand, Debug)]
pub(crate) enum UserCommand {
    /// Create a user
    Create {
        #[arg(long)]
        email: String,
        #[arg(long, default_value = "user")]
        role: Role,
        /// Mark the email as verified
        #[arg(long)]
        verified: bool,
        /// Read the password from standard input
        #[arg(long, required = true)]
        password_stdin: bool,
    },
}

#[derive(Subcommand, Debug)]
pub(crate) enum StorageCommand {
    /// Create the bucket, its CORS rules and its lifecycle rules, and report what the store refused
    Init,
}

#[derive(Subcommand, Debug)]
pub(crate) enum KeyCommand {
    /// Create an API key and print it, once
    Create {
        /// Email of the key's user
        #[arg(long, value_name = "EMAIL")]
        user: String,
        #[arg(long)]
        label: String,
        /// What the key may do
        #[arg(long, value_name = "read|upload|write|all", value_parser = key_permission())]
        permissions: KeyPermission,
    },
}

/// Parses a permission; the help lists each with what it grants.
fn key_permission() -> impl TypedValueParser<Value = KeyPermission> {
    let value = |permission: KeyPermission| {
        PossibleValue::new(permission.as_str()).help(permission.meaning())
    };
    PossibleValuesParser::new(KeyPermission::ALL.map(value))
        .try_map(|text| text.parse::<KeyPermission>())
}
