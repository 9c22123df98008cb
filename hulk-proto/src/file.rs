//! Files, and what is sent to make, change and finish one.

use serde::{Deserialize, Serialize};

use crate::{
    ErrorBody, ExpirationPolicy, Id, Md5, PartDigest, Permission, RemotePath, Sha256, Timestamp,
    Upload, bounded,
    limits::{MAX_BATCH, MAX_PARTS, MAX_TAGS},
};

/// Where the bytes of a file are.
///
/// `reserved` → `uploaded` → `validated` or `failed`; `validated` → `expired`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum FileStatus {
    /// Planned: space is set aside, the client may be sending.
    Reserved,
    /// The client says that all was sent; the store is being asked.
    Uploaded,
    /// The store has it, with the right size and digest. Only now there is something to download.
    Validated,
    /// The store has something else. A new upload to the same path may follow.
    Failed,
    /// Past its `expires_at`.
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

/// What is not a status.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("a status is one of reserved, uploaded, validated, failed, expired")]
pub struct InvalidStatus;

/// A file as the API tells it.
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
    /// `None` until it is known.
    pub sha256: Option<Sha256>,
    pub permissions: Permission,
    pub expiration_policy: ExpirationPolicy,
    /// `None` if never.
    pub expires_at: Option<Timestamp>,
    pub tags: Vec<String>,
    pub description: Option<String>,
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    pub metadata: serde_json::Map<String, serde_json::Value>,
    /// From 1; one more with each upload to the same path.
    #[cfg_attr(feature = "openapi", schema(minimum = 1))]
    pub version: u64,
    pub download_count: u64,
    /// `None` if never.
    pub last_downloaded_at: Option<Timestamp>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    /// The link: `PUBLIC_URL/d/<id>/<filename>`.
    pub url: String,
}

/// What a file was, or is: one of the versions that are kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Version {
    #[cfg_attr(feature = "openapi", schema(minimum = 1))]
    pub version: u64,
    /// Whether it is the one that the file's link leads to.
    pub is_current: bool,
    pub size_bytes: u64,
    pub mime_type: String,
    pub sha256: Option<Sha256>,
    pub expires_at: Option<Timestamp>,
    pub created_at: Timestamp,
    /// The file's link with `?version=N`; for its owner alone.
    pub url: String,
}

/// What an upload to a path that is already taken does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum IfExists {
    /// Becomes the next version; id and link stay.
    #[default]
    Version,
    /// Is refused with `FILE_EXISTS`.
    Fail,
}

/// `POST /files`
///
/// The same request again, while its upload is unfinished, answers the same upload; `path`,
/// `size_bytes`, `sha256` (if both say it), the first of `part_md5s` and the expiry decide what is
/// the same.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CreateFile {
    pub path: RemotePath,
    /// `null` if it is not known yet: space is then set aside part by part.
    #[serde(deserialize_with = "Option::deserialize")]
    #[cfg_attr(feature = "openapi", schema(required))]
    pub size_bytes: Option<u64>,
    /// Of every part but the last, if there is more than one; chosen by the server if absent.
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
    /// Of the first pieces of 8 MiB, as many as are known: that of the first tells a file from
    /// another of its size before all of it was read.
    #[serde(
        default,
        skip_serializing_if = "Vec::is_empty",
        deserialize_with = "bounded::list::<_, _, MAX_PARTS>"
    )]
    #[cfg_attr(feature = "openapi", schema(max_items = 10000))]
    pub part_md5s: Vec<Md5>,
    /// Of the file if it exists, else of its directory, if absent.
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
    /// A request with nothing but what is needed.
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

/// `PUT /files/:id/status`: the client has sent everything.
///
/// A client that learns the digests only while it sends declares them here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ReportUpload {
    pub status: ReportedStatus,
    /// Which version was sent; the newest unfinished one if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(minimum = 1))]
    pub version: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<Sha256>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub md5: Option<Md5>,
    /// Of an upload in parts, the ETag that the store answered for each, in order: the file is
    /// made of these and no others. All that the store has if absent.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "bounded::optional_list::<_, _, MAX_PARTS>"
    )]
    #[cfg_attr(feature = "openapi", schema(max_items = 10000))]
    pub part_etags: Option<Vec<String>>,
}

