//! Directories.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{
    ExpirationPolicy, File, Id, Permission, RemotePath, Timestamp, bounded, error::ErrorDetail,
    limits::MAX_BATCH,
};

/// A directory as the API tells it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Directory {
    pub id: Id,
    /// Empty for the root.
    pub path: RemotePath,
    /// `None` for the root.
    pub parent_id: Option<Id>,
    pub default_permissions: Permission,
    /// `None` inherits the parent's.
    pub default_expiration_policy: Option<ExpirationPolicy>,
    /// As it was made with; the mode and time of a directory that was put are there.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    pub metadata: Map<String, Value>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    /// Of its listing: `PUBLIC_URL/b/<id>`.
    pub url: String,
}

/// `POST /directories`: makes it with those above it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CreateDirectory {
    pub path: RemotePath,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default_permissions: Option<Permission>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default_expiration_policy: Option<ExpirationPolicy>,
    /// A new directory below a public one becomes public by name: it is listed to whoever has its link.
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

/// `POST /directories/batch`: up to 1,000, each made as by `POST /directories`; of one that is there the
/// metadata is set. They are answered in the order of the request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CreateDirectories {
    #[serde(deserialize_with = "bounded::list::<_, _, MAX_BATCH>")]
    #[cfg_attr(feature = "openapi", schema(min_items = 1, max_items = 1000))]
    pub items: Vec<CreateDirectory>,
}

/// `PUT /directories/:id`: what is given changes, the rest stays.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ChangeDirectory {
    /// Rename or move, with all that is in it; links stay.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<RemotePath>,
    /// Of what is in it and inherits.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        alias = "permissions"
    )]
    pub default_permissions: Option<Permission>,
    /// Of files that are put into it from now on.
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

/// A file or directory, and where it is to be.
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

/// The answer to `GET /b/:id`: what is right below a directory, as far as the caller may see it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DirectoryListing {
    pub directory: Directory,
    /// On the first page.
    pub directories: Vec<Directory>,
    pub files: Vec<File>,
    /// To be given as `cursor` for the next page.
    pub next_cursor: Option<String>,
}

/// What `hulk put --json` prints of a directory.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PutDirectory {
    /// Absent if it was there before and the key may not see it.
    #[serde(flatten)]
    pub directory: Option<Directory>,
    /// Files that are there now.
    pub file_count: u64,
    pub size_bytes: u64,
    /// Bytes that were sent.
    pub uploaded_bytes: u64,
    /// Bytes that the store had already.
    pub reused_bytes: u64,
    /// Whether an earlier, interrupted upload was gone on with.
    pub resumed: bool,
    pub failed: Vec<FailedFile>,
    pub skipped: Vec<SkippedFile>,
}

/// What `hulk get --json` prints of a directory.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct GotDirectory {
    /// As it was asked for.
    pub source: String,
    pub saved_to: String,
    pub file_count: u64,
    pub size_bytes: u64,
    pub failed: Vec<FailedFile>,
}

/// One file of a tree that could not be moved.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FailedFile {
    /// From the top of the tree.
    pub path: String,
    pub error: ErrorDetail,
}

/// What of a tree cannot be put, and was left.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SkippedFile {
    /// From the top of the tree.
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
