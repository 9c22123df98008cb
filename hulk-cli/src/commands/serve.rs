//! `hulk serve` and `hulk put --serve`: the whole server in this process.

use std::{ffi::OsString, io, net::TcpListener, pin::pin};

use clap::Parser;
use hulk_proto::{ApiKeySecret, CreateApiKey, Id, KeyPermission, Role};
use hulk_server::{
    Config, Server, StartError,
    audit::Actor,
    init_logs, interrupted, keep_files_private,
    ops::accounts::{
        keys,
        users::{self, CreateUser},
    },
};
use tokio::{
    sync::oneshot,
    task::{JoinError, JoinHandle},
};

use super::{open, put};
use crate::{
    args::Put,
    client::Client,
    config::{self, KeyPlace, Locked, Profile, free_name},
    context,
    credentials::{self, Key},
    error::{Error, Result},
    printer::Printer,
    runtime,
};

/// Profile and user of a local server; further local servers have the profiles `local-2`, `local-3`, …
const LOCAL_PROFILE: &str = "local";
const LOCAL_EMAIL: &str = "local@localhost";
/// Unlimited, since the local machine is the limit.
const LOCAL_TIER: &str = "tres-commas";
const LOCAL_QUOTA_BYTES: u64 = hulk_proto::limits::UNLIMITED_QUOTA_BYTES;

/// Serves until SIGINT or SIGTERM.
pub(crate) async fn run(printer: &Printer, config: &Config) -> Result<()> {
    init_logs("info");
    keep_files_private();
    let server = Server::bind(config).await.map_err(start_error)?;
    let address = server.address().map_err(failed)?;
    // Standard error that is not a terminal may go to a log, where a link that signs in must not stay.
    let is_seen = io::IsTerminal::is_terminal(&io::stderr());
    let (key, made) = match server.app().is_new() {
        true => local_key(printer, &server)
            .await
            .map(|(key, made)| (Some(key), made))?,
        false if is_seen => (known_key(&server).await?, None),
        false => (None, None),
    };
    if let Some(made) = made {
        printer.note(&made.note());
    }
    // A caller that has read the line below may send a signal at once.
    let stop = interrupted();
    printer.line(format!("listening on http://{address}"));
    if let Some(key) = key.filter(|_| is_seen) {
        open::offer(printer, server.app(), &key).await;
    }
    server.run(stop).await.map_err(failed)
}

/// Puts the files through a server in this process, then serves them until SIGINT or SIGTERM. A signal
/// during the put, or a second one, ends it at once.
pub(crate) async fn put(printer: &Printer, arguments: &Put) -> Result<()> {
    init_logs("warn");
    keep_files_private();
    let mut asked_to_stop = pin!(runtime::interrupted());
    let Serving { mut task, stop } = tokio::select! {
        biased;
        () = &mut asked_to_stop => {
            return Err(Error::interrupted().with_hint(runtime::resume_hint()));
        }
        begun = begin(printer, arguments) => begun?,
    };
    printer.note("serving until Ctrl-C");
    tokio::select! {
        ended = &mut task => return outcome(ended),
        () = &mut asked_to_stop => {}
    }
    let again = runtime::interrupted();
    drop(stop);
    // The server itself also ends at a second signal, but successfully: this branch must win.
    tokio::select! {
        biased;
        () = again => Err(Error::interrupted()),
        ended = &mut task => outcome(ended),
    }
}

/// A running server.
struct Serving {
    task: JoinHandle<io::Result<()>>,
    /// Dropping it asks the server to finish the requests under way, and stop.
    stop: oneshot::Sender<()>,
}

/// Starts the server and puts the files through it.
async fn begin(printer: &Printer, arguments: &Put) -> Result<Serving> {
    let server = Server::bind(&own_config()?).await.map_err(start_error)?;
    let (key, made) = local_key(printer, &server).await?;
    if let Some(made) = made.filter(|made| made.profile != LOCAL_PROFILE) {
        printer.note(&made.note());
    }
    let address = server.address().map_err(failed)?;
    let client = Client::new(
        context::parse_server(&format!("http://{address}"))?,
        Some(Key::Api(key)),
    )?;
    let (stop, stopped) = oneshot::channel::<()>();
    let task = tokio::spawn(server.run(async move {
        // Resolves when the other half is dropped.
        let _ = stopped.await;
    }));
    put::run(&client, printer, arguments).await?;
    Ok(Serving { task, stop })
}

fn outcome(ended: std::result::Result<io::Result<()>, JoinError>) -> Result<()> {
    ended.map_err(failed)?.map_err(failed)
}

fn failed(error: impl std::error::Error) -> Error {
    Error::failed(error.to_string())
}

#[derive(Parser)]
struct FromEnvironment {
    #[command(flatten)]
    config: Config,
}

