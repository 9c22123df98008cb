//! `hulk login` and `hulk logout`

mod device;

use std::io::{self, BufRead, IsTerminal, Write};

use hulk_proto::{ApiKeySecret, ErrorCode};
use url::Url;

use crate::{
    args::Global,
    client::Client,
    config::{Config, KeyPlace, Locked, Profile, free_name},
    context::{self, DEFAULT_PROFILE},
    credentials::{self, Key},
    error::{Error, Result},
    printer::Printer,
    runtime,
};

/// Checks the key, then saves it; the profile becomes the default.
pub(crate) async fn login(global: &Global, printer: &Printer, api_key_stdin: bool) -> Result<()> {
    let config = Config::load()?;
    let server = match context::named_server(global)? {
        Some(server) => server,
        None => known_or_asked(&config, context::profile(global, &config))?,
    };
    let named = context::named_profile(global);
    let name = profile_for(&config, named.as_deref(), &server);
    let may_replace = global.yes || is_asked_to_replace(&config, &name, &server)?;
    let (key, is_own_key) = match api_key_stdin {
        true => {
            let key = credentials::parse(&read_line(&mut io::stdin().lock())?)?;
            (key, false)
        }
        false => device_key(&server, printer).await?,
    };
    let me = Client::new(server.clone(), Some(Key::Api(key.clone())))?
        .me()
        .await?;
    let login = Login {
        server: server.clone(),
        key,
        is_own_key,
        named,
        may_replace,
    };
    let (name, place) = runtime::blocking(move || login.save()).await?;
    let where_saved = match place {
        KeyPlace::Keyring => "the keyring",
        KeyPlace::File => "credentials.toml",
    };
    printer.note(&format!(
        "logged in to {server} as {}; the key is in {where_saved}, profile '{name}'",
        me.user.email
    ));
    if printer.json {
        printer.document(&me);
    }
    Ok(())
}

/// A key that was checked, and how to save it.
struct Login {
    server: Url,
    key: ApiKeySecret,
    /// Whether it was created for this log-in.
    is_own_key: bool,
    /// Profile that the user named.
    named: Option<String>,
    /// Whether a profile of another server may be replaced.
    may_replace: bool,
}

impl Login {
    /// Saves the key. Checks again what may have changed since the user was asked. Blocks.
    fn save(self) -> Result<(String, KeyPlace)> {
        let mut locked = Locked::open()?;
        let name = profile_for(&locked.config, self.named.as_deref(), &self.server);
        if let Some(other) = other_server(&locked.config, &name, &self.server) {
            if !self.may_replace {
                return Err(refused(&name, other));
            }
            // Even after a crash in between, the new key must not be sent to the other server.
            locked.config.profiles.remove(&name);
            locked.save()?;
        }
        let place = credentials::save(&locked, &name, &self.key)?;
        let profile = Profile {
            server: self.server.to_string(),
            key_in: place,
            is_own_key: self.is_own_key,
        };
        locked.config.profiles.insert(name.clone(), profile);
        locked.config.default_profile = Some(name.clone());
        locked.save()?;
        Ok((name, place))
    }
}

/// Profile for the server: the one that was named, else the one that the server has, else a new one.
fn profile_for(config: &Config, named: Option<&str>, server: &Url) -> String {
    if let Some(name) = named {
        return name.to_owned();
    }
    if let Some((name, _)) = context::profile_of(config, config.default_profile.as_deref(), server)
    {
        return name.clone();
    }
    let is_free = |name: &str| !config.profiles.contains_key(name);
    match is_free(DEFAULT_PROFILE) {
        true => DEFAULT_PROFILE.to_owned(),
        false => free_name(server.host_str().unwrap_or(DEFAULT_PROFILE), is_free),
    }
}

/// Server of the profile, if it is another one.
fn other_server<'a>(config: &'a Config, name: &str, server: &Url) -> Option<&'a str> {
    let profile = config.profiles.get(name)?;
    (!context::is_of(profile, server)).then_some(profile.server.as_str())
}

fn refused(name: &str, other: &str) -> Error {
    Error::conflict(format!("profile '{name}' is for {other}"))
        .with_hint("choose another name with --profile, or replace it and its key with --yes")
}

/// Asks whether to replace another server's profile; returns false if there is none.
///
/// # Errors
/// If the user declines, or cannot be asked.
fn is_asked_to_replace(config: &Config, name: &str, server: &Url) -> Result<bool> {
    let Some(other) = other_server(config, name, server) else {
        return Ok(false);
    };
    if !io::stdin().is_terminal() {
        return Err(refused(name, other));
    }
    let answer = ask(&format!(
        "Profile '{name}' is for {other}. Replace it and its key? [y/N] "
    ))?;
    match answer.trim() {
        "y" | "Y" | "yes" => Ok(true),
        _ => Err(Error::failed(format!("profile '{name}' was not changed"))),
    }
}

