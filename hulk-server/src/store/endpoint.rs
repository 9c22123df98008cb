//! How an S3 store is reached.

use aws_sdk_s3::config::Credentials;

/// How an S3 store is reached.
pub struct Endpoint {
    /// As clients reach it, with no `/` at the end; objects are at `ENDPOINT/BUCKET/KEY`.
    pub url: String,
    pub bucket: String,
    pub region: String,
    pub credentials: Credentials,
}
