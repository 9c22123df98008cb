//! What was hashed of a local file, kept so that it is not hashed again while the file is
//! unchanged. It spares work and decides nothing: what the store has, the server says. So a journal
//! that is missing, of another file, cut short or damaged is a fresh start.

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

/// A file that changed so shortly before it was hashed may change once more without a trace: times
/// of files are as coarse as this.
const CLOCK_STEP: Duration = Duration::from_millis(20);

/// By which a change of a file is noticed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Stamp {
    pub(crate) len: u64,
    modified: Option<SystemTime>,
    /// Inode and time of its last change, which no program can set back.
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

    /// Whether the contents are the same for all that programs do to files: links and rights may
    /// have changed.
    pub(crate) fn has_same_contents(&self, now: &Self) -> bool {
        (self.len, self.modified) == (now.len, now.modified)
    }

    /// Whether a change from now on will show.
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

/// A SHA-256 in the making.
#[derive(Clone, Default)]
pub(crate) struct Hashed {
    pub(crate) bytes: u64,
    pub(crate) sha256: sha2::Sha256,
}

/// On disk.
#[derive(Serialize, Deserialize)]
struct Record {
    path: PathBuf,
    stamp: Stamp,
    /// Of the whole.
    sha256: Option<Sha256>,
    /// Of the first bytes: how many, and the state as hex.
    hashed: Option<(u64, String)>,
    part_size: u64,
    /// What the store answered for each part.
    etags: Vec<Option<String>>,
}

/// Of one file.
pub(crate) struct Journal {
    place: Option<PathBuf>,
    record: Record,
}

impl Journal {
    /// What is known of a file that looks like `stamp`.
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
            // What may have changed without a trace is not remembered.
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

    /// What the store answered for a part on this layout.
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

    /// All of it is hashed: the way there need not be kept.
    pub(crate) fn set_sha256(&mut self, sha256: Sha256) {
        self.record.sha256 = Some(sha256);
        self.record.hashed = None;
    }

    /// Replaces what was kept. A journal that cannot be written is one that is not there.
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

/// How an open file looks now.
pub(crate) fn stamp(file: &File) -> io::Result<Stamp> {
    file.metadata().map(|metadata| Stamp::of(&metadata))
}
