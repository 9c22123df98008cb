//! `hulk login` and `hulk logout`

use std::io::{self, BufRead, IsTerminal, Write};

use hulk_proto::ApiKeySecret;
use url::Url;

use crate::{
    args::Global,
    client::Client,
    config::{Config, KeyPlace, Profile},
    credentials,
    error::{Error, Result},
    printer::Printer,
    session::{self, DEFAULT_PROFILE},
};

/// Tries the key, then keeps it; the profile becomes the default.
pub(crate) async fn login(global: &Global, printer: &Printer, api_key_stdin: bool) -> Result<()> {
    let mut config = Config::load()?;
    let name = session::profile(global, &config).unwrap_or_else(|| DEFAULT_PROFILE.to_owned());
    let server = match session::named_server(global)? {
        Some(server) => server,
        None => known_or_asked(&config, &name)?,
    };
    let key = match api_key_stdin {
        true => credentials::parse(&read_line(&mut io::stdin().lock())?)?,
        false => ask_key(&server)?,
    };
    let me = Client::new(server.clone(), Some(key.clone()))?.me().await?;
    let place = credentials::save(&name, &key)?;
    let profile = Profile {
        server: server.to_string(),
        key_in: place,
    };
    config.profiles.insert(name.clone(), profile);
    config.default_profile = Some(name.clone());
    config.save()?;
    let kept = match place {
        KeyPlace::Keyring => "the keyring",
        KeyPlace::File => "credentials.toml",
    };
    printer.note(&format!(
        "logged in to {server} as {}; the key is in {kept}, profile '{name}'",
        me.user.email
    ));
    if printer.json {
        printer.document(&me);
    }
    Ok(())
}

fn known_or_asked(config: &Config, name: &str) -> Result<Url> {
    if let Some(profile) = config.profiles.get(name) {
        return session::parse_server(&profile.server);
    }
    if !io::stdin().is_terminal() {
        return Err(Error::usage("which server?").with_hint("name it with --server URL"));
    }
    session::parse_server(ask("Server URL: ")?.trim())
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

/// Forgets the key; the profile keeps its server.
pub(crate) fn logout(global: &Global, printer: &Printer) -> Result<()> {
    let config = Config::load()?;
    let Some(name) = session::profile(global, &config) else {
        printer.note("you are not logged in");
        return Ok(());
    };
    let place = config
        .profiles
        .get(&name)
        .map(|profile| profile.key_in)
        .unwrap_or_default();
    match credentials::forget(&name, place)? {
        true => printer.note(&format!(
            "forgot the key of profile '{name}'; it still works until it is revoked"
        )),
        false => printer.note(&format!("profile '{name}' has no key")),
    }
    Ok(())
}
