//! Who may read a file, and what an API key may do.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// Who may read a file: anyone with the link, only its owner, or whoever the nearest directory allows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Permission {
    Public,
    Private,
    #[default]
    Inherit,
}

/// What an API key may do.
///
/// `read` and `upload` do not overlap; `write` includes both, and `all` includes `write`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum KeyPermission {
    /// Lists and downloads.
    Read,
    /// Creates files and versions and gets their links; sees, changes and deletes nothing else.
    Upload,
    /// Reads, uploads, changes and moves to the trash.
    Write,
    /// Also deletes permanently, and manages keys and shares.
    All,
}

/// A right that a request requires of its credential.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Right {
    /// Listing and downloading.
    Read,
    /// Creating files, versions and directories.
    Upload,
    /// Changing existing things, moving them to the trash and restoring them.
    Change,
    /// Deleting permanently.
    Purge,
    /// Managing keys and shares.
    Manage,
}

/// Error for text that is not the name of a permission.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("expected one of {0}")]
pub struct InvalidPermission(&'static str);

impl Permission {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::Private => "private",
            Self::Inherit => "inherit",
        }
    }
}

impl FromStr for Permission {
    type Err = InvalidPermission;

    fn from_str(text: &str) -> Result<Self, InvalidPermission> {
        [Self::Public, Self::Private, Self::Inherit]
            .into_iter()
            .find(|permission| permission.as_str() == text)
            .ok_or(InvalidPermission("public, private, inherit"))
    }
}

impl fmt::Display for Permission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl KeyPermission {
    pub const ALL: [Self; 4] = [Self::Read, Self::Upload, Self::Write, Self::All];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Upload => "upload",
            Self::Write => "write",
            Self::All => "all",
        }
    }

    pub fn grants(self, right: Right) -> bool {
        match self {
            Self::Read => right == Right::Read,
            Self::Upload => right == Right::Upload,
            Self::Write => matches!(right, Right::Read | Right::Upload | Right::Change),
            Self::All => true,
        }
    }

    /// Describes what the permission grants, for help texts.
    pub fn meaning(self) -> &'static str {
        match self {
            Self::Read => "Lists and downloads",
            Self::Upload => {
                "Creates files and versions and gets their links; sees, changes and deletes nothing else"
            }
            Self::Write => "Reads, uploads, changes and moves to the trash",
            Self::All => "Also deletes permanently, and manages keys and shares",
        }
    }
}

impl Right {
    /// Returns the weakest permission that grants the right.
    pub fn least_permission(self) -> KeyPermission {
        match self {
            Self::Read => KeyPermission::Read,
            Self::Upload => KeyPermission::Upload,
            Self::Change => KeyPermission::Write,
            Self::Purge | Self::Manage => KeyPermission::All,
        }
    }
}

impl FromStr for KeyPermission {
    type Err = InvalidPermission;

    fn from_str(text: &str) -> Result<Self, InvalidPermission> {
        Self::ALL
            .into_iter()
            .find(|permission| permission.as_str() == text)
            .ok_or(InvalidPermission("read, upload, write, all"))
    }
}

impl fmt::Display for KeyPermission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
