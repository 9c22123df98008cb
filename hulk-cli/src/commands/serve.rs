//! `hulk serve` and `hulk put --serve`: the whole server in this process.

use std::{ffi::OsString, io, net::TcpListener};

use clap::Parser;
use hulk_proto::{ApiKeySecret, CreateApiKey, Id, KeyPermission, Role};
use hulk_server::{
    Config, Server, StartError, init_logs, interrupted, keep_files_private,
    ops::accounts::{self, CreateUser},
};

use super::put;
use crate::{
    args::Put,
    client::Client,
    config::{self, KeyPlace, Profile},
    credentials,
    error::{Error, Result},
    printer::Printer,
    session,
};

/// The profile and user of a server of one's own.
const LOCAL_PROFILE: &str = "local";
const LOCAL_EMAIL: &str = "local@localhost";
/// The disk is one's own: it is the limit.
const LOCAL_QUOTA_BYTES: u64 = 1 << 60;

/// Serves until SIGINT or SIGTERM.
pub(crate) async fn run(printer: &Printer, config: &Config) -> Result<()> {
    init_logs("info");
    keep_files_private();
    let server = Server::bind(config).await.map_err(start_error)?;
    let address = server
        .address()
        .map_err(|error| Error::failed(error.to_string()))?;
    if server.app().is_new() {
        make_local_profile(&server).await?;
        printer
            .note("made a user and a key of your own: 'hulk put FILE' works now (profile 'local')");
    }
    printer.line(format!("listening on http://{address}"));
    server
        .run(interrupted())
        .await
        .map_err(|error| Error::failed(error.to_string()))
}

/// Puts the files through a server of this process, then serves them until SIGINT or SIGTERM.
pub(crate) async fn put(printer: &Printer, arguments: &Put) -> Result<()> {
    init_logs("warn");
    keep_files_private();
    let server = Server::bind(&own_config()?).await.map_err(start_error)?;
    let key = local_key(&server).await?;
    let address = server
        .address()
        .map_err(|error| Error::failed(error.to_string()))?;
    let client = Client::new(
        session::parse_server(&format!("http://{address}"))?,
        Some(key),
    )?;
    let serving = tokio::spawn(server.run(interrupted()));
    put::run(&client, printer, arguments).await?;
    printer.note("serving until Ctrl-C");
    let served = serving
        .await
        .map_err(|error| Error::failed(error.to_string()))?;
    served.map_err(|error| Error::failed(error.to_string()))
}

#[derive(Parser)]
struct FromEnvironment {
    #[command(flatten)]
    config: Config,
}

/// As the variables say; else the data goes to the state directory, and a free port is taken if the
/// usual one is not.
fn own_config() -> Result<Config> {
    let nothing_typed: [OsString; 1] = ["hulk put --serve".into()];
    let parsed = FromEnvironment::try_parse_from(nothing_typed);
    let mut config = parsed
        .map_err(|error| Error::usage(error.to_string()))?
        .config;
    let is_set = |name: &str| std::env::var_os(name).is_some();
    if !is_set("HULK_DATA_DIR") {
        config.data_dir = config::state_directory()?.join("data");
    }
    if !is_set("HULK_LISTEN") && TcpListener::bind(&config.listen).is_err() {
        config.listen = "127.0.0.1:0".to_owned();
    }
    Ok(config)
}

/// The key of the profile if this server knows it, else a new one.
async fn local_key(server: &Server) -> Result<ApiKeySecret> {
    if !server.app().is_new()
        && let Ok(Some(key)) = credentials::load(LOCAL_PROFILE, KeyPlace::File)
        && accounts::knows_key(&server.app().db, &key)
            .await
            .map_err(server_error)?
    {
        return Ok(key);
    }
    make_local_profile(server).await
}

async fn make_local_profile(server: &Server) -> Result<ApiKeySecret> {
    let key = make_key(server).await?;
    let mut config = config::Config::load()?;
    credentials::save_in_file(LOCAL_PROFILE, &key)?;
    let profile = Profile {
        server: server.app().settings.public_url.clone(),
        key_in: KeyPlace::File,
    };
    config.profiles.insert(LOCAL_PROFILE.to_owned(), profile);
    config
        .default_profile
        .get_or_insert_with(|| LOCAL_PROFILE.to_owned());
    config.save()?;
    Ok(key)
}

async fn make_key(server: &Server) -> Result<ApiKeySecret> {
    let app = server.app();
    let user = match accounts::find_user(&app.db, LOCAL_EMAIL).await {
        Ok(user) => user,
        Err(_) => {
            let request = CreateUser {
                email: LOCAL_EMAIL.to_owned(),
                // Nobody logs in with it: the key is what counts.
                password: format!("{}{}", Id::random(), Id::random()),
                role: Role::User,
                is_email_verified: true,
            };
            accounts::create_user(&app.db, LOCAL_QUOTA_BYTES, request)
                .await
                .map_err(server_error)?;
            accounts::find_user(&app.db, LOCAL_EMAIL)
                .await
                .map_err(server_error)?
        }
    };
    let request = CreateApiKey {
        label: "hulk serve".to_owned(),
        permissions: KeyPermission::All,
        expires_at: None,
    };
    let created = accounts::create_key(&app.db, &user, request)
        .await
        .map_err(server_error)?;
    created
        .key
        .parse()
        .map_err(|_| Error::failed("the new key is damaged"))
}

fn server_error(error: hulk_server::Error) -> Error {
    Error::failed(error.to_string())
}

fn start_error(error: StartError) -> Error {
    match &error {
        StartError::DataDir(hulk_server::DataDirError::InUse { .. }) => {
            Error::failed(error.to_string())
                .with_hint("put through that server: 'hulk put FILE' without --serve")
        }
        StartError::Listen { source, .. } if source.kind() == io::ErrorKind::AddrInUse => {
            Error::failed(error.to_string()).with_hint(
                "choose another address with --listen HOST:PORT; port 0 picks a free one",
            )
        }
        _ => Error::failed(error.to_string()),
    }
}
