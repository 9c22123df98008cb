//! The `hulk-server` program: runs the server, or one of the operator's commands.

mod cli;

use std::{process::ExitCode, time::Duration};

use clap::Parser;
use cli::{
    accounts,
    args::{Arguments, Command, KeyCommand, StorageCommand, UserCommand},
    output::{Failure, report, say},
    upkeep,
};
use hulk_proto::ErrorCode;
use hulk_server::{Config, Server, init_logs, interrupted, keep_files_private};

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
        Some(Command::Migrate) => upkeep::migrate(config, *json).await,
        Some(Command::Sweep { orphan_age }) => {
            let age = Duration::from_secs(orphan_age.saturating_mul(60 * 60));
            upkeep::sweep(config, age, *json).await
        }
        Some(Command::User(UserCommand::Create {
            email,
            role,
            verified,
            ..
        })) => accounts::create_user(config, email, *role, *verified, *json).await,
        Some(Command::Key(KeyCommand::Create {
            user,
            label,
            permissions,
        })) => accounts::create_key(config, user, label, *permissions, *json).await,
        Some(Command::Storage(StorageCommand::Init)) => upkeep::init_storage(config, *json).await,
        Some(Command::Openapi) => upkeep::openapi(),
    }
}

async fn serve(config: &Config) -> Result<(), Failure> {
    let fault = |error: std::io::Error| Failure::new(ErrorCode::InternalError, error);
    let server = Server::bind(config).await?;
    // A caller that has read the line below may send a signal at once.
    let stop = interrupted();
    say(&format!(
        "listening on http://{}",
        server.address().map_err(fault)?
    ));
    server.run(stop).await.map_err(fault)
}
