//! The data directory: SQLite, the embedded store, and the lock that keeps a second server out.

use std::{
    fs::{self, File, TryLockError},
    io::{self, Read, Seek, Write},
    path::{Path, PathBuf},
};

/// Everything that the server keeps in the directory.
#[cfg(unix)]
const KEPT: [&str; 7] = [
    "hulk.db",
    "hulk.db-wal",
    "hulk.db-shm",
    "hulk.db-journal",
    "lock",
    "outbox",
    "store",
];

/// The directory, held by this process until dropped.
#[derive(Debug)]
pub(crate) struct DataDir {
    path: PathBuf,
    _lock: File,
    is_new: bool,
}

/// Why the directory cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum DataDirError {
    #[error("{path} is in use by another server (process {process})", path = .path.display())]
    InUse { path: PathBuf, process: String },
    #[error("{path} cannot be used: {source}", path = .path.display())]
    Io { path: PathBuf, source: io::Error },
}

impl DataDir {
    /// Creates the directory if it does not exist, and takes its lock.
    ///
    /// # Errors
    /// If it cannot be written, or another process has its lock.
    pub(crate) fn open(path: &Path) -> Result<Self, DataDirError> {
        let path = create(path)?;
        let is_new = !database(&path).exists();
        let lock = lock(&path).map_err(|error| match error {
            LockError::Held(process) => DataDirError::InUse {
                path: path.clone(),
                process,
            },
            LockError::Io(source) => DataDirError::Io {
                path: path.clone(),
                source,
            },
        })?;
        Ok(Self {
            path,
            _lock: lock,
            is_new,
        })
    }

    /// Returns the absolute path, without links: what is opened later is in the directory that is locked.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Whether no server has used the directory before.
    pub(crate) fn is_new(&self) -> bool {
        self.is_new
    }
}

/// Creates the directory if it does not exist, and returns its absolute path.
pub(crate) fn create(path: &Path) -> Result<PathBuf, DataDirError> {
    let create = || {
        let mut builder = fs::DirBuilder::new();
        builder.recursive(true);
        // It holds private files and the store's secret.
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(path)?;
        let path = fs::canonicalize(path)?;
        #[cfg(unix)]
        tighten(&path)?;
        Ok(path)
    };
    create().map_err(|source| DataDirError::Io {
        path: path.to_owned(),
        source,
    })
}

/// Removes other users' access to the server's files in the directory. The mode of the directory itself
/// stays unchanged: others may need it, for example if it was made for a service or a container.
#[cfg(unix)]
fn tighten(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    for entry in fs::read_dir(path)? {
        let entry = entry?;
        let name = entry.file_name();
        if !KEPT.iter().any(|kept| name == *kept) {
            continue;
        }
        // It may be a link to another disk: the mode is that of its target.
        let mode = match fs::metadata(entry.path()) {
            Ok(found) => found.permissions().mode(),
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Err(error) => return Err(error),
        };
        if mode & 0o077 != 0 {
            fs::set_permissions(entry.path(), fs::Permissions::from_mode(mode & 0o700))?;
        }
    }
    Ok(())
}

/// The SQLite file in a data directory.
pub(crate) fn database(path: &Path) -> PathBuf {
    path.join("hulk.db")
}

/// Mails in a data directory, if no server takes them.
pub(crate) fn outbox(path: &Path) -> PathBuf {
    path.join("outbox")
}

/// The embedded store in a data directory.
pub(crate) fn store(path: &Path) -> PathBuf {
    path.join("store")
}

enum LockError {
    Held(String),
    Io(io::Error),
}

/// Takes the lock, which the operating system releases when the process ends, however it ends.
fn lock(path: &Path) -> Result<File, LockError> {
    let mut options = File::options();
    let mut file = options
        .create(true)
        .truncate(false)
        .read(true)
        .write(true)
        .open(path.join("lock"))
        .map_err(LockError::Io)?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            let mut process = String::new();
            let _ = file.read_to_string(&mut process);
            return Err(LockError::Held(process.trim().to_owned()));
        }
        Err(TryLockError::Error(error)) => return Err(LockError::Io(error)),
    }
    let mut note = || -> io::Result<()> {
        file.set_len(0)?;
        file.rewind()?;
        writeln!(file, "{}", std::process::id())
    };
    note().map_err(LockError::Io)?;
    Ok(file)
}
