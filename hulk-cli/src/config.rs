//! Directories, and the profiles in `config.toml`.

use std::{
    collections::BTreeMap,
    env, fs,
    io::Write,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};

/// `config.toml` in the config directory.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Config {
    /// The profile that is used when none is named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) default_profile: Option<String>,
    #[serde(default)]
    pub(crate) profiles: BTreeMap<String, Profile>,
}

/// A server, and where its key is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Profile {
    pub(crate) server: String,
    #[serde(default)]
    pub(crate) key_in: KeyPlace,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum KeyPlace {
    Keyring,
    #[default]
    File,
}

impl Config {
    /// Empty if there is no file.
    pub(crate) fn load() -> Result<Self> {
        let path = directory("HULK_CONFIG_DIR", "XDG_CONFIG_HOME", ".config")?.join("config.toml");
        read_toml(&path)
    }

    pub(crate) fn save(&self) -> Result<()> {
        let path = directory("HULK_CONFIG_DIR", "XDG_CONFIG_HOME", ".config")?.join("config.toml");
        write_toml(&path, self)
    }
}

/// `credentials.toml`, which only its owner may read.
pub(crate) fn credentials_file() -> Result<PathBuf> {
    Ok(directory("HULK_CONFIG_DIR", "XDG_CONFIG_HOME", ".config")?.join("credentials.toml"))
}

pub(crate) fn state_directory() -> Result<PathBuf> {
    directory("HULK_STATE_DIR", "XDG_STATE_HOME", ".local/state")
}

/// What can be had again, but not as fast.
pub(crate) fn cache_directory() -> Result<PathBuf> {
    directory("HULK_CACHE_DIR", "XDG_CACHE_HOME", ".cache")
}

/// `$OURS`, else `$XDG/hulk`, else `~/FALLBACK/hulk`.
fn directory(ours: &str, xdg: &str, fallback: &str) -> Result<PathBuf> {
    let set = |name: &str| {
        env::var_os(name)
            .filter(|value| !value.is_empty())
            .map(PathBuf::from)
    };
    if let Some(directory) = set(ours) {
        return Ok(directory);
    }
    let base = set(xdg).filter(|path| path.is_absolute());
    let base = base.or_else(|| env::home_dir().map(|home| home.join(fallback)));
    base.map(|base| base.join("hulk"))
        .ok_or_else(|| Error::usage(format!("there is no home directory: set {ours}")))
}

pub(crate) fn read_toml<T: Default + for<'de> Deserialize<'de>>(path: &Path) -> Result<T> {
    let text = match fs::read_to_string(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(T::default()),
        other => other.map_err(|error| Error::local("read", path, &error))?,
    };
    // The parser's own message quotes the line, which may hold a key.
    toml::from_str(&text).map_err(|_| {
        Error::failed(format!(
            "{} is damaged: mend it or remove it",
            path.display()
        ))
    })
}

/// Replaces the file at once; only its owner may read it.
pub(crate) fn write_toml<T: Serialize>(path: &Path, value: &T) -> Result<()> {
    let text = toml::to_string(value).map_err(|error| Error::failed(error.to_string()))?;
    let write = || {
        let parent = path.parent().unwrap_or(Path::new("."));
        fs::create_dir_all(parent)?;
        let mut file = tempfile::NamedTempFile::new_in(parent)?;
        file.write_all(text.as_bytes())?;
        file.persist(path).map(drop).map_err(|error| error.error)
    };
    write().map_err(|error| Error::local("write", path, &error))
}
