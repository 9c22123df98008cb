//! Who may read a file, and what an API key may do.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// Who may read a file: everybody with the link, its owner only, or as the nearest directory says.
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
/// `read` and `upload` have nothing in common; `write` includes both, and `all` includes `write`.
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
    /// Also deletes for good, and manages keys and shares.
    All,
}

/// What a request needs of its API key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Right {
    /// To list and to download.
    Read,
    /// To create files, versions and directories.
    Upload,
    /// To change what exists, to move it to the trash and to restore it.
    Change,
    /// To delete for good.
    Purge,
    /// To manage keys and shares.
    Manage,
}

/// What is not a permission's name.
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

    /// What it grants, for people who choose one.
    pub fn meaning(self) -> &'static str {
        match self {
            Self::Read => "Lists and downloads",
            Self::Upload => {
                "Creates files and versions and gets their links; sees, changes and deletes nothing else"
            }
            Self::Write => "Reads, uploads, changes and moves to the trash",
            Self::All => "Also deletes for good, and manages keys and shares",
        }
    }
}

impl Right {
    /// The permission that grants it and the least besides.
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
