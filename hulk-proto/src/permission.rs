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

/// What an API key may do; each level includes the one before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum KeyPermission {
    /// Lists and downloads.
    Read,
    /// Also uploads, changes and deletes.
    Write,
    /// Also manages keys and shares.
    All,
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
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
            Self::All => "all",
        }
    }
}

impl FromStr for KeyPermission {
    type Err = InvalidPermission;

    fn from_str(text: &str) -> Result<Self, InvalidPermission> {
        [Self::Read, Self::Write, Self::All]
            .into_iter()
            .find(|permission| permission.as_str() == text)
            .ok_or(InvalidPermission("read, write, all"))
    }
}

impl fmt::Display for KeyPermission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
