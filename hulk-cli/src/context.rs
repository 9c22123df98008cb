//! Which server, and with which key: flag, variable or profile.

use std::env;

use hulk_proto::ApiKeySecret;
use url::Url;

use crate::{
    args::Global,
    client::Client,
    config::{Config, Profile},
    credentials,
    error::{Error, Result},
    printer::Printer,
};

/// The profile that a login makes if none is named.
pub(crate) const DEFAULT_PROFILE: &str = "default";

/// The server and, if there is one, the key for it.
pub(crate) fn open(global: &Global) -> Result<Client> {
    let (server, key) = Given::of(global)?.complete()?.ok_or_else(|| {
        Error::usage("no server is known").with_hint(
            "run 'hulk login --server URL', set HULK_SERVER, or try 'hulk put --serve FILE'",
        )
    })?;
    Client::new(server, key)
}

/// As `open`; without a server it can still follow links. They may need no key, so a configuration
/// that cannot be used is no error, unless a flag named what of it.
pub(crate) fn open_for_links(global: &Global) -> Result<Option<Client>> {
    let is_named = global.profile.is_some() || global.server.is_some();
    let found = match Given::of(global).and_then(Given::complete) {
        Err(error) if !is_named => {
            let warning = format!("{error}; links are followed without a key");
            Printer::new(global, false).warning(&warning);
            None
        }
        found => found?,
    };
    found
        .map(|(server, key)| Client::new(server, key))
        .transpose()
}

/// What flags and variables say. No file is read for it.
struct Given {
    server: Option<Url>,
    key: Option<ApiKeySecret>,
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

    /// With what the configuration says, which is read only if something is missing. `None` if no
    /// server is known.
    fn complete(self) -> Result<Option<(Url, Option<ApiKeySecret>)>> {
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
            None => kept_key(&config, meant.as_deref(), &server)?,
        };
        Ok(Some((server, key)))
    }
}

/// The name of the profile that is meant.
pub(crate) fn profile(global: &Global, config: &Config) -> Option<String> {
    named_profile(global).or_else(|| config.default_profile.clone())
}

/// From the flag or the variable.
pub(crate) fn named_profile(global: &Global) -> Option<String> {
    let variable = env::var("HULK_PROFILE").ok();
    let variable = variable.filter(|name| !name.is_empty());
    global.profile.clone().or(variable)
}

/// From the flag or the variable; not from a profile.
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
            .with_hint("make it with 'hulk login --profile NAME --server URL'")
    })?;
    parse_server(&profile.server)
}

/// A profile's key goes to the profile's server and to no other.
fn kept_key(config: &Config, meant: Option<&str>, server: &Url) -> Result<Option<ApiKeySecret>> {
    match profile_of(config, meant, server) {
        Some((name, profile)) => credentials::load(name, profile.key_in),
        None => Ok(None),
    }
}

/// A profile of this server: the one that is meant if it is, else the first.
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

/// `http` is assumed for nothing: a key must not travel in the clear by mistake.
pub(crate) fn parse_server(text: &str) -> Result<Url> {
    let wrong = || {
        Error::usage(format!(
            "'{text}' is no server's URL: expected http://HOST[:PORT] or https://HOST"
        ))
    };
    let url = Url::parse(text).map_err(|_| wrong())?;
    let is_plain = matches!(url.scheme(), "http" | "https") && url.has_host() && url.path() == "/";
    is_plain.then_some(url).ok_or_else(wrong)
}
