//! Files, and the requests that create, change and finish one.

use serde::{Deserialize, Serialize};

use crate::{
    ExpirationPolicy, Id, Md5, Permission, RemotePath, Sha256, Timestamp, Upload, bounded,
    limits::{MAX_PARTS, MAX_TAGS},
};

/// State of a file.
///
/// `reserved` → `uploaded` → `validated` or `failed`; `validated` → `expired`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum FileStatus {
    /// Planned: space is reserved, and the client may be uploading.
    Reserved,
    /// The client reported that all bytes were sent; the server is checking them in the store.
    Uploaded,
    /// The store has the file with the right size and digest. Only now can it be downloaded.
    Validated,
    /// The store has other bytes, or none. The same path can be uploaded to again.
    Failed,
    /// The time of `expires_at` has passed.
    Expired,
}

impl FileStatus {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Reserved => "reserved",
            Self::Uploaded => "uploaded",
            Self::Validated => "validated",
            Self::Failed => "failed",
            Self::Expired => "expired",
        }
    }
}

impl std::str::FromStr for FileStatus {
    type Err = InvalidStatus;

    fn from_str(text: &str) -> Result<Self, InvalidStatus> {
        [
            Self::Reserved,
            Self::Uploaded,
            Self::Validated,
            Self::Failed,
            Self::Expired,
        ]
        .into_iter()
        .find(|status| status.as_str() == text)
        .ok_or(InvalidStatus)
    }
}

/// Error for text that is not a status.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("a status is one of reserved, uploaded, validated, failed, expired")]
pub struct InvalidStatus;

/// A file as the API returns it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct File {
    pub id: Id,
    pub path: RemotePath,
    pub filename: String,
    pub directory_id: Id,
    pub status: FileStatus,
    pub size_bytes: u64,
    pub mime_type: String,
    /// `null` until it is known.
    pub sha256: Option<Sha256>,
    pub permissions: Permission,
    pub expiration_policy: ExpirationPolicy,
    /// `null` if the file never expires.
    pub expires_at: Option<Timestamp>,
    pub tags: Vec<String>,
    pub description: Option<String>,
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    pub metadata: serde_json::Map<String, serde_json::Value>,
    /// Number of the version, from 1; each upload to the same path adds one.
    #[cfg_attr(feature = "openapi", schema(minimum = 1))]
    pub version: u64,
    pub download_count: u64,
    /// `null` if the file was never downloaded.
    pub last_downloaded_at: Option<Timestamp>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    /// The link: `PUBLIC_URL/d/<id>/<filename>`.
    pub url: String,
}

/// A stored version of a file: an earlier one or the current one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Version {
    #[cfg_attr(feature = "openapi", schema(minimum = 1))]
    pub version: u64,
    /// Whether the file's link leads to this version.
    pub is_current: bool,
    pub size_bytes: u64,
    pub mime_type: String,
    pub sha256: Option<Sha256>,
    pub expires_at: Option<Timestamp>,
    pub created_at: Timestamp,
    /// The file's link with `?version=N`; works only for the owner.
    pub url: String,
}

/// What happens to an upload if a file already exists at the path.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum IfExists {
    /// The upload becomes the next version; id and link stay the same.
    #[default]
    Version,
    /// The upload is refused with `FILE_EXISTS`.
    Fail,
}

impl IfExists {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Version => "version",
            Self::Fail => "fail",
        }
    }
}

/// Error for text that is not an `if_exists`.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("if_exists is one of version, fail")]
pub struct InvalidIfExists;

impl std::str::FromStr for IfExists {
    type Err = InvalidIfExists;

    fn from_str(text: &str) -> Result<Self, InvalidIfExists> {
        [Self::Version, Self::Fail]
            .into_iter()
            .find(|if_exists| if_exists.as_str() == text)
            .ok_or(InvalidIfExists)
    }
}

