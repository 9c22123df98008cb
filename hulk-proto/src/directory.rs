//! Directories.

use serde::{Deserialize, Serialize};

use crate::{ExpirationPolicy, File, Id, Permission, RemotePath, Timestamp};

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
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

/// What `hulk ls --json` lists.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Entry {
    File(Box<File>),
    Directory(Directory),
}