/// `POST /files/batch`: up to 1,000 files, each planned or refused alone.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CreateFiles {
    #[serde(deserialize_with = "bounded::list::<_, _, MAX_BATCH>")]
    #[cfg_attr(feature = "openapi", schema(min_items = 1, max_items = 1000))]
    pub items: Vec<CreateFile>,
}

/// `PUT /files/batch/status`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ReportUploads {
    #[serde(deserialize_with = "bounded::list::<_, _, MAX_BATCH>")]
    #[cfg_attr(feature = "openapi", schema(min_items = 1, max_items = 1000))]
    pub items: Vec<ReportedFile>,
}

/// One of the uploads that are reported: the fields of `ReportUpload` with the file's `id`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ReportedFile {
    pub id: Id,
    pub status: ReportedStatus,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(minimum = 1))]
    pub version: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<Sha256>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub md5: Option<Md5>,
    // Not flattened: then all fields are held in memory before they are looked at.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "bounded::optional_list::<_, _, MAX_PARTS>"
    )]
    #[cfg_attr(feature = "openapi", schema(max_items = 10000))]
    pub part_etags: Option<Vec<String>>,
}

impl ReportedFile {
    pub fn new(id: Id, report: ReportUpload) -> Self {
        Self {
            id,
            status: report.status,
            version: report.version,
            sha256: report.sha256,
            md5: report.md5,
            part_etags: report.part_etags,
        }
    }

    /// The file, and what is reported of it.
    pub fn into_parts(self) -> (Id, ReportUpload) {
        let report = ReportUpload {
            status: self.status,
            version: self.version,
            sha256: self.sha256,
            md5: self.md5,
            part_etags: self.part_etags,
        };
        (self.id, report)
    }
}

/// What became of the items of a batch, in their order.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Batch<T> {
    pub items: Vec<BatchItem<T>>,
}

/// One of them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum BatchItem<T> {
    Failed(ErrorBody),
    Done(T),
}

/// The one status that a client can report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum ReportedStatus {
    Uploaded,
}

/// `PUT /files/:id`: what is given changes, the rest stays.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ChangeFile {
    /// Rename or move; the link stays.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<RemotePath>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub permissions: Option<Permission>,
    /// Counted from now.
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

/// What `hulk put --json` prints of a file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PutFile {
    #[serde(flatten)]
    pub file: File,
    /// Bytes that were sent.
    pub uploaded_bytes: u64,
    /// Bytes that the store had already.
    pub reused_bytes: u64,
    /// Whether an earlier, interrupted upload was gone on with.
    pub resumed: bool,
}

/// What `hulk get --json` prints of a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GotFile {
    /// As it was asked for.
    pub source: String,
    /// Where it is now; `-` for the standard output.
    pub saved_to: String,
    pub size_bytes: u64,
    pub sha256: Sha256,
    /// Whether the digest was compared with the server's.
    pub verified: bool,
}

/// The answer to `GET /d/…` with `Accept: application/json`: what a link leads to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LinkedFile {
    pub filename: String,
    pub size_bytes: u64,
    pub mime_type: String,
    pub sha256: Option<Sha256>,
    /// Works without a key for a while.
    pub url: String,
    /// By which damaged bytes are found; `None` if it was not uploaded in parts.
    pub parts: Option<PartDigests>,
}

/// What the store attests of the parts of a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PartDigests {
    /// Bytes of every part but the last.
    pub part_size: u64,
    pub part_digest: PartDigest,
    /// In order, as hex.
    #[cfg_attr(feature = "openapi", schema(pattern = "^[0-9a-f]+$"))]
    pub digests: Vec<String>,
}

/// The answer to `GET /files/:id/download`: a URL that works without a key for a while.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Download {
    pub url: String,
    pub expires_at: Timestamp,
}