/// `POST /files`
///
/// The same request, sent again while its upload is unfinished, returns the same upload. Requests are
/// the same if they agree in `path`, `size_bytes`, `sha256` (where both have it), the first of
/// `part_md5s` and the expiry.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CreateFile {
    pub path: RemotePath,
    /// `null` if it is not known yet: space is then reserved part by part.
    #[serde(deserialize_with = "Option::deserialize")]
    #[cfg_attr(feature = "openapi", schema(required))]
    pub size_bytes: Option<u64>,
    /// Size of every part except the last, for an upload in several parts; the server chooses it if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub part_size: Option<u64>,
    /// Guessed from the name if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(
        feature = "openapi",
        schema(
            max_length = 255,
            pattern = r"^[A-Za-z0-9!#$&^_.+-]+/[A-Za-z0-9!#$&^_.+-]+(?:;[ -~]*)?$"
        )
    )]
    pub mime_type: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<Sha256>,
    /// MD5s of the first pieces of 8 MiB, as many as are known. The first one distinguishes files of the
    /// same size before the whole file has been read.
    #[serde(
        default,
        skip_serializing_if = "Vec::is_empty",
        deserialize_with = "bounded::list::<_, _, MAX_PARTS>"
    )]
    #[cfg_attr(feature = "openapi", schema(max_items = 10000))]
    pub part_md5s: Vec<Md5>,
    /// If absent, that of the file if it exists, else that of its directory.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expiration_policy: Option<ExpirationPolicy>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub permissions: Option<Permission>,
    #[serde(default)]
    pub if_exists: IfExists,
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "bounded::optional_list::<_, _, MAX_TAGS>"
    )]
    #[cfg_attr(
        feature = "openapi",
        schema(
            max_items = 64,
            min_length = 1,
            max_length = 255,
            pattern = r"^[^,\x00-\x1f\x7f-\x9f]+$"
        )
    )]
    pub tags: Option<Vec<String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(max_length = 4096))]
    pub description: Option<String>,
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "bounded::metadata"
    )]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Object>))]
    pub metadata: Option<serde_json::Map<String, serde_json::Value>>,
}

impl CreateFile {
    /// Creates a request with the required fields only.
    pub fn new(path: RemotePath, size_bytes: impl Into<Option<u64>>) -> Self {
        Self {
            path,
            size_bytes: size_bytes.into(),
            part_size: None,
            mime_type: None,
            sha256: None,
            part_md5s: Vec::new(),
            expiration_policy: None,
            permissions: None,
            if_exists: IfExists::default(),
            tags: None,
            description: None,
            metadata: None,
        }
    }
}

/// The answer to `POST /files`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CreatedFile {
    pub file: File,
    pub upload: Upload,
}

/// `PUT /files/:id/status`: reports that the client has sent all bytes.
///
/// A client that computes the digests only while it sends declares them here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ReportUpload {
    pub status: ReportedStatus,
    /// Version that was sent; the newest unfinished one if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(minimum = 1))]
    pub version: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<Sha256>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub md5: Option<Md5>,
    /// For a multipart upload, the ETags that the store returned for the parts, in order: the file consists
    /// of these parts and no others. If absent, it consists of all parts that the store has.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "bounded::optional_list::<_, _, MAX_PARTS>"
    )]
    #[cfg_attr(feature = "openapi", schema(max_items = 10000))]
    pub part_etags: Option<Vec<String>>,
}

/// The only status that a client can report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum ReportedStatus {
    Uploaded,
}

/// `PUT /files/:id`: fields that are given change, all others stay unchanged.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ChangeFile {
    /// New path, which renames or moves the file; the link stays the same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<RemotePath>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub permissions: Option<Permission>,
    /// New expiry, counted from now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expiration_policy: Option<ExpirationPolicy>,
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "bounded::optional_list::<_, _, MAX_TAGS>"
    )]
    #[cfg_attr(
        feature = "openapi",
        schema(
            max_items = 64,
            min_length = 1,
            max_length = 255,
            pattern = r"^[^,\x00-\x1f\x7f-\x9f]+$"
        )
    )]
    pub tags: Option<Vec<String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(max_length = 4096))]
    pub description: Option<String>,
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "bounded::metadata"
    )]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Object>))]
    pub metadata: Option<serde_json::Map<String, serde_json::Value>>,
}

/// What `hulk put --json` prints for a file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PutFile {
    #[serde(flatten)]
    pub file: File,
    /// Bytes that were sent.
    pub uploaded_bytes: u64,
    /// Bytes that the store already had.
    pub reused_bytes: u64,
    /// Whether an earlier, interrupted upload was resumed.
    pub resumed: bool,
}
