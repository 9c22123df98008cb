//! What a store can do, as far as that is known without trying it.

use std::time::Duration;

use hulk_proto::{
    PartDigest, StoreDigest,
    limits::{MAX_FILE_BYTES, MAX_SINGLE_PUT_BYTES},
};

/// Longest lifetime of a presigned URL. A transfer that begins in time may end later.
pub(crate) const URL_LIFETIME: Duration = Duration::from_secs(60 * 60);

/// What differs between the embedded store and any other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Capabilities {
    /// Digest that the store reports for the bytes of one PUT.
    pub digest: StoreDigest,
    /// Digest that the ETag of a part is.
    pub part_digest: PartDigest,
    /// Size of the largest object that one PUT can make.
    pub max_single_put_bytes: u64,
    /// Whether a signed `If-None-Match: *` keeps a put from replacing an object. Some other stores ignore
    /// it, which cannot be known beforehand.
    pub puts_once: bool,
    /// Whether a CRC32C of a part is checked; `None` if that has to be probed.
    pub checks_crc32c: Option<bool>,
    /// Whether headers that were not signed are refused; `None` if that has to be probed.
    pub refuses_unsigned_headers: Option<bool>,
    /// Whether lifecycle rules may delete objects some days after they were made, by the policy in
    /// their key.
    pub expires_objects: bool,
    /// Whether the bucket, its CORS rules and its lifecycle rules are the operator's to set.
    pub needs_setup: bool,
    /// Whether the store counts the bytes that it sends for a claim.
    pub counts_claims: bool,
    /// Lifetime of a presigned URL.
    pub url_lifetime: Duration,
}

impl Capabilities {
    pub(super) const EMBEDDED: Self = Self {
        digest: StoreDigest::Sha256,
        part_digest: PartDigest::Blake3,
        max_single_put_bytes: MAX_FILE_BYTES,
        puts_once: true,
        checks_crc32c: Some(true),
        refuses_unsigned_headers: Some(true),
        expires_objects: false,
        needs_setup: false,
        counts_claims: true,
        url_lifetime: URL_LIFETIME,
    };

    pub(super) const REMOTE: Self = Self {
        digest: StoreDigest::Md5,
        part_digest: PartDigest::Md5,
        max_single_put_bytes: MAX_SINGLE_PUT_BYTES,
        puts_once: false,
        checks_crc32c: None,
        refuses_unsigned_headers: None,
        expires_objects: true,
        needs_setup: true,
        counts_claims: false,
        // Another store cannot ask whether the upload is still open.
        url_lifetime: Duration::from_secs(15 * 60),
    };
}
