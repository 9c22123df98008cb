//! How a client gets a file's bytes into the store.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{File, bounded, limits::MAX_BATCH};

/// What is left to send.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Upload {
    /// Nothing: the store has these bytes already, and the file is validated.
    None,
    /// The whole file in one request.
    Single {
        method: String,
        /// Presigned for exactly `size_bytes`; it grants the upload without a key.
        url: String,
        /// To be sent as they are.
        headers: BTreeMap<String, String>,
        /// What the store can say of the bytes it got.
        store_digest: StoreDigest,
    },
    /// In parts of equal size, in any order and at once.
    Multipart(Multipart),
}

/// The digest by which a store can attest what it holds. A client that wants its upload checked
/// end to end reports this one, besides the SHA-256 that is kept with the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum StoreDigest {
    Sha256,
    Md5,
}

/// An upload in parts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Multipart {
    /// Bytes of every part but the last.
    pub part_size: u64,
    /// `None` while the length of the file is not known.
    pub part_count: Option<u32>,
    /// For the first missing parts; the rest are signed by `POST /files/:id/upload/parts`.
    pub parts: Vec<SignedPart>,
    /// Parts that were copied from what the store has, and need not be sent.
    #[cfg_attr(feature = "openapi", schema(minimum = 1, maximum = 10000))]
    pub reused: Vec<u32>,
    /// Parts that the store has got of this upload.
    pub received: Vec<ReceivedPart>,
    /// What a part is checked with on the way.
    pub checksum: PartChecksum,
    /// What the `etag` of a part is, so that a received part can be compared with a local one.
    pub part_digest: PartDigest,
    /// Whether the store has an earlier version of this file on the same layout: a part that is
    /// asked for with its digest may then be copied instead of sent.
    pub has_previous: bool,
    /// Whether the user stores a file of this size that begins alike: to hash all of it before
    /// sending may spare sending it.
    pub may_be_stored: bool,
}

/// A checksum that the store compares with the part's bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum PartChecksum {
    /// The client sends it as `Content-MD5`; every S3 store checks it.
    Md5,
    /// It is named when the part's URL is asked for, and comes back among the part's headers.
    Crc32c,
}

/// A digest of a part, as lower-case hex.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum PartDigest {
    Md5,
    Blake3,
}

impl PartDigest {
    pub fn hex_digits(self) -> usize {
        match self {
            Self::Md5 => 32,
            Self::Blake3 => 64,
        }
    }
}

/// A URL that takes one part.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SignedPart {
    /// From 1.
    #[cfg_attr(feature = "openapi", schema(minimum = 1, maximum = 10000))]
    pub number: u32,
    /// Presigned for the part's exact length.
    pub url: String,
    /// To be sent as they are.
    pub headers: BTreeMap<String, String>,
}

/// A part that the store has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ReceivedPart {
    #[cfg_attr(feature = "openapi", schema(minimum = 1, maximum = 10000))]
    pub number: u32,
    pub size_bytes: u64,
    pub etag: String,
}

/// `POST /files/:id/upload/parts`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SignParts {
    /// Which version is being sent; the newest unfinished one if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(minimum = 1))]
    pub version: Option<u64>,
    #[serde(deserialize_with = "bounded::list::<_, _, MAX_BATCH>")]
    #[cfg_attr(feature = "openapi", schema(min_items = 1, max_items = 1000))]
    pub parts: Vec<WantedPart>,
}

/// A part that a client is about to send.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct WantedPart {
    #[cfg_attr(feature = "openapi", schema(minimum = 1, maximum = 10000))]
    pub number: u32,
    /// For the last part of a file whose length was not known; all others have the layout's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size_bytes: Option<u64>,
    /// Base64 of four big-endian bytes, as `x-amz-checksum-crc32c` has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(pattern = "^[A-Za-z0-9+/]{6}==$"))]
    pub crc32c: Option<String>,
    /// In the upload's `part_digest`; a part that an earlier version has is then copied.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(
        feature = "openapi",
        schema(pattern = "^(?:[0-9a-f]{32}|[0-9a-f]{64})$")
    )]
    pub digest: Option<String>,
}

/// The answer to `POST /files/:id/upload/parts`; each part that was asked for is in one list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SignedParts {
    /// To be sent.
    pub parts: Vec<SignedPart>,
    /// Copied from the version before.
    pub reused: Vec<ReceivedPart>,
    /// Whether the store refused to copy a part that it has: all must be sent.
    pub cannot_copy: bool,
}

/// The answer to `GET /files/:id/upload`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct UploadState {
    pub file: File,
    /// `None` for an upload in one request.
    pub part_size: Option<u64>,
    /// `None` while the length of the file is not known.
    pub part_count: Option<u32>,
    pub received: Vec<ReceivedPart>,
    /// Of the parts that are known of.
    #[cfg_attr(feature = "openapi", schema(minimum = 1, maximum = 10000))]
    pub missing: Vec<u32>,
}
