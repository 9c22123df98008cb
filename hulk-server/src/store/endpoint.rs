//! How an S3 store is reached.

use aws_sdk_s3::config::Credentials;

/// How an S3 store is reached.
pub struct Endpoint {
    /// URL at which clients reach it, without a trailing `/`; objects are at `ENDPOINT/BUCKET/KEY`.
    pub url: String,
    /// URL at which clients reach it for downloads: the same, unless these have an origin of their own.
    pub download_url: String,
    pub bucket: String,
    pub region: String,
    pub credentials: Credentials,
}
