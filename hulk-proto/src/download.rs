//! Files that are downloaded.

use serde::{Deserialize, Serialize};

use crate::{PartDigest, Sha256, Timestamp};

/// The answer to `GET /d/…` with `Accept: application/json`: the file that a link leads to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LinkedFile {
    pub filename: String,
    pub size_bytes: u64,
    pub mime_type: String,
    pub sha256: Option<Sha256>,
    /// Presigned URL of the bytes, which works without a key until it expires.
    pub url: String,
    /// Digests with which damaged parts are found; `null` if the file was not uploaded in parts.
    pub parts: Option<PartDigests>,
}

/// Digests of the parts of a file, as the store reports them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PartDigests {
    /// Size of every part except the last.
    pub part_size: u64,
    pub part_digest: PartDigest,
    /// Digests in the order of the parts, as hex.
    #[cfg_attr(feature = "openapi", schema(pattern = "^[0-9a-f]+$"))]
    pub digests: Vec<String>,
}

/// The answer to `GET /files/:id/download`: a URL that works without a key until it expires.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Download {
    pub url: String,
    pub expires_at: Timestamp,
}

/// What `hulk get --json` prints for a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GotFile {
    /// Link, id or path as given on the command line.
    pub source: String,
    /// Local path of the file; `-` for standard output.
    pub saved_to: String,
    pub size_bytes: u64,
    pub sha256: Sha256,
    /// Whether the digest was compared with the server's.
    pub verified: bool,
}
