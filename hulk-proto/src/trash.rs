//! What was deleted, and can come back for a while.

use serde::{Deserialize, Serialize};

use crate::{Id, RemotePath, Timestamp};

/// A file or a directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum EntryKind {
    File,
    Directory,
}

/// A file, or a directory with all that was in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TrashItem {
    /// The file's or directory's own.
    pub id: Id,
    pub kind: EntryKind,
    /// Where it was.
    pub path: RemotePath,
    /// Of all that goes with it, versions included.
    pub size_bytes: u64,
    pub trashed_at: Timestamp,
    /// When it goes for good.
    pub expires_at: Timestamp,
}

/// The header of the answer to a `DELETE` of a file or directory: until when it can be restored, as
/// RFC 3339. Absent if it is gone for good.
pub const TRASHED_UNTIL_HEADER: &str = "x-trashed-until";

/// `POST /trash/:id/restore`; the body may be left out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RestoreTrash {
    /// Somewhere else than where it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<RemotePath>,
}

/// What came back, and where it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Restored {
    pub id: Id,
    pub kind: EntryKind,
    pub path: RemotePath,
    /// Whether the name it had was taken, so that it has another now.
    pub renamed: bool,
}

/// The answer to `DELETE /trash`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Emptied {
    pub items: u64,
}
