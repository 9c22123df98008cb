//! Trees whose transfer was begun and not ended: the same command goes on at the same place, though a
//! directory is there by now, into which it would go otherwise.

use std::{fs, path::PathBuf};

use super::records;

pub(crate) struct Unfinished {
    place: Option<PathBuf>,
}

impl Unfinished {
    /// Of a source and a target.
    pub(crate) fn of(source: &[u8], target: &[u8]) -> Self {
        let key = [source, b"\0", target].concat();
        Self {
            place: records::place("tree", &key),
        }
    }

    pub(crate) fn is_known(&self) -> bool {
        let known = self.place.as_deref().and_then(records::read::<()>);
        known.is_some()
    }

    /// What cannot be kept is begun anew.
    pub(crate) fn keep(&self) {
        if let Some(place) = &self.place {
            let _ = records::write(place, &());
        }
    }

    pub(crate) fn forget(&self) {
        if let Some(place) = &self.place {
            let _ = fs::remove_file(place);
        }
    }
}
