//! Directories.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{
    ExpirationPolicy, File, Id, Permission, RemotePath, Timestamp, bounded, error::ErrorDetail,
    limits::MAX_BATCH,
};

/// A directory as the API returns it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Directory {
    pub id: Id,
    /// Empty for the root.
    pub path: RemotePath,
    /// `null` for the root.
    pub parent_id: Option<Id>,
    pub default_permissions: Permission,
    /// `null` if it is inherited from the parent.
    pub default_expiration_policy: Option<ExpirationPolicy>,
    /// Metadata given at creation; `hulk put` stores the directory's mode and time here.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    pub metadata: Map<String, Value>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    /// Link to its listing: `PUBLIC_URL/b/<id>`.
    pub url: String,
}

/// `POST /directories`: creates a directory and its missing parents.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CreateDirectory {
    pub path: RemotePath,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default_permissions: Option<Permission>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default_expiration_policy: Option<ExpirationPolicy>,
    /// Makes a new directory below a public one public by name: whoever has its link can list it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_listed: bool,
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "bounded::metadata"
    )]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Object>))]
    pub metadata: Option<Map<String, Value>>,
}

/// `POST /directories/batch`: up to 1,000 directories, each created as by `POST /directories`; for one
/// that already exists the metadata is set. The answers are in the order of the request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CreateDirectories {
    #[serde(deserialize_with = "bounded::list::<_, _, MAX_BATCH>")]
    #[cfg_attr(feature = "openapi", schema(min_items = 1, max_items = 1000))]
    pub items: Vec<CreateDirectory>,
}

/// `PUT /directories/:id`: fields that are given change, all others stay unchanged.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ChangeDirectory {
    /// New path, which renames or moves the directory with its contents; links stay the same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<RemotePath>,
    /// Permissions of the contents that inherit.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        alias = "permissions"
    )]
    pub default_permissions: Option<Permission>,
    /// Expiry of files that are uploaded into it from now on.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        alias = "expiration_policy"
    )]
    pub default_expiration_policy: Option<ExpirationPolicy>,
}

/// `POST /moves`: up to 1,000 files and directories, all or none.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MoveEntries {
    #[serde(deserialize_with = "bounded::list::<_, _, MAX_BATCH>")]
    #[cfg_attr(feature = "openapi", schema(min_items = 1, max_items = 1000))]
    pub items: Vec<MoveEntry>,
}

/// A file or directory to move, and its new path.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MoveEntry {
    pub id: Id,
    pub path: RemotePath,
}

/// The answer to `POST /moves`, in the order of the request.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MovedEntries {
    pub items: Vec<Entry>,
}

/// The answer to `GET /b/:id`: the direct contents of a directory that the caller may see.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DirectoryListing {
    pub directory: Directory,
    /// Subdirectories; only on the first page.
    pub directories: Vec<Directory>,
    pub files: Vec<File>,
    /// Value of `cursor` for the next page; `null` on the last page.
    pub next_cursor: Option<String>,
}

/// What `hulk put --json` prints for a directory.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PutDirectory {
    /// Absent if the directory already existed and the key may not see it.
    #[serde(flatten)]
    pub directory: Option<Directory>,
    /// Number of files that the server has now.
    pub file_count: u64,
    pub size_bytes: u64,
    /// Bytes that were sent.
    pub uploaded_bytes: u64,
    /// Bytes that the store already had.
    pub reused_bytes: u64,
    /// Whether an earlier, interrupted upload was resumed.
    pub resumed: bool,
    pub failed: Vec<FailedFile>,
    pub skipped: Vec<SkippedFile>,
}

/// What `hulk get --json` prints for a directory.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct GotDirectory {
    /// Link, id or path as given on the command line.
    pub source: String,
    pub saved_to: String,
    pub file_count: u64,
    pub size_bytes: u64,
    pub failed: Vec<FailedFile>,
}

/// A file of a tree that could not be transferred.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FailedFile {
    /// Path relative to the top of the tree.
    pub path: String,
    pub error: ErrorDetail,
}

/// An entry of a tree that cannot be uploaded, and was skipped.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SkippedFile {
    /// Path relative to the top of the tree.
    pub path: String,
    pub reason: String,
}

/// What `hulk ls --json` lists.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Entry {
    File(Box<File>),
    Directory(Directory),
}
