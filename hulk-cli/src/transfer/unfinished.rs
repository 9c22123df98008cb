//! Trees whose transfer was started and not finished: the same command resumes at the same path, although a
//! directory exists there by now, into which the tree would go otherwise.

use std::{fs, path::PathBuf};

use super::records;

pub(crate) struct Unfinished {
    place: Option<PathBuf>,
}

impl Unfinished {
    /// Identifies a transfer by its source and target.
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

    /// Remembers the transfer. One that cannot be remembered starts over.
    pub(crate) fn record(&self) {
        if let Some(place) = &self.place {
            let _ = records::write(place, &());
        }
    }

    pub(crate) fn delete(&self) {
        if let Some(place) = &self.place {
            let _ = fs::remove_file(place);
        }
    }
}
