//! How far a local file was hashed, kept so that it is not hashed again while the file is unchanged. A
//! journal saves work and decides nothing: the server says what the store has. So one that is missing, of
//! another file, truncated or damaged is a fresh start.

use std::{
    fs::{self, File, Metadata},
    io,
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use hulk_proto::Sha256;
use serde::{Deserialize, Serialize};
use sha2::digest::common::hazmat::SerializableState;

use crate::transfer::records;

/// A file that changed this shortly before it was hashed may change again unnoticed: file times are this
/// coarse.
const CLOCK_STEP: Duration = Duration::from_millis(20);

/// Metadata by which a change of a file is noticed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Stamp {
    pub(crate) len: u64,
    modified: Option<SystemTime>,
    /// Device, inode and time of its last change, which no program can set back.
    #[serde(default)]
    inode: (u64, u64, i64, i64),
}

impl Stamp {
    pub(crate) fn of(metadata: &Metadata) -> Self {
        #[cfg(unix)]
        let inode = {
            use std::os::unix::fs::MetadataExt;
            (
                metadata.dev(),
                metadata.ino(),
                metadata.ctime(),
                metadata.ctime_nsec(),
            )
        };
        #[cfg(not(unix))]
        let inode = Default::default();
        Self {
            len: metadata.len(),
            modified: metadata.modified().ok(),
            inode,
        }
    }

    /// Whether the contents are the same, as far as metadata shows; links and permissions may have changed.
    pub(crate) fn has_same_contents(&self, now: &Self) -> bool {
        (self.len, self.modified) == (now.len, now.modified)
    }

    /// Whether any further change would be noticed.
    fn is_settled(&self) -> bool {
        let changed = SystemTime::UNIX_EPOCH
            + Duration::new(
                u64::try_from(self.inode.2).unwrap_or(0),
                u32::try_from(self.inode.3).unwrap_or(0),
            );
        let last = self
            .modified
            .map_or(changed, |modified| modified.max(changed));
        SystemTime::now()
            .duration_since(last)
            .is_ok_and(|age| age > CLOCK_STEP)
    }
}

/// An unfinished SHA-256, of the first `bytes`.
#[derive(Clone, Default)]
pub(crate) struct Hashed {
    pub(crate) bytes: u64,
    pub(crate) sha256: sha2::Sha256,
}

/// Format of a journal on disk.
#[derive(Serialize, Deserialize)]
struct Record {
    path: PathBuf,
    stamp: Stamp,
    /// SHA-256 of the whole file.
    sha256: Option<Sha256>,
    /// Number of bytes hashed, and the hash state in hex.
    hashed: Option<(u64, String)>,
    part_size: u64,
    /// ETag that the store returned for each part.
    etags: Vec<Option<String>>,
}

/// Journal of one file.
pub(crate) struct Journal {
    place: Option<PathBuf>,
    record: Record,
}

impl Journal {
    /// Opens the journal of a file; an empty one if the file no longer matches `stamp`.
    pub(crate) fn open(path: &Path, stamp: Stamp) -> Self {
        let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        let place = records::place("journal", path.as_os_str().as_encoded_bytes());
        let known: Option<Record> = place.as_deref().and_then(records::read);
        let record = known
            .filter(|record| record.path == path && record.stamp == stamp)
            .unwrap_or(Record {
                path,
                stamp,
                sha256: None,
                hashed: None,
                part_size: 0,
                etags: Vec::new(),
            });
        Self {
            // A file that may change unnoticed is not remembered.
            place: place.filter(|_| stamp.is_settled()),
            record,
        }
    }

    pub(crate) fn sha256(&self) -> Option<Sha256> {
        self.record.sha256
    }

    pub(crate) fn hashed(&self) -> Hashed {
        let known = self.record.hashed.as_ref().and_then(|(bytes, state)| {
            let sha256 = sha2::Sha256::deserialize(&from_hex(state)?.as_slice().try_into().ok()?);
            Some(Hashed {
                bytes: *bytes,
                sha256: sha256.ok()?,
            })
        });
        known.unwrap_or_default()
    }

    /// ETag that the store returned for a part of this layout.
    pub(crate) fn etag(&self, part_size: u64, number: u32) -> Option<&str> {
        if self.record.part_size != part_size {
            return None;
        }
        self.record.etags.get(number as usize - 1)?.as_deref()
    }

    pub(crate) fn set_etag(&mut self, part_size: u64, number: u32, etag: &str) {
        if self.record.part_size != part_size {
            self.record.part_size = part_size;
            self.record.etags.clear();
        }
        let index = number as usize - 1;
        if self.record.etags.len() <= index {
            self.record.etags.resize(index + 1, None);
        }
        self.record.etags[index] = Some(etag.to_owned());
    }

    pub(crate) fn set_hashed(&mut self, hashed: &Hashed) {
        self.record.hashed = Some((hashed.bytes, to_hex(&hashed.sha256.serialize())));
    }

    /// Sets the digest of the whole file; the intermediate state is no longer needed.
    pub(crate) fn set_sha256(&mut self, sha256: Sha256) {
        self.record.sha256 = Some(sha256);
        self.record.hashed = None;
    }

    /// Writes the journal, replacing the earlier one. One that cannot be written is missing next time.
    pub(crate) fn save(&self) {
        if let Some(place) = &self.place {
            let _ = records::write(place, &self.record);
        }
    }
}

fn to_hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn from_hex(text: &str) -> Option<Vec<u8>> {
    let digit = |at: usize| u8::from_str_radix(text.get(at..at + 2)?, 16).ok();
    (0..text.len()).step_by(2).map(digit).collect()
}

/// Returns the current stamp of an open file.
pub(crate) fn stamp(file: &File) -> io::Result<Stamp> {
    file.metadata().map(|metadata| Stamp::of(&metadata))
}