/// Configuration from the environment. By default, data goes to the state directory, and a free port is
/// used if the usual one is in use.
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

/// Profile that a new key was saved in.
struct Made {
    profile: String,
    /// Whether the profile is used when none is named.
    is_default: bool,
}

impl Made {
    fn note(&self) -> String {
        let Self { profile, .. } = self;
        let command = match self.is_default {
            true => "hulk put FILE".to_owned(),
            false => format!("hulk --profile {profile} put FILE"),
        };
        let made = format!("created a user and a key for you: '{command}' works now");
        match profile == LOCAL_PROFILE {
            true => format!("{made} (profile '{profile}')"),
            false => {
                format!("{made} (profile '{profile}': '{LOCAL_PROFILE}' belongs to another server)")
            }
        }
    }
}

/// Key that an earlier run created for this server, else a new one. The server also runs if a new key
/// cannot be saved.
async fn local_key(printer: &Printer, server: &Server) -> Result<(ApiKeySecret, Option<Made>)> {
    if let Some(key) = known_key(server).await? {
        return Ok((key, None));
    }
    let key = make_key(server).await?;
    let (url, new) = (server.app().settings.public_url.clone(), key.clone());
    match runtime::blocking(move || save(url, &new)).await {
        Ok(made) => Ok((key, Some(made))),
        Err(error) => {
            printer.warning(&format!(
                "{error}: the key of this server was not saved; to create another: hulk-server key \
                 create --user {LOCAL_EMAIL} --label NAME --permissions all"
            ));
            Ok((key, None))
        }
    }
}

/// Finds this server's key among those of the local profiles: only the server knows which one is its own.
async fn known_key(server: &Server) -> Result<Option<ApiKeySecret>> {
    // An unreadable file is reported when the new key is saved in it.
    let saved = credentials::in_file().unwrap_or_default();
    for (_, text) in saved.iter().filter(|(profile, _)| is_local(profile)) {
        if let Ok(key) = credentials::parse(text)
            && keys::knows_key(&server.app().db, &key)
                .await
                .map_err(server_error)?
        {
            return Ok(Some(key));
        }
    }
    Ok(None)
}

fn is_local(profile: &str) -> bool {
    let rest = profile.strip_prefix(LOCAL_PROFILE);
    rest.is_some_and(|rest| {
        let number = rest.strip_prefix('-').map(str::parse::<u32>);
        rest.is_empty() || number.is_some_and(|number| number.is_ok())
    })
}

/// Saves the key in a profile that has no key and belongs to no other server. Blocks.
fn save(server: String, key: &ApiKeySecret) -> Result<Made> {
    let mut locked = Locked::open()?;
    let saved = credentials::in_file()?;
    let wanted = Profile {
        server,
        key_in: KeyPlace::File,
        is_own_key: false,
    };
    let is_free = |name: &str| {
        let profile = locked.config.profiles.get(name);
        !saved.contains_key(name) && profile.is_none_or(|profile| *profile == wanted)
    };
    let name = free_name(LOCAL_PROFILE, is_free);
    credentials::save_in_file(&locked, &name, key)?;
    let config = &mut locked.config;
    config.profiles.insert(name.clone(), wanted);
    let default = config.default_profile.get_or_insert_with(|| name.clone());
    let is_default = *default == name;
    locked.save()?;
    Ok(Made {
        profile: name,
        is_default,
    })
}

async fn make_key(server: &Server) -> Result<ApiKeySecret> {
    let app = server.app();
    let user = match users::find_user(&app.db, LOCAL_EMAIL).await {
        Ok(user) => user,
        Err(_) => {
            let request = CreateUser {
                email: LOCAL_EMAIL.to_owned(),
                // Not meant for logging in: the key is what counts.
                password: format!("{}{}", Id::random(), Id::random()),
                role: Role::User,
                is_email_verified: true,
                tier: LOCAL_TIER.to_owned(),
                quota_bytes: Some(LOCAL_QUOTA_BYTES),
                has_password_recipe: false,
            };
            users::create_user(&app.db, request)
                .await
                .map_err(server_error)?;
            users::find_user(&app.db, LOCAL_EMAIL)
                .await
                .map_err(server_error)?
        }
    };
    let request = CreateApiKey {
        label: "hulk serve".to_owned(),
        permissions: KeyPermission::All,
        expires_at: None,
        path: None,
    };
    let created = keys::create_key(&app.db, Actor::Server { user_id: &user.id }, request)
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
                .with_hint("upload through that server: 'hulk put FILE' without --serve")
        }
        StartError::Listen { source, .. } if source.kind() == io::ErrorKind::AddrInUse => {
            Error::failed(error.to_string()).with_hint(
                "choose another address with --listen HOST:PORT; port 0 picks a free one",
            )
        }
        _ => Error::failed(error.to_string()),
    }
}
