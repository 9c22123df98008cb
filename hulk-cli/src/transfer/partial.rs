//! A file that is being fetched, beside its final place. It grows from its beginning, so that what
//! is there after any end of the program is what came, and can be gone on with.

use std::{
    fs::{self, File, OpenOptions},
    io,
    path::{Path, PathBuf},
};

use fs4::{FileExt, TryLockError};
use hulk_proto::Sha256;

use super::RANGE_BYTES;
use crate::error::{Error, Result};

pub(crate) struct Partial {
    pub(crate) file: File,
    path: PathBuf,
    /// Bytes that were there before.
    pub(crate) kept: u64,
    /// Whether another run can find it.
    is_named: bool,
    is_done: bool,
}

impl Partial {
    /// Blocks. Named after what it is to be, so that the same download finds it again; a download
    /// whose digest is not known, or that another process is at, has a name of its own.
    pub(crate) fn open(target: &Path, size_bytes: u64, sha256: Option<Sha256>) -> Result<Self> {
        let fault = |error: io::Error| Error::local("write", target, &error);
        let directory = directory_of(target);
        let free = fs4::available_space(&directory).map_err(fault)?;
        let named = sha256.map(|sha256| directory.join(name(target, sha256)));
        let found = named.as_deref().map(open_locked).transpose();
        let partial = match found.map_err(fault)?.flatten() {
            Some((path, file, len)) => {
                let kept = len.min(size_bytes) / RANGE_BYTES * RANGE_BYTES;
                file.set_len(kept).map_err(fault)?;
                Self {
                    file,
                    path,
                    kept,
                    is_named: true,
                    is_done: false,
                }
            }
            None => Self::unnamed(&directory).map_err(fault)?,
        };
        if free < size_bytes - partial.kept {
            return Err(Error::full(format!(
                "cannot write {}: it has {size_bytes} bytes, and {free} are free there",
                target.display()
            )));
        }
        Ok(partial)
    }

    /// Whether an earlier run has begun this download.
    pub(crate) fn is_begun(target: &Path, sha256: Sha256) -> bool {
        directory_of(target).join(name(target, sha256)).exists()
    }

    /// Of what is written at once. Blocks.
    pub(crate) fn aside(target: &Path) -> Result<Self> {
        let opened = Self::unnamed(&directory_of(target));
        opened.map_err(|error| Error::local("write", target, &error))
    }

    fn unnamed(directory: &Path) -> io::Result<Self> {
        let mut builder = tempfile::Builder::new();
        builder.prefix(".hulk-").suffix(".part");
        // As for any new file, not as for a secret one: the umask decides.
        #[cfg(unix)]
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
        let (file, path) = builder.tempfile_in(directory)?.keep()?;
        Ok(Self {
            file,
            path,
            kept: 0,
            is_named: false,
            is_done: false,
        })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Gives it its final name. Without `replace` nothing that is there is replaced.
    pub(crate) fn finish(mut self, target: &Path, replace: bool) -> Result<()> {
        let named = match replace {
            true => fs::rename(&self.path, target),
            false => rename_to_new(&self.path, target),
        };
        named.map_err(|error| Error::local("write", target, &error))?;
        self.is_done = true;
        Ok(())
    }

    /// What is there is not what was wanted: nothing of it is kept.
    pub(crate) fn forget(mut self) {
        self.is_named = false;
    }
}

impl Drop for Partial {
    fn drop(&mut self) {
        let is_empty = self.file.metadata().is_ok_and(|found| found.len() == 0);
        if !self.is_done && (!self.is_named || is_empty) {
            let _ = fs::remove_file(&self.path);
        }
    }
}

fn directory_of(target: &Path) -> PathBuf {
    match target.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
        _ => PathBuf::from("."),
    }
}

/// Short enough for any file system, whatever the target's name.
fn name(target: &Path, sha256: Sha256) -> String {
    let name = target.file_name().unwrap_or_default().to_string_lossy();
    let start: String = name.chars().take(40).collect();
    format!(".{start}.{}.hulk-part", &sha256.to_string()[..16])
}

/// `None` if another process has it.
fn open_locked(path: &Path) -> io::Result<Option<(PathBuf, File, u64)>> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    let file = options.open(path)?;
    match FileExt::try_lock(&file) {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => return Ok(None),
        Err(TryLockError::Error(error)) => return Err(error),
    }
    // The one that had it may have finished and renamed it in between.
    if !is_at(&file, path) {
        return Ok(None);
    }
    let len = file.metadata()?.len();
    Ok(Some((path.to_owned(), file, len)))
}

#[cfg(unix)]
fn is_at(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let place = |metadata: fs::Metadata| (metadata.dev(), metadata.ino());
    file.metadata().map(place).ok() == fs::metadata(path).map(place).ok()
}

#[cfg(not(unix))]
fn is_at(_: &File, path: &Path) -> bool {
    path.exists()
}

/// A link fails where something is; some file systems have none.
fn rename_to_new(from: &Path, to: &Path) -> io::Result<()> {
    match fs::hard_link(from, to) {
        Ok(()) => fs::remove_file(from),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Err(error),
        Err(_) if to.exists() => Err(io::ErrorKind::AlreadyExists.into()),
        Err(_) => fs::rename(from, to),
    }
}
