//! The mode and modification time of a file or directory, stored with it and restored.

use std::{
    fs::{File, Metadata},
    path::Path,
};

use filetime::FileTime;
use hulk_proto::attributes::{MODE, MODIFIED};
use serde_json::{Map, Value};
use time::{OffsetDateTime, UtcDateTime, format_description::well_known::Rfc3339};

use crate::file_io::open_itself;

/// Read, write and execute for owner, group and others; no setuid or setgid, which lend rights.
const MODE_BITS: u32 = 0o777;
const NANOS_PER_SECOND: i128 = 1_000_000_000;

/// Mode and time; the system's default stands in for what is unknown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Attributes {
    mode: Option<u32>,
    /// Nanoseconds since 1970.
    modified: Option<i128>,
}

impl Attributes {
    pub(crate) fn of(metadata: &Metadata) -> Self {
        #[cfg(unix)]
        let mode = Some(std::os::unix::fs::MetadataExt::mode(metadata) & MODE_BITS);
        #[cfg(not(unix))]
        let mode = None;
        let time = FileTime::from_last_modification_time(metadata);
        let seconds = i128::from(time.unix_seconds()) * NANOS_PER_SECOND;
        Self {
            mode,
            modified: Some(seconds + i128::from(time.nanoseconds())),
        }
    }

    /// Converts the attributes to entries of a file's or directory's metadata.
    pub(crate) fn to_metadata(self) -> Map<String, Value> {
        let mode = self.mode.map(|mode| format!("{mode:o}"));
        // A time that no date can express is not stored.
        let modified = self
            .modified
            .and_then(|nanos| UtcDateTime::from_unix_timestamp_nanos(nanos).ok())
            .and_then(|time| time.format(&Rfc3339).ok());
        let named = [(MODE, mode), (MODIFIED, modified)];
        named
            .into_iter()
            .filter_map(|(name, value)| Some((name.to_owned(), value?.into())))
            .collect()
    }

    /// Reads the attributes from stored metadata. A malformed entry counts as unknown.
    pub(crate) fn from_metadata(metadata: &Map<String, Value>) -> Self {
        let text = |name: &str| metadata.get(name)?.as_str();
        Self::parse(text(MODE), text(MODIFIED))
    }

    pub(crate) fn parse(mode: Option<&str>, modified: Option<&str>) -> Self {
        let time = |text| OffsetDateTime::parse(text, &Rfc3339).ok();
        Self {
            mode: mode
                .and_then(|mode| u32::from_str_radix(mode, 8).ok())
                .map(|mode| mode & MODE_BITS),
            modified: modified
                .and_then(time)
                .map(OffsetDateTime::unix_timestamp_nanos),
        }
    }

    /// Returns the mode to create a file with, before the umask: the stored one, and readable and writable
    /// for the owner, who may have to resume it.
    #[cfg(unix)]
    pub(crate) fn mode_of_new(self) -> u32 {
        self.mode.map_or(0o666, |mode| mode | 0o600)
    }

    /// Like `mode_of_new`, for a directory.
    #[cfg(unix)]
    pub(crate) fn mode_of_new_directory(self) -> u32 {
        self.mode.map_or(0o777, |mode| mode | 0o700)
    }

    /// Applies the attributes to an open file or directory that was created with the mode of a new one.
    /// Errors are ignored: a file system without modes or times is no reason to lose the file.
    pub(crate) fn restore(self, file: &File) {
        #[cfg(unix)]
        if let (Some(mode), Ok(metadata)) = (self.mode, file.metadata()) {
            use std::os::unix::fs::PermissionsExt;
            // A directory's setgid bit comes from its parent directory.
            let made = metadata.permissions().mode() & 0o7777;
            let wanted = (mode & made) | (made & !MODE_BITS);
            if wanted != made {
                let _ = file.set_permissions(PermissionsExt::from_mode(wanted));
            }
        }
        if let Some(nanos) = self.modified {
            let seconds = nanos.div_euclid(NANOS_PER_SECOND);
            let rest = nanos.rem_euclid(NANOS_PER_SECOND);
            // Neither is truncated: a date has fewer seconds, and a second fewer nanoseconds.
            let time = FileTime::from_unix_time(seconds as i64, rest as u32);
            let _ = filetime::set_file_handle_times(file, None, Some(time));
        }
    }

    /// Like `restore`, for the file or directory at the path itself, not behind a link.
    pub(crate) fn restore_at(self, path: &Path) {
        if self != Self::default()
            && let Ok(file) = open_itself(path, false)
        {
            self.restore(&file);
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_comes_back() {
        for (mode, modified, stored) in [
            (
                Some(0o640),
                Some(0),
                r#"{"mode":"640","mtime":"1970-01-01T00:00:00Z"}"#,
            ),
            (
                Some(0),
                Some(-1),
                r#"{"mode":"0","mtime":"1969-12-31T23:59:59.999999999Z"}"#,
            ),
            (
                None,
                Some(1_700_000_000_123_456_789),
                r#"{"mtime":"2023-11-14T22:13:20.123456789Z"}"#,
            ),
            (Some(0o777), None, r#"{"mode":"777"}"#),
        ] {
            let attributes = Attributes { mode, modified };
            let map = attributes.to_metadata();
            assert_eq!(serde_json::to_string(&map).unwrap(), stored);
            assert_eq!(Attributes::from_metadata(&map), attributes);
        }
    }

    #[test]
    fn what_is_not_well_formed_is_not_known() {
        for (mode, modified) in [("x", "y"), ("-1", "2020"), ("99", ""), ("", "12:00")] {
            let parsed = Attributes::parse(Some(mode), Some(modified));
            assert_eq!(parsed, Attributes::default(), "{mode} {modified}");
        }
        // Bits that lend rights are dropped.
        let parsed = Attributes::parse(Some("6755"), None);
        assert_eq!(parsed.mode, Some(0o755));
        let far = Attributes {
            mode: None,
            modified: Some(i128::from(i64::MAX) * NANOS_PER_SECOND),
        };
        assert!(far.to_metadata().is_empty());
    }
}
