//! The `hulk-server` program: arguments and exit codes.

mod admin;

use std::{process::ExitCode, time::Duration};

use clap::{
    Parser, Subcommand,
    builder::{PossibleValue, PossibleValuesParser, TypedValueParser},
};
use hulk_proto::{ErrorBody, ErrorCode, KeyPermission, Role, error::ErrorDetail};
use hulk_server::{Config, Server, init_logs, interrupted, keep_files_private, sweep};

/// Serves files that `hulk put` uploads: plans, signs, checks and records
#[derive(Parser, Debug)]
#[command(version, args_conflicts_with_subcommands = false)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,

    #[command(flatten)]
    config: Config,

    /// Print results and errors as JSON
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Subcommand, Debug)]
enum Command {
    /// Bring the database up to date
    Migrate,
    /// Run all background jobs once, as for cron
    Sweep {
        /// Leave objects that no file has alone for so many hours
        #[arg(long, value_name = "HOURS", default_value_t = sweep::ORPHAN_AGE.as_secs() / 3600)]
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
enum UserCommand {
    /// Make a user
    Create {
        #[arg(long)]
        email: String,
        #[arg(long, default_value = "user")]
        role: Role,
        /// Take the email as verified
        #[arg(long)]
        verified: bool,
        /// Read the password from the standard input
        #[arg(long, required = true)]
        password_stdin: bool,
    },
}

#[derive(Subcommand, Debug)]
enum StorageCommand {
    /// Make the bucket, its CORS rules and its lifecycle rules, and tell what the store refused
    Init,
}

#[derive(Subcommand, Debug)]
enum KeyCommand {
    /// Make an API key and print it, once
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

/// Each with what it grants, for the help.
fn key_permission() -> impl TypedValueParser<Value = KeyPermission> {
    let value = |permission: KeyPermission| {
        PossibleValue::new(permission.as_str()).help(permission.meaning())
    };
    PossibleValuesParser::new(KeyPermission::ALL.map(value))
        .try_map(|text| text.parse::<KeyPermission>())
}

/// Why a command failed.
pub(crate) struct Failure {
    code: ErrorCode,
    message: String,
}

impl Failure {
    pub(crate) fn new(code: ErrorCode, message: impl ToString) -> Self {
        Self {
            code,
            message: message.to_string(),
        }
    }
}

impl From<hulk_server::Error> for Failure {
    fn from(error: hulk_server::Error) -> Self {
        Self::new(error.code(), error)
    }
}

impl From<hulk_server::StartError> for Failure {
    fn from(error: hulk_server::StartError) -> Self {
        Self::new(ErrorCode::InternalError, error)
    }
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    keep_files_private();
    init_logs(if arguments.command.is_none() {
        "info"
    } else {
        "warn"
    });
    match run(&arguments).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            report(&failure, arguments.json);
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: &Arguments) -> Result<(), Failure> {
    let Arguments {
        command,
        config,
        json,
    } = arguments;
    match command {
        None => serve(config).await,
        Some(Command::Migrate) => admin::migrate(config, *json).await,
        Some(Command::Sweep { orphan_age }) => {
            let age = Duration::from_secs(orphan_age.saturating_mul(60 * 60));
            admin::sweep(config, age, *json).await
        }
        Some(Command::User(UserCommand::Create {
            email,
            role,
            verified,
            ..
        })) => admin::create_user(config, email, *role, *verified, *json).await,
        Some(Command::Key(KeyCommand::Create {
            user,
            label,
            permissions,
        })) => admin::create_key(config, user, label, *permissions, *json).await,
        Some(Command::Storage(StorageCommand::Init)) => admin::init_storage(config, *json).await,
        Some(Command::Openapi) => admin::openapi(),
    }
}

async fn serve(config: &Config) -> Result<(), Failure> {
    let fault = |error: std::io::Error| Failure::new(ErrorCode::InternalError, error);
    let server = Server::bind(config).await?;
    // A caller that has read the line below may send a signal at once.
    let stop = interrupted();
    admin::say(&format!(
        "listening on http://{}",
        server.address().map_err(fault)?
    ));
    server.run(stop).await.map_err(fault)
}

#[expect(
    clippy::print_stderr,
    reason = "the one place where errors are printed"
)]
fn report(failure: &Failure, json: bool) {
    if json {
        let error = ErrorDetail {
            code: failure.code,
            message: failure.message.clone(),
            details: Vec::new(),
        };
        if let Ok(text) = serde_json::to_string(&ErrorBody { error }) {
            eprintln!("{text}");
        }
    } else {
        eprintln!("error: {}", failure.message);
    }
}
