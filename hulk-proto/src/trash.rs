//! Deleted files and directories, which can be restored for a while.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::{Id, RemotePath, Timestamp};

/// Kind of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum EntryKind {
    File,
    Directory,
}

impl EntryKind {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::File => "file",
            Self::Directory => "directory",
        }
    }
}

/// Error for text that is not a kind.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("a kind is one of file, directory")]
pub struct InvalidKind;

impl FromStr for EntryKind {
    type Err = InvalidKind;

    fn from_str(text: &str) -> Result<Self, InvalidKind> {
        [Self::File, Self::Directory]
            .into_iter()
            .find(|kind| kind.as_str() == text)
            .ok_or(InvalidKind)
    }
}

/// A file in the trash, or a directory with everything that was in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TrashItem {
    /// Id of the file or directory.
    pub id: Id,
    pub kind: EntryKind,
    /// Path before it was deleted.
    pub path: RemotePath,
    /// Total size of its files, including their versions.
    pub size_bytes: u64,
    pub trashed_at: Timestamp,
    /// When it is deleted permanently.
    pub expires_at: Timestamp,
}

/// Header of the answer to a `DELETE` of a file or directory: until when it can be restored, in
/// RFC 3339. Absent if it was deleted permanently.
pub const TRASHED_UNTIL_HEADER: &str = "x-trashed-until";

/// `POST /trash/:id/restore`; the body is optional.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RestoreTrash {
    /// Path to restore it to; its former path if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<RemotePath>,
}

/// A restored file or directory, and its path.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Restored {
    pub id: Id,
    pub kind: EntryKind,
    pub path: RemotePath,
    /// Whether it has a new name because its former name was in use.
    pub renamed: bool,
}

/// The answer to `DELETE /trash`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Emptied {
    pub items: u64,
}
