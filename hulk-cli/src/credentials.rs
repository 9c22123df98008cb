//! API keys: in the environment, the operating system's keyring, or `credentials.toml`.

use std::{collections::BTreeMap, env, sync::mpsc, thread, time::Duration};

use hulk_proto::{ApiKeySecret, Password};
use serde::{Deserialize, Serialize};

use crate::{
    config::{KeyPlace, Locked, credentials_file, read_toml, write_toml},
    error::{Error, Result},
};

const SERVICE: &str = "hulkastorus";
/// D-Bus can hang forever.
const KEYRING_TIMEOUT: Duration = Duration::from_secs(3);
const API_KEY_PREFIX: &str = "hulk_";
/// Shortest root key that a server takes, in characters.
const ROOT_KEY_LENGTH: usize = 32;

/// Keys by profile.
#[derive(Default, Serialize, Deserialize)]
struct File(BTreeMap<String, Entry>);

#[derive(Serialize, Deserialize)]
struct Entry {
    api_key: String,
}

/// The key with which requests are sent.
#[derive(Clone, Debug)]
pub(crate) enum Key {
    Api(ApiKeySecret),
    /// The operator's key. It is never saved.
    Root(Password),
}

impl Key {
    /// Returns the full text of the key.
    pub(crate) fn reveal(&self) -> String {
        match self {
            Self::Api(key) => key.reveal(),
            Self::Root(key) => key.0.clone(),
        }
    }

    /// Parses either key: the operator chose the text of a root key, so that only its length is known.
    fn parse(text: &str) -> Result<Self> {
        let text = text.trim();
        let may_be_root = !text.starts_with(API_KEY_PREFIX)
            && text.len() >= ROOT_KEY_LENGTH
            && text.bytes().all(|byte| byte.is_ascii_graphic());
        match may_be_root {
            true => Ok(Self::Root(Password(text.to_owned()))),
            false => parse(text).map(Self::Api),
        }
    }
}

/// `HULK_API_KEY`.
pub(crate) fn from_environment() -> Result<Option<Key>> {
    match env::var("HULK_API_KEY") {
        Ok(text) if !text.is_empty() => Key::parse(&text)
            .map(Some)
            .map_err(|error| error.about("HULK_API_KEY")),
        _ => Ok(None),
    }
}

pub(crate) fn parse(text: &str) -> Result<ApiKeySecret> {
    text.trim()
        .parse()
        .map_err(|error: hulk_proto::key::InvalidKey| Error::not_allowed(error.to_string()))
}

pub(crate) fn load(profile: &str, place: KeyPlace) -> Result<Option<ApiKeySecret>> {
    let text = match place {
        KeyPlace::Keyring => {
            let profile = profile.to_owned();
            in_keyring(
                move |store| match store.build(SERVICE, &profile, None)?.get_password() {
                    Ok(key) => Ok(Some(key)),
                    Err(keyring_core::Error::NoEntry) => Ok(None),
                    Err(error) => Err(error),
                },
            )
            .map_err(|error| Error::not_allowed(format!("the keyring does not answer: {error}")))?
        }
        KeyPlace::File => {
            let mut file: File = read_toml(&credentials_file()?)?;
            file.0.remove(profile).map(|entry| entry.api_key)
        }
    };
    text.map(|text| parse(&text)).transpose()
}

/// Returns the keys in the file, unparsed, by profile.
#[cfg(feature = "serve")]
pub(crate) fn in_file() -> Result<BTreeMap<String, String>> {
    let file: File = read_toml(&credentials_file()?)?;
    let keys = file.0.into_iter();
    Ok(keys
        .map(|(profile, entry)| (profile, entry.api_key))
        .collect())
}

/// Saves a key in the keyring if there is one, else in the file.
pub(crate) fn save(locked: &Locked, profile: &str, key: &ApiKeySecret) -> Result<KeyPlace> {
    let (name, secret) = (profile.to_owned(), key.reveal());
    let saved = in_keyring(move |store| store.build(SERVICE, &name, None)?.set_password(&secret));
    match saved {
        Ok(()) => Ok(KeyPlace::Keyring),
        Err(_) => save_in_file(locked, profile, key).map(|()| KeyPlace::File),
    }
}

/// Saves a key in the file, which is read again to keep what others wrote before the lock.
pub(crate) fn save_in_file(_: &Locked, profile: &str, key: &ApiKeySecret) -> Result<()> {
    let path = credentials_file()?;
    let mut file: File = read_toml(&path)?;
    file.0.insert(
        profile.to_owned(),
        Entry {
            api_key: key.reveal(),
        },
    );
    write_toml(&path, &file)
}

/// Removes a profile's key. Returns whether there was one.
pub(crate) fn delete(_: &Locked, profile: &str, place: KeyPlace) -> Result<bool> {
    match place {
        KeyPlace::Keyring => {
            let profile = profile.to_owned();
            in_keyring(move |store| {
                match store.build(SERVICE, &profile, None)?.delete_credential() {
                    Ok(()) => Ok(true),
                    Err(keyring_core::Error::NoEntry) => Ok(false),
                    Err(error) => Err(error),
                }
            })
            .map_err(|error| Error::failed(format!("the keyring does not answer: {error}")))
        }
        KeyPlace::File => {
            let path = credentials_file()?;
            let mut file: File = read_toml(&path)?;
            let found = file.0.remove(profile).is_some();
            if found {
                write_toml(&path, &file)?;
            }
            Ok(found)
        }
    }
}

type Store = std::sync::Arc<keyring_core::CredentialStore>;

/// Runs `work` on a thread of its own, which is abandoned if the keyring hangs.
fn in_keyring<T: Send + 'static>(
    work: impl FnOnce(Store) -> keyring_core::Result<T> + Send + 'static,
) -> std::result::Result<T, String> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let outcome = keyring().and_then(|store| work(store).map_err(|error| error.to_string()));
        // Fails if the caller has timed out.
        let _ = sender.send(outcome);
    });
    receiver
        .recv_timeout(KEYRING_TIMEOUT)
        .unwrap_or_else(|_| Err("it timed out".to_owned()))
}

/// Opens the Secret Service of the desktop; without a session bus there is none.
#[cfg(target_os = "linux")]
fn keyring() -> std::result::Result<Store, String> {
    if env::var_os("DBUS_SESSION_BUS_ADDRESS").is_none() {
        return Err("there is no session bus".to_owned());
    }
    let store = zbus_secret_service_keyring_store::Store::new();
    store
        .map(|store| store as Store)
        .map_err(|error| error.to_string())
}

#[cfg(not(target_os = "linux"))]
fn keyring() -> std::result::Result<Store, String> {
    Err("this build does not support a keyring on this system".to_owned())
}
