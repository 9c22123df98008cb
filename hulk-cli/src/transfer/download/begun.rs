//! Records which partial file belongs to which download. The records are in the state directory, not in file
//! names: whoever can write to the directory of a download cannot plant a file that is resumed.

use std::{
    fs::{self, File, Metadata},
    io,
    path::{Path, PathBuf},
};

use fs4::FileExt;
use hulk_proto::Sha256;
use serde::{Deserialize, Serialize};

use crate::{file_io::open_itself, transfer::records};

/// Format of a record on disk.
#[derive(Serialize, Deserialize)]
pub(crate) struct Record {
    pub(crate) partial: PathBuf,
    /// Digest of the file that is being fetched.
    pub(crate) sha256: Sha256,
    /// Zero, like the inode, until the file exists.
    device: u64,
    inode: u64,
    /// Claim of this download, if it is from a share that counts downloads.
    pub(crate) claim: Option<String>,
}

/// The partial file of a record.
pub(crate) enum Found {
    /// The file, which is now locked.
    File(File),
    /// Another process has locked it.
    Taken,
    /// A file that was created by a run that was killed before it could be recorded.
    Planned,
    /// It is gone, or another file is in its place.
    Nothing,
}

/// Returns the path of the record for a download to `target`; `None` if there can be no record.
pub(crate) fn place(target: &Path) -> Option<PathBuf> {
    let directory = fs::canonicalize(directory_of(target)).ok()?;
    let target = directory.join(target.file_name()?);
    records::place("partial", target.as_os_str().as_encoded_bytes())
}

/// Held while a file is planned, created and recorded: whoever has it and reads a record of a planned file
/// knows that the run that wrote it was killed. The operating system releases it when the process ends.
pub(crate) struct Turn {
    _lock: File,
}

impl Turn {
    /// Waits for its turn; blocks.
    pub(crate) fn wait() -> io::Result<Self> {
        let file = records::open_lock("partial")?;
        FileExt::lock(&file)?;
        Ok(Self { _lock: file })
    }
}

/// Records the path of a file that is about to be created, so that a kill in between leaves no file that
/// nobody knows.
///
/// # Errors
/// If the record cannot be written.
pub(crate) fn plan(
    _: &Turn,
    place: &Path,
    partial: &Path,
    (sha256, claim): (Sha256, Option<String>),
) -> io::Result<()> {
    let directory = fs::canonicalize(directory_of(partial))?;
    let record = Record {
        partial: directory.join(partial.file_name().unwrap_or_default()),
        sha256,
        device: 0,
        inode: 0,
        claim,
    };
    records::write(place, &record)
}

/// Records a new file as the partial one of the download at `place`, and locks it.
///
/// # Errors
/// If the file cannot be locked or identified, or the record cannot be written.
pub(crate) fn record(
    place: &Path,
    partial: &Path,
    file: &File,
    (sha256, claim): (Sha256, Option<String>),
) -> io::Result<()> {
    FileExt::try_lock(file).map_err(io::Error::other)?;
    let (device, inode, _) = identity(&file.metadata()?);
    let record = Record {
        partial: fs::canonicalize(partial)?,
        sha256,
        device,
        inode,
        claim,
    };
    records::write(place, &record)
}

/// Removes the record at `place`, if it still names this partial file.
pub(crate) fn delete(place: &Path, partial: &Path) {
    let known: Option<Record> = records::read(place);
    if known.is_some_and(|record| record.partial.file_name() == partial.file_name()) {
        let _ = fs::remove_file(place);
    }
}

impl Record {
    /// Opens the partial file, if it is still the same: a regular file with one name.
    pub(crate) fn open(&self, _: &Turn) -> Found {
        if self.inode == 0 {
            return Found::Planned;
        }
        let Ok(file) = open_itself(&self.partial, true) else {
            return Found::Nothing;
        };
        match FileExt::try_lock(&file) {
            Ok(()) => {}
            Err(fs4::TryLockError::WouldBlock) => return Found::Taken,
            Err(fs4::TryLockError::Error(_)) => return Found::Nothing,
        }
        // The process that had it may have finished and renamed it in between.
        let is_there = fs::symlink_metadata(&self.partial).is_ok_and(|found| self.is_of(&found));
        let is_same = is_there && file.metadata().is_ok_and(|found| self.is_of(&found));
        match is_same {
            true => Found::File(file),
            false => Found::Nothing,
        }
    }

    /// Whether this is the recorded file. With a second name, another user could read or change it.
    fn is_of(&self, found: &Metadata) -> bool {
        found.is_file() && identity(found) == (self.device, self.inode, 1)
    }
}

/// Returns device, inode and number of names.
#[cfg(unix)]
fn identity(metadata: &Metadata) -> (u64, u64, u64) {
    use std::os::unix::fs::MetadataExt;
    (metadata.dev(), metadata.ino(), metadata.nlink())
}

#[cfg(not(unix))]
fn identity(_: &Metadata) -> (u64, u64, u64) {
    (0, 0, 1)
}

pub(crate) fn directory_of(target: &Path) -> PathBuf {
    match target.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
        _ => PathBuf::from("."),
    }
}