fn known_or_asked(config: &Config, name: Option<String>) -> Result<Url> {
    let name = name.unwrap_or_else(|| DEFAULT_PROFILE.to_owned());
    if let Some(profile) = config.profiles.get(&name) {
        return context::parse_server(&profile.server);
    }
    if !io::stdin().is_terminal() {
        return Err(Error::usage("no server is given").with_hint("name one with --server URL"));
    }
    context::parse_server(ask("Server URL: ")?.trim())
}

/// Returns a key that the user lets the server create, and true; or one that the user types, and false, if the
/// server is too old for that.
async fn device_key(server: &Url, printer: &Printer) -> Result<(ApiKeySecret, bool)> {
    let client = Client::new(server.clone(), None)?;
    match device::key(&client, printer).await {
        Err(error) if error.code == ErrorCode::NotFound => Ok((ask_key(server)?, false)),
        key => Ok((key?, true)),
    }
}

fn ask_key(server: &Url) -> Result<ApiKeySecret> {
    if !io::stdin().is_terminal() {
        return Err(
            Error::usage("there is no terminal to ask for the API key on").with_hint(
                "pipe it in with --api-key-stdin, or set HULK_API_KEY instead of logging in",
            ),
        );
    }
    let prompt = format!("API key for {server}: ");
    let key = rpassword::prompt_password(prompt)
        .map_err(|error| Error::failed(format!("cannot read the key: {error}")))?;
    credentials::parse(&key)
}

fn ask(prompt: &str) -> Result<String> {
    let mut stderr = io::stderr().lock();
    let _ = write!(stderr, "{prompt}").and_then(|()| stderr.flush());
    read_line(&mut io::stdin().lock())
}

fn read_line(input: &mut impl BufRead) -> Result<String> {
    let mut line = String::new();
    input
        .read_line(&mut line)
        .map_err(|error| Error::failed(format!("cannot read the standard input: {error}")))?;
    Ok(line)
}

/// Removes the key; the profile keeps its server. A key that `hulk login` had created is revoked.
pub(crate) async fn logout(global: &Global, printer: &Printer) -> Result<()> {
    let config = Config::load()?;
    let Some(name) = context::profile(global, &config) else {
        printer.note("you are not logged in");
        return Ok(());
    };
    let profile = config.profiles.get(&name).cloned();
    let is_revoked = match profile.as_ref().filter(|profile| profile.is_own_key) {
        Some(profile) => revoked(profile, &name, printer).await,
        None => false,
    };
    let place = profile.map(|profile| profile.key_in).unwrap_or_default();
    let removed = name.clone();
    let is_removed = runtime::blocking(move || {
        let mut locked = Locked::open()?;
        if let Some(profile) = locked.config.profiles.get_mut(&removed) {
            profile.is_own_key = false;
            locked.save()?;
        }
        credentials::delete(&locked, &removed, place)
    });
    printer.note(&match (is_removed.await?, is_revoked) {
        (false, _) => format!("profile '{name}' has no key"),
        (true, true) => format!("removed the key of profile '{name}', and revoked it"),
        (true, false) => {
            format!("removed the key of profile '{name}'; the key is valid until it is revoked")
        }
    });
    Ok(())
}

/// Revokes the key of a profile. If the server does not, the key is removed here all the same.
async fn revoked(profile: &Profile, name: &str, printer: &Printer) -> bool {
    let revoke = async {
        let server = context::parse_server(&profile.server)?;
        let (name, place) = (name.to_owned(), profile.key_in);
        let key = runtime::blocking(move || credentials::load(&name, place)).await?;
        let Some(key) = key else { return Ok(false) };
        let id = key.id().clone();
        match Client::new(server, Some(Key::Api(key)))?
            .delete_key(&id)
            .await
        {
            // It was revoked before, or has expired.
            Err(error)
                if matches!(
                    error.code,
                    ErrorCode::AuthInvalidCredentials | ErrorCode::AuthTokenExpired
                ) =>
            {
                Ok(true)
            }
            deleted => deleted.map(|()| true),
        }
    };
    match revoke.await {
        Ok(is_revoked) => is_revoked,
        Err(error) => {
            printer.warning(&format!("the key could not be revoked: {error}"));
            false
        }
    }
}
