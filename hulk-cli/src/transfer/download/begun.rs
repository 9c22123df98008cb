//! Which partial file is of which download. It is kept in the state directory, so that the file's
//! name need not tell: whoever can write to the directory of a download cannot make a file that is
//! taken for it.

use std::{
    fs::{self, File, Metadata},
    io,
    path::{Path, PathBuf},
};

use fs4::FileExt;
use hulk_proto::Sha256;
use serde::{Deserialize, Serialize};

use crate::{file_io::open_itself, transfer::records};

/// On disk.
#[derive(Serialize, Deserialize)]
pub(crate) struct Record {
    pub(crate) partial: PathBuf,
    /// What is being fetched.
    pub(crate) sha256: Sha256,
    device: u64,
    inode: u64,
    /// Of a share that counts downloads, which of them it is.
    pub(crate) claim: Option<String>,
}

/// The partial file of a record.
pub(crate) enum Found {
    /// It is locked now.
    File(File),
    /// Another process is at it.
    Taken,
    /// It is gone, or another file is in its place.
    Nothing,
}

/// Where the record is of what is to be this file; `None` if it cannot be kept.
pub(crate) fn place(target: &Path) -> Option<PathBuf> {
    let directory = fs::canonicalize(super::partial::directory_of(target)).ok()?;
    let target = directory.join(target.file_name()?);
    records::place("partial", target.as_os_str().as_encoded_bytes())
}

/// Keeps that this new file is the partial one of the download at `place`, and locks it.
///
/// # Errors
/// If that cannot be kept, or another file cannot be told from this one.
pub(crate) fn keep(
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

/// Forgets the download at `place`, if it is still the one with this partial file.
pub(crate) fn forget(place: &Path, partial: &Path) {
    let known: Option<Record> = records::read(place);
    if known.is_some_and(|record| record.partial.file_name() == partial.file_name()) {
        let _ = fs::remove_file(place);
    }
}

impl Record {
    /// Opens the partial file, if it is what it was: a regular file under one name.
    pub(crate) fn open(&self) -> Found {
        let Ok(file) = open_itself(&self.partial, true) else {
            return Found::Nothing;
        };
        match FileExt::try_lock(&file) {
            Ok(()) => {}
            Err(fs4::TryLockError::WouldBlock) => return Found::Taken,
            Err(fs4::TryLockError::Error(_)) => return Found::Nothing,
        }
        // The one that had it may have finished and renamed it in between.
        let is_there = fs::symlink_metadata(&self.partial).is_ok_and(|found| self.is_of(&found));
        let is_same = is_there && file.metadata().is_ok_and(|found| self.is_of(&found));
        match is_same {
            true => Found::File(file),
            false => Found::Nothing,
        }
    }

    /// A second name would be somebody's who reads or changes what comes.
    fn is_of(&self, found: &Metadata) -> bool {
        found.is_file() && identity(found) == (self.device, self.inode, 1)
    }
}

/// Device, inode and number of names.
#[cfg(unix)]
fn identity(metadata: &Metadata) -> (u64, u64, u64) {
    use std::os::unix::fs::MetadataExt;
    (metadata.dev(), metadata.ino(), metadata.nlink())
}

#[cfg(not(unix))]
fn identity(_: &Metadata) -> (u64, u64, u64) {
    (0, 0, 1)
}
