//! Share links: what they grant, to whoever has them.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::{Directory, File, Id, Password, RemotePath, Sha256, Timestamp, trash::EntryKind};

/// Length of a token in letters and digits; 131 bits.
const TOKEN_CHARS: usize = 22;

/// The secret of a share link: whoever has it may do what the share grants.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(value_type = String, pattern = "^[A-Za-z0-9]{22}$"))]
pub struct ShareToken(String);

impl fmt::Debug for ShareToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ShareToken(…)")
    }
}

/// Error for text that is not a token.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("expected {TOKEN_CHARS} letters and digits")]
pub struct InvalidToken;

impl ShareToken {
    pub fn random() -> Self {
        Self(nanoid::nanoid!(TOKEN_CHARS, &crate::id::BASE62))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for ShareToken {
    type Err = InvalidToken;

    fn from_str(text: &str) -> Result<Self, InvalidToken> {
        let is_one =
            text.len() == TOKEN_CHARS && text.bytes().all(|byte| byte.is_ascii_alphanumeric());
        is_one.then(|| Self(text.to_owned())).ok_or(InvalidToken)
    }
}

impl TryFrom<String> for ShareToken {
    type Error = InvalidToken;

    fn try_from(text: String) -> Result<Self, InvalidToken> {
        text.parse()
    }
}

impl From<ShareToken> for String {
    fn from(token: ShareToken) -> Self {
        token.0
    }
}

impl fmt::Display for ShareToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What the holder of a share link may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Grants {
    /// List and download files.
    #[serde(default)]
    pub can_download: bool,
    /// Upload new files into the directory; existing files are not replaced.
    #[serde(default)]
    pub can_upload: bool,
    /// Create further links that grant no more than this one.
    #[serde(default)]
    pub can_share: bool,
    /// Move files to the owner's trash.
    #[serde(default)]
    pub can_delete: bool,
}

/// An action for which a share link is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ShareAction {
    List,
    Download,
    Upload,
    Share,
    Delete,
}

impl Grants {
    pub const DOWNLOAD: Self = Self {
        can_download: true,
        can_upload: false,
        can_share: false,
        can_delete: false,
    };
    pub const UPLOAD: Self = Self {
        can_upload: true,
        can_download: false,
        ..Self::DOWNLOAD
    };

    /// Whether the grants include the one that the action requires.
    pub fn allows(self, action: ShareAction) -> bool {
        match action {
            ShareAction::List | ShareAction::Download => self.can_download,
            ShareAction::Upload => self.can_upload,
            ShareAction::Share => self.can_share,
            ShareAction::Delete => self.can_delete,
        }
    }

    /// Whether `other` grants nothing beyond these grants.
    pub fn covers(self, other: Self) -> bool {
        let pairs = [
            (self.can_download, other.can_download),
            (self.can_upload, other.can_upload),
            (self.can_share, other.can_share),
            (self.can_delete, other.can_delete),
        ];
        pairs.into_iter().all(|(ours, theirs)| ours || !theirs)
    }
}

/// `POST /shares`: shares what one of `file_id`, `directory_id` and `path` names.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CreateShare {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file_id: Option<Id>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub directory_id: Option<Id>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<RemotePath>,
    /// Download only, if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub permissions: Option<Grants>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
    /// If absent, the password of the link with which this one is created, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password: Option<Password>,
    /// Total number of downloads allowed, at least 1; unlimited if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(minimum = 1))]
    pub max_downloads: Option<u64>,
    /// Size of the largest file accepted through the link; the server's limit if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_file_bytes: Option<u64>,
    /// Total bytes accepted through the link, at least 1; half of the owner's quota if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(minimum = 1))]
    pub max_total_bytes: Option<u64>,
    /// Total number of files accepted through the link, at least 1; 1,000 if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(minimum = 1))]
    pub max_files: Option<u64>,
}

/// A share as its owner sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Share {
    pub id: Id,
    pub token: ShareToken,
    /// The link: `PUBLIC_URL/s/<token>`.
    pub url: String,
    pub kind: EntryKind,
    pub file_id: Option<Id>,
    pub directory_id: Option<Id>,
    /// Current path of the file or directory; `null` while it is in the trash.
    pub path: Option<RemotePath>,
    pub permissions: Grants,
    pub has_password: bool,
    /// `null` if the share never expires.
    pub expires_at: Option<Timestamp>,
    pub max_downloads: Option<u64>,
    /// Number of finished downloads.
    pub download_count: u64,
    pub max_file_bytes: Option<u64>,
    /// Total bytes accepted through the link; `null` if it accepts no files.
    pub max_total_bytes: Option<u64>,
    /// Total number of files accepted through the link; `null` if it accepts no files.
    pub max_files: Option<u64>,
    /// Bytes received through the link, including those of planned uploads.
    pub received_bytes: u64,
    /// Files received through the link, including planned uploads.
    pub received_files: u64,
    /// Those of `received_files` that are planned and not finished.
    pub unfinished_files: u64,
    pub created_at: Timestamp,
}

/// An upload through a share that is planned and not finished.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct UnfinishedUpload {
    pub file_id: Id,
    pub path: RemotePath,
    /// Bytes of the owner's quota that it reserves.
    pub size_bytes: u64,
    /// Address of the client that planned it; `null` if it is unknown.
    pub address: Option<String>,
    pub created_at: Timestamp,
    /// When it is abandoned if no bytes arrive before then.
    pub expires_at: Timestamp,
}

/// The answer to `DELETE /shares/:id/uploads`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CancelledUploads {
    pub uploads: u64,
}

/// The answer to `GET /shares/public/:token`: what a visitor may see. Fields that the share does not
/// grant, or that its password protects, are `null` or empty.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PublicShare {
    pub id: Id,
    pub kind: EntryKind,
    pub permissions: Grants,
    /// Whether the password must still be given.
    pub needs_password: bool,
    pub expires_at: Option<Timestamp>,
    /// `null` if downloads are not counted.
    pub downloads_left: Option<u64>,
    /// Size of the largest file accepted through the link.
    pub max_file_bytes: Option<u64>,
    pub created_at: Timestamp,
    pub file_id: Option<Id>,
    pub directory_id: Option<Id>,
    /// Name of the file or directory.
    pub filename: Option<String>,
    pub size_bytes: Option<u64>,
    pub mime_type: Option<String>,
    pub sha256: Option<Sha256>,
    /// Direct contents of a directory: the first page of `/b/:id?token=`.
    pub directories: Vec<Directory>,
    pub files: Vec<File>,
    pub next_cursor: Option<String>,
}

/// `POST /shares/public/:token/unlock`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Unlock {
    pub password: Password,
}

/// A pass that replaces the password from now on: sent as the header `X-Share-Pass`, or as the cookie
/// that this answer sets.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Unlocked {
    pub pass: String,
    pub expires_at: Timestamp,
}

impl fmt::Debug for Unlocked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Unlocked(…)")
    }
}

/// Header that carries `Unlocked::pass`.
pub const PASS_HEADER: &str = "x-share-pass";
/// Header with the id of the claim, in an answer that counts as a download.
pub const CLAIM_HEADER: &str = "x-share-claim";
/// URL parameter that names the claim of a resumed download. Nothing else distinguishes it from a new
/// download.
pub const CLAIM_PARAMETER: &str = "claim";
