//! How a client uploads a file's bytes to the store.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{File, bounded, limits::MAX_BATCH};

/// How the bytes of a file are to be sent, if at all.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Upload {
    /// Not at all: the store already has these bytes, and the file is validated.
    None,
    /// The whole file in one request.
    Single {
        method: String,
        /// URL presigned for exactly `size_bytes`; it works without a key.
        url: String,
        /// Headers to send unchanged.
        headers: BTreeMap<String, String>,
        /// Digest that the store can report for the bytes it received.
        store_digest: StoreDigest,
    },
    /// In parts of equal size, in any order and in parallel.
    Multipart(Multipart),
}

/// A digest that a store can report for an object. A client that wants its upload checked end to end
/// reports this one, in addition to the SHA-256 that is stored with the file.
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
    /// Size of every part except the last.
    pub part_size: u64,
    /// `null` while the length of the file is unknown.
    pub part_count: Option<u32>,
    /// URLs of the first missing parts; the rest are signed by `POST /files/:id/upload/parts`.
    pub parts: Vec<SignedPart>,
    /// Numbers of the parts that were copied within the store and need not be sent.
    #[cfg_attr(feature = "openapi", schema(minimum = 1, maximum = 10000))]
    pub reused: Vec<u32>,
    /// Parts of this upload that the store has received.
    pub received: Vec<ReceivedPart>,
    /// Checksum with which the store checks each part as it is sent.
    pub checksum: PartChecksum,
    /// Digest used as the `etag` of a part, so that a received part can be compared with a local one.
    pub part_digest: PartDigest,
    /// Whether the store has an earlier version of this file with the same part size: a part whose URL is
    /// requested with its digest may then be copied instead of sent.
    pub has_previous: bool,
    /// Whether the user already stores a file of this size with the same first bytes: hashing the whole
    /// file before sending may make sending unnecessary.
    pub may_be_stored: bool,
}

/// A checksum that the store compares with the part's bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum PartChecksum {
    /// The client sends it as `Content-MD5`; every S3 store checks it.
    Md5,
    /// The client gives it in the request for the part's URL, and sends it with the returned headers.
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

/// A URL to which one part is sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SignedPart {
    /// Number of the part, from 1.
    #[cfg_attr(feature = "openapi", schema(minimum = 1, maximum = 10000))]
    pub number: u32,
    /// URL presigned for the part's exact length.
    pub url: String,
    /// Headers to send unchanged.
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
    /// Version that is being sent; the newest unfinished one if absent.
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
    /// Size of the last part of a file whose length was unknown; all other parts have `part_size`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size_bytes: Option<u64>,
    /// Base64 of four big-endian bytes, as in `x-amz-checksum-crc32c`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(pattern = "^[A-Za-z0-9+/]{6}==$"))]
    pub crc32c: Option<String>,
    /// Digest of the kind that the upload's `part_digest` names; a part that an earlier version has is
    /// then copied.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(
        feature = "openapi",
        schema(pattern = "^(?:[0-9a-f]{32}|[0-9a-f]{64})$")
    )]
    pub digest: Option<String>,
}

/// The answer to `POST /files/:id/upload/parts`; each requested part is in one of the two lists.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SignedParts {
    /// Parts to send.
    pub parts: Vec<SignedPart>,
    /// Parts copied from the previous version.
    pub reused: Vec<ReceivedPart>,
    /// Whether the store refused to copy a part that it has: all parts must be sent.
    pub cannot_copy: bool,
}

/// The answer to `GET /files/:id/upload`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct UploadState {
    pub file: File,
    /// `null` for an upload in one request.
    pub part_size: Option<u64>,
    /// `null` while the length of the file is unknown.
    pub part_count: Option<u32>,
    pub received: Vec<ReceivedPart>,
    /// Numbers of the missing parts, among the parts planned so far.
    #[cfg_attr(feature = "openapi", schema(minimum = 1, maximum = 10000))]
    pub missing: Vec<u32>,
}
