//! Which server, and with which key: flag, variable or profile.

use std::env;

use hulk_proto::ApiKeySecret;
use url::Url;

use crate::{
    args::Global,
    client::Client,
    config::Config,
    credentials,
    error::{Error, Result},
};

/// The profile that a login makes if none is named.
pub(crate) const DEFAULT_PROFILE: &str = "default";

/// The server and, if there is one, the key for it.
pub(crate) fn open(global: &Global) -> Result<Client> {
    let config = Config::load()?;
    let server = server(global, &config)?.ok_or_else(|| {
        Error::usage("no server is known").with_hint(
            "run 'hulk login --server URL', set HULK_SERVER, or try 'hulk put --serve FILE'",
        )
    })?;
    let key = key(global, &config, &server)?;
    Client::new(server, key)
}

/// As `open`; without a server it can still follow links.
pub(crate) fn open_for_links(global: &Global) -> Result<Option<Client>> {
    let config = Config::load()?;
    match server(global, &config)? {
        Some(server) => {
            let key = key(global, &config, &server)?;
            Client::new(server, key).map(Some)
        }
        None => Ok(None),
    }
}

/// The name of the profile that is meant.
pub(crate) fn profile(global: &Global, config: &Config) -> Option<String> {
    let variable = env::var("HULK_PROFILE")
        .ok()
        .filter(|name| !name.is_empty());
    global
        .profile
        .clone()
        .or(variable)
        .or_else(|| config.default_profile.clone())
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

fn server(global: &Global, config: &Config) -> Result<Option<Url>> {
    if let Some(url) = named_server(global)? {
        return Ok(Some(url));
    }
    let Some(name) = profile(global, config) else {
        return Ok(None);
    };
    let profile = config.profiles.get(&name).ok_or_else(|| {
        Error::usage(format!("there is no profile '{name}'"))
            .with_hint("make it with 'hulk login --profile NAME --server URL'")
    })?;
    parse_server(&profile.server).map(Some)
}

/// A profile's key goes to the profile's server and to no other.
fn key(global: &Global, config: &Config, server: &Url) -> Result<Option<ApiKeySecret>> {
    if let Some(key) = credentials::from_environment()? {
        return Ok(Some(key));
    }
    let is_for = |profile: &crate::config::Profile| {
        parse_server(&profile.server).is_ok_and(|url| url == *server)
    };
    let meant = profile(global, config);
    let by_name = meant
        .iter()
        .filter_map(|name| config.profiles.get_key_value(name));
    let mut candidates = by_name
        .chain(&config.profiles)
        .filter(|(_, profile)| is_for(profile));
    match candidates.next() {
        Some((name, profile)) => credentials::load(name, profile.key_in),
        None => Ok(None),
    }
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
