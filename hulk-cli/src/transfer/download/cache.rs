//! Cache of downloads by SHA-256, so that a CI runner reads them from its disk. The least recently used are
//! deleted to make room.

use std::{
    fs::{self, File},
    io,
    path::{Path, PathBuf},
    time::SystemTime,
};

use filetime::FileTime;
use hulk_proto::Sha256;

use super::partial::{Partial, Place};
use crate::{config, file_io::digest_file};

/// Size of all entries together.
const MAX_BYTES: u64 = 10 << 30;
#[derive(Clone)]
pub(crate) struct Cache {
    directory: PathBuf,
}

impl Cache {
    /// Smaller files are as fast from the store.
    pub(crate) const MIN_FILE_BYTES: u64 = 64 << 10;

    /// Opens the cache; `None` without a directory for it.
    pub(crate) fn open() -> Option<Self> {
        let directory = config::cache_directory().ok()?.join("files");
        Some(Self { directory })
    }

    /// Path of an entry: a directory whose own time is that of the last use, since the file's time is shared
    /// with its hard links.
    fn entry(&self, sha256: Sha256) -> PathBuf {
        self.directory.join(sha256.to_string())
    }

    /// Creates the file `to` from the cache, if it has these bytes undamaged; blocks. The file is created
    /// under a temporary name, so that no existing link is followed, and then verified: the entry may share
    /// its bytes with a file that another program writes to. A damaged entry is deleted.
    pub(crate) fn fetch(&self, sha256: Sha256, to: Place<'_>) -> Option<u64> {
        let entry = self.entry(sha256);
        let cached = entry.join("data");
        let (mut partial, (size, found)) = beside(&cached, to, sha256).ok()?;
        if found != sha256 {
            partial.delete();
            let _ = fs::remove_dir_all(&entry);
            return None;
        }
        let _ = filetime::set_file_mtime(&entry, FileTime::now());
        partial.finish(to).ok().map(|()| size)
    }

    /// Adds a file that was verified. Errors are ignored: the file is then not cached.
    pub(crate) fn add(&self, sha256: Sha256, size_bytes: u64, from: &Path) {
        if (Self::MIN_FILE_BYTES..=MAX_BYTES).contains(&size_bytes) {
            let _ = self.try_add(sha256, size_bytes, from);
        }
    }

    fn try_add(&self, sha256: Sha256, size_bytes: u64, from: &Path) -> io::Result<()> {
        let entry = self.entry(sha256);
        if entry.join("data").exists() {
            return Ok(());
        }
        config::make_private(&self.directory)?;
        self.make_room(size_bytes)?;
        // Created under a temporary name, so that there is never half an entry.
        let aside = tempfile::tempdir_in(&self.directory)?;
        share(from, &aside.path().join("data"))?;
        fs::rename(aside.path(), &entry)
    }

    fn make_room(&self, size_bytes: u64) -> io::Result<()> {
        let mut entries: Vec<(SystemTime, u64, PathBuf)> = fs::read_dir(&self.directory)?
            .flatten()
            .filter_map(|entry| {
                let used = entry.metadata().ok()?.modified().ok()?;
                let size = fs::metadata(entry.path().join("data")).map_or(0, |data| data.len());
                Some((used, size, entry.path()))
            })
            .collect();
        entries.sort();
        let mut total: u64 = entries.iter().map(|(_, size, _)| size).sum();
        for (_, size, path) in entries {
            if total + size_bytes <= MAX_BYTES {
                break;
            }
            fs::remove_dir_all(path)?;
            total -= size;
        }
        Ok(())
    }
}

/// Creates a file beside `to` with the bytes of `from`, and returns it with their length and digest. It is a
/// reflink where the file system has them; else a hard link, if no other name than `from` would share the
/// bytes with it, and its mode is the one that the umask gives; else a copy.
fn beside(from: &Path, to: Place<'_>, sha256: Sha256) -> io::Result<(Partial, (u64, Sha256))> {
    let about = (sha256, Partial::claim(to.path, sha256));
    let mut cached = File::open(from)?;
    let partial = Partial::of_copy(to, about.clone())?;
    if reflink_copy::reflink_file(&cached, &partial.file).is_ok() {
        return digested(partial);
    }
    let (old, new) = (cached.metadata()?, partial.file.metadata()?);
    // It is empty, and so removed.
    drop(partial);
    if links(&old) == 1 && old.permissions() == new.permissions() {
        // The file has no other name, so it stays as it was read.
        let digest = digest_file(from)?;
        if let Ok(linked) = Partial::linked(to.path, from, about.clone()) {
            return Ok((linked, digest));
        }
    }
    let mut partial = Partial::of_copy(to, about)?;
    match io::copy(&mut cached, &mut &partial.file) {
        Ok(_) => digested(partial),
        Err(error) => {
            partial.delete();
            Err(error)
        }
    }
}

/// Returns a file with its length and digest.
fn digested(mut partial: Partial) -> io::Result<(Partial, (u64, Sha256))> {
    match digest_file(partial.path()) {
        Ok(digest) => Ok((partial, digest)),
        Err(error) => {
            partial.delete();
            Err(error)
        }
    }
}

/// Gives the bytes another name: a reflink where the file system has them; else a hard link, if no other
/// name than `from` would share the bytes with it, since a write to one would change all; else a copy.
fn share(from: &Path, to: &Path) -> io::Result<()> {
    if reflink_copy::reflink(from, to).is_ok() {
        return Ok(());
    }
    let is_alone = links(&fs::metadata(from)?) == 1;
    if is_alone && fs::hard_link(from, to).is_ok() {
        return Ok(());
    }
    fs::copy(from, to).map(drop)
}

#[cfg(unix)]
fn links(metadata: &fs::Metadata) -> u64 {
    std::os::unix::fs::MetadataExt::nlink(metadata)
}

#[cfg(not(unix))]
fn links(_: &fs::Metadata) -> u64 {
    2
}
