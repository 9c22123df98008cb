//! Chooses the server and its key: from a flag, a variable or a profile.

use std::env;

use url::Url;

use crate::{
    args::Global,
    client::Client,
    config::{Config, Profile},
    credentials::{self, Key},
    error::{Error, Result},
    printer::Printer,
};

/// Name of the profile that a login creates if none is given.
pub(crate) const DEFAULT_PROFILE: &str = "default";

/// Returns a client of the server, with its key if there is one.
pub(crate) fn open(global: &Global) -> Result<Client> {
    let (server, key) = Given::of(global)?.complete()?.ok_or_else(|| {
        Error::usage("no server is known").with_hint(
            "run 'hulk login --server URL', set HULK_SERVER, or try 'hulk put --serve FILE'",
        )
    })?;
    Client::new(server, key)
}

/// Like `open`, but `None` without a server: links can be followed all the same. They may need no key, so
/// an unusable configuration is an error only if a flag selects a part of it.
pub(crate) fn open_for_links(global: &Global) -> Result<Option<Client>> {
    let is_named = global.profile.is_some() || global.server.is_some();
    let found = match Given::of(global).and_then(Given::complete) {
        Err(error) if !is_named => {
            let warning = format!("{error}; following links without a key");
            Printer::new(global, false).warning(&warning);
            None
        }
        found => found?,
    };
    found
        .map(|(server, key)| Client::new(server, key))
        .transpose()
}

/// Settings from flags and variables. No file is read for them.
struct Given {
    server: Option<Url>,
    key: Option<Key>,
    profile: Option<String>,
}

impl Given {
    fn of(global: &Global) -> Result<Self> {
        Ok(Self {
            server: named_server(global)?,
            key: credentials::from_environment()?,
            profile: named_profile(global),
        })
    }

    /// Adds what is missing from the configuration, which is read only then. `None` if no server is known.
    fn complete(self) -> Result<Option<(Url, Option<Key>)>> {
        if let (Some(server), Some(key)) = (&self.server, &self.key) {
            return Ok(Some((server.clone(), Some(key.clone()))));
        }
        let config = Config::load()?;
        let meant = self.profile.or_else(|| config.default_profile.clone());
        let server = match (self.server, meant.as_deref()) {
            (Some(server), _) => server,
            (None, Some(name)) => server_of(&config, name)?,
            (None, None) => return Ok(None),
        };
        let key = match self.key {
            Some(key) => Some(key),
            None => saved_key(&config, meant.as_deref(), &server)?,
        };
        Ok(Some((server, key)))
    }
}

/// Name of the selected profile.
pub(crate) fn profile(global: &Global, config: &Config) -> Option<String> {
    named_profile(global).or_else(|| config.default_profile.clone())
}

/// Profile named by the flag or the variable.
pub(crate) fn named_profile(global: &Global) -> Option<String> {
    let variable = env::var("HULK_PROFILE").ok();
    let variable = variable.filter(|name| !name.is_empty());
    global.profile.clone().or(variable)
}

/// Server named by the flag or the variable; not by a profile.
pub(crate) fn named_server(global: &Global) -> Result<Option<Url>> {
    let variable = env::var("HULK_SERVER").ok().filter(|url| !url.is_empty());
    global
        .server
        .clone()
        .or(variable)
        .map(|text| parse_server(&text))
        .transpose()
}

fn server_of(config: &Config, name: &str) -> Result<Url> {
    let profile = config.profiles.get(name).ok_or_else(|| {
        Error::usage(format!("there is no profile '{name}'"))
            .with_hint("create it with 'hulk login --profile NAME --server URL'")
    })?;
    parse_server(&profile.server)
}

/// Loads a profile's key, which is sent to the profile's server and to no other.
fn saved_key(config: &Config, meant: Option<&str>, server: &Url) -> Result<Option<Key>> {
    match profile_of(config, meant, server) {
        Some((name, profile)) => Ok(credentials::load(name, profile.key_in)?.map(Key::Api)),
        None => Ok(None),
    }
}

/// Returns a profile of this server: the selected one if it is, else the first.
pub(crate) fn profile_of<'a>(
    config: &'a Config,
    meant: Option<&str>,
    server: &Url,
) -> Option<(&'a String, &'a Profile)> {
    let by_name = meant.and_then(|name| config.profiles.get_key_value(name));
    by_name
        .into_iter()
        .chain(&config.profiles)
        .find(|(_, profile)| is_of(profile, server))
}

pub(crate) fn is_of(profile: &Profile, server: &Url) -> bool {
    parse_server(&profile.server).is_ok_and(|url| url == *server)
}

/// Parses a server's URL. A missing scheme is never taken as `http`: a key must not travel in the clear by
/// mistake.
pub(crate) fn parse_server(text: &str) -> Result<Url> {
    let wrong = || {
        Error::usage(format!(
            "'{text}' is not a server URL: expected http://HOST[:PORT] or https://HOST"
        ))
    };
    let url = Url::parse(text).map_err(|_| wrong())?;
    let is_plain = matches!(url.scheme(), "http" | "https") && url.has_host() && url.path() == "/";
    is_plain.then_some(url).ok_or_else(wrong)
}
