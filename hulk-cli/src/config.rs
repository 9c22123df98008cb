//! Directories, the profiles in `config.toml`, and the lock for changing its files.

use std::{
    collections::BTreeMap,
    env,
    fs::{self, File},
    io::{self, Write},
    path::{Path, PathBuf},
    thread,
    time::{Duration, Instant},
};

use fs4::{FileExt, TryLockError};
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};

/// How long to wait for another writer, which may itself be waiting for the keyring.
const LOCK_TIMEOUT: Duration = Duration::from_secs(10);
const LOCK_PAUSE: Duration = Duration::from_millis(10);

/// `config.toml` in the config directory.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
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
    /// Whether `hulk login` had the key created, so that `hulk logout` revokes it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) is_own_key: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum KeyPlace {
    Keyring,
    #[default]
    File,
}

impl Config {
    /// Loads the configuration; empty if there is no file, or no home directory for it.
    pub(crate) fn load() -> Result<Self> {
        match config_directory() {
            Ok(directory) => read_toml(&directory.join("config.toml")),
            Err(_) => Ok(Self::default()),
        }
    }
}

/// `config.toml` and `credentials.toml`, locked: no other process changes them until this is dropped.
pub(crate) struct Locked {
    pub(crate) config: Config,
    /// The configuration on disk.
    saved: Config,
    _lock: File,
}

impl Locked {
    /// Waits for other writers, then reads `config.toml`. Blocks.
    ///
    /// # Errors
    /// If another program does not release the lock, or the file cannot be read: it is not replaced then.
    pub(crate) fn open() -> Result<Self> {
        let directory = config_directory()?;
        let lock = lock(&directory)?;
        let config: Config = read_toml(&directory.join("config.toml"))?;
        Ok(Self {
            saved: config.clone(),
            config,
            _lock: lock,
        })
    }

    /// Writes `config.toml` if it was changed. An unchanged one may be read-only.
    pub(crate) fn save(&mut self) -> Result<()> {
        if self.config != self.saved {
            write_toml(&config_directory()?.join("config.toml"), &self.config)?;
            self.saved = self.config.clone();
        }
        Ok(())
    }
}

/// Takes the lock. The operating system releases it with the process, however it ends.
fn lock(directory: &Path) -> Result<File> {
    fs::create_dir_all(directory).map_err(|error| Error::local("create", directory, &error))?;
    let path = directory.join(".lock");
    let fault = |error: io::Error| Error::local("lock", &path, &error);
    let mut options = File::options();
    options.create(true).truncate(false).write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = options.open(&path).map_err(fault)?;
    let start = Instant::now();
    loop {
        match FileExt::try_lock(&file) {
            Ok(()) => return Ok(file),
            // Network file systems may have no locks. Files are replaced atomically all the same.
            Err(TryLockError::Error(error)) if error.kind() == io::ErrorKind::Unsupported => {
                return Ok(file);
            }
            Err(TryLockError::Error(error)) => return Err(fault(error)),
            Err(TryLockError::WouldBlock) if start.elapsed() < LOCK_TIMEOUT => {
                thread::sleep(LOCK_PAUSE);
            }
            Err(TryLockError::WouldBlock) => {
                return Err(Error::failed(format!(
                    "another program has locked {} for {} s",
                    path.display(),
                    LOCK_TIMEOUT.as_secs()
                ))
                .with_hint("stop the other hulk that changes profiles, then try again"));
            }
        }
    }
}

/// Returns the first free name of `name`, `name-2`, `name-3` and so on.
pub(crate) fn free_name(name: &str, is_free: impl Fn(&str) -> bool) -> String {
    let mut candidate = name.to_owned();
    let mut number = 1_u32;
    while !is_free(&candidate) {
        number += 1;
        candidate = format!("{name}-{number}");
    }
    candidate
}

/// Path of `credentials.toml`, which only its owner may read.
pub(crate) fn credentials_file() -> Result<PathBuf> {
    Ok(config_directory()?.join("credentials.toml"))
}

fn config_directory() -> Result<PathBuf> {
    directory("HULK_CONFIG_DIR", "XDG_CONFIG_HOME", ".config")
}

pub(crate) fn state_directory() -> Result<PathBuf> {
    directory("HULK_STATE_DIR", "XDG_STATE_HOME", ".local/state")
}

/// Creates a directory of `hulk` and its parents; only its owner may see what is in it.
pub(crate) fn make_private(path: &Path) -> std::io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let found = fs::metadata(path)?.permissions().mode();
        if found & 0o077 != 0 {
            // An earlier version created it.
            fs::set_permissions(path, PermissionsExt::from_mode(0o700))?;
        }
    }
    Ok(())
}

/// Directory of data that can be fetched again, only more slowly.
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
    // A relative home would depend on the directory that the command runs in.
    let home = || env::home_dir().filter(|home| home.is_absolute());
    let base = base.or_else(|| home().map(|home| home.join(fallback)));
    base.map(|base| base.join("hulk"))
        .ok_or_else(|| Error::usage(format!("there is no home directory: set {ours}")))
}

pub(crate) fn read_toml<T: Default + for<'de> Deserialize<'de>>(path: &Path) -> Result<T> {
    let is_missing = |error: &io::Error| {
        matches!(
            error.kind(),
            io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
        )
    };
    let text = match fs::read_to_string(path) {
        Err(error) if is_missing(&error) => return Ok(T::default()),
        other => other.map_err(|error| Error::local("read", path, &error))?,
    };
    // The parser's own message quotes the line, which may hold a key.
    toml::from_str(&text).map_err(|_| {
        Error::failed(format!(
            "{} is damaged: repair it or remove it",
            path.display()
        ))
    })
}

/// Replaces the file atomically; only its owner may read it. The caller has the lock.
pub(crate) fn write_toml<T: Serialize>(path: &Path, value: &T) -> Result<()> {
    let text = toml::to_string(value).map_err(|error| Error::failed(error.to_string()))?;
    let write = || {
        let path = behind_links(path);
        let parent = path.parent().unwrap_or(Path::new("."));
        fs::create_dir_all(parent)?;
        let mut file = tempfile::NamedTempFile::new_in(parent)?;
        file.write_all(text.as_bytes())?;
        // A key is shown only once: a power cut must not lose it.
        file.as_file().sync_all()?;
        file.persist(&path).map(drop).map_err(|error| error.error)
    };
    write().map_err(|error| Error::local("write", path, &error))
}

/// Resolves symbolic links: dotfile managers keep the file elsewhere and link to it.
fn behind_links(path: &Path) -> PathBuf {
    if let Ok(target) = fs::canonicalize(path) {
        return target;
    }
    match (fs::read_link(path), path.parent()) {
        // The target does not exist yet.
        (Ok(target), Some(directory)) => directory.join(target),
        _ => path.to_owned(),
    }
}
