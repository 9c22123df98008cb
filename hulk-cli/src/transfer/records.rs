//! Small records in the state directory, each in a file of its own. A truncated or damaged record counts
//! as missing.

use std::{
    fs::{self, File},
    io::{self, Write},
    path::{Path, PathBuf},
    time::SystemTime,
};

use hulk_proto::Sha256;
use serde::{Serialize, de::DeserializeOwned};
use sha2::Digest;

use crate::config;

/// Number of records of a kind that are kept.
const MOST: usize = 1000;

/// Returns the path of the record of this kind about `key`; `None` without a state directory.
pub(super) fn place(kind: &str, key: &[u8]) -> Option<PathBuf> {
    let directory = config::state_directory().ok()?;
    let name = Sha256(sha2::Sha256::digest(key).into());
    Some(directory.join(kind).join(name.to_string()))
}

/// Opens the file that is locked by whoever changes records of this kind.
pub(super) fn open_lock(kind: &str) -> io::Result<File> {
    let directory = config::state_directory().map_err(io::Error::other)?;
    if !directory.is_dir() {
        config::make_private(&directory)?;
    }
    let mut options = File::options();
    let path = directory.join(kind).with_extension("lock");
    options.create(true).truncate(false).write(true).open(path)
}

/// Reads a record. Its digest is on the next line: a truncated record counts as missing.
pub(super) fn read<T: DeserializeOwned>(place: &Path) -> Option<T> {
    let text = fs::read_to_string(place).ok()?;
    let (record, digest) = text.split_once('\n')?;
    let is_whole = digest.trim_end() == Sha256(sha2::Sha256::digest(record).into()).to_string();
    is_whole.then(|| serde_json::from_str(record).ok())?
}

/// Writes a record, replacing an earlier one atomically.
pub(super) fn write<T: Serialize>(place: &Path, record: &T) -> io::Result<()> {
    let directory = place.parent().unwrap_or(Path::new("."));
    if !directory.is_dir() {
        config::make_private(directory)?;
    }
    if !place.exists() {
        prune(directory);
    }
    let record = serde_json::to_string(record)?;
    let digest = Sha256(sha2::Sha256::digest(&record).into());
    let mut file = tempfile::NamedTempFile::new_in(directory)?;
    file.write_all(format!("{record}\n{digest}\n").as_bytes())?;
    file.persist(place).map(drop).map_err(|error| error.error)
}

/// Deletes the oldest records to make room.
fn prune(directory: &Path) {
    let Ok(entries) = fs::read_dir(directory) else {
        return;
    };
    let mut known: Vec<(SystemTime, PathBuf)> = entries
        .flatten()
        .filter_map(|entry| Some((entry.metadata().ok()?.modified().ok()?, entry.path())))
        .collect();
    if known.len() >= MOST {
        known.sort();
        for (_, path) in &known[..=known.len() - MOST] {
            let _ = fs::remove_file(path);
        }
    }
}
