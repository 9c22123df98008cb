//! The S3 store: sign, inspect, copy, delete. The same calls reach R2, AWS S3, Garage or the
//! embedded store.

pub(crate) mod embedded;
mod listing;
mod multipart;
mod observe;
mod presign;
mod probe;
mod setup;
mod unsigned;

use std::{sync::Arc, time::Duration};

use aws_sdk_s3::{
    Client,
    config::{
        BehaviorVersion, Credentials, Region, RequestChecksumCalculation,
        ResponseChecksumValidation, timeout::TimeoutConfig,
    },
    error::{DisplayErrorContext, ProvideErrorMetadata, SdkError},
    types::ChecksumMode,
};
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
use hulk_proto::{Md5, PartChecksum, Sha256, StoreDigest, limits::MAX_SINGLE_PUT_BYTES};
use tokio::sync::OnceCell;

use embedded::EmbeddedStore;
pub(crate) use embedded::receiving::DISK_RESERVE_BYTES;
pub(crate) use listing::ListedObject;
pub(crate) use multipart::Completed;
pub(crate) use presign::{Disposition, Guard, LIFETIME as URL_LIFETIME, PartToSign, Presigned};

/// The connection's own timeouts; the SDK retries within the operation's.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
const OPERATION_TIMEOUT: Duration = Duration::from_secs(60);

/// How an S3 store is reached.
pub struct Endpoint {
    /// As clients reach it, with no `/` at the end; objects are at `ENDPOINT/BUCKET/KEY`.
    pub url: String,
    pub bucket: String,
    pub region: String,
    pub credentials: Credentials,
}

/// A bucket.
#[derive(Clone)]
pub struct Store {
    client: Client,
    presigner: presign::Presigner,
    bucket: String,
    embedded: Option<EmbeddedStore>,
    part_checksum: Arc<OnceCell<PartChecksum>>,
    skew: observe::Skew,
}

/// Why the store did not do as asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error("the store has no such object, or another one by now")]
    Missing,
    #[error("the store is full")]
    Full,
    /// The store does not do this at all.
    #[error("the store cannot do that: {0}")]
    Unsupported(String),
    /// Not reached, timed out, or refused; the text is for the log.
    #[error("the store did not answer as it should: {0}")]
    Unavailable(String),
}

/// What the store says of an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attested {
    pub size_bytes: u64,
    pub etag: String,
    pub sha256: Option<Sha256>,
    /// The ETag, where it is the MD5.
    pub md5: Option<Md5>,
}

impl Store {
    /// A store somewhere else.
    pub fn remote(endpoint: Endpoint) -> Self {
        let http = aws_smithy_http_client::Builder::new()
            .tls_provider(Provider::Rustls(CryptoMode::Ring))
            .build_https();
        Self::new(endpoint, http, None)
    }

    /// The store in this process, reached without a socket.
    pub fn embedded(store: EmbeddedStore, endpoint: Endpoint) -> Self {
        let http = SharedHttpClient::new(embedded::InProcess::new(store.service()));
        Self::new(endpoint, http, Some(store))
    }

    fn new(endpoint: Endpoint, http: SharedHttpClient, embedded: Option<EmbeddedStore>) -> Self {
        let skew = observe::Skew::default();
        let timeouts = TimeoutConfig::builder()
            .connect_timeout(CONNECT_TIMEOUT)
            .operation_timeout(OPERATION_TIMEOUT)
            .build();
        let config = aws_sdk_s3::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .endpoint_url(&endpoint.url)
            .region(Region::new(endpoint.region.clone()))
            .credentials_provider(endpoint.credentials.clone())
            .force_path_style(true)
            // The default adds CRC32, which not every store takes.
            .request_checksum_calculation(RequestChecksumCalculation::WhenRequired)
            .response_checksum_validation(ResponseChecksumValidation::WhenRequired)
            .timeout_config(timeouts)
            .http_client(http)
            .interceptor(observe::Observer { skew: skew.clone() })
            .build();
        Self {
            client: Client::from_conf(config),
            bucket: endpoint.bucket.clone(),
            presigner: presign::Presigner::new(endpoint, embedded.is_none()),
            embedded,
            part_checksum: Arc::default(),
            skew,
        }
    }

    pub fn bucket(&self) -> &str {
        &self.bucket
    }

    /// What the store can say of the bytes it got by one PUT.
    pub fn digest(&self) -> StoreDigest {
        match self.embedded {
            Some(_) => StoreDigest::Sha256,
            None => StoreDigest::Md5,
        }
    }

    /// The largest object that one PUT can bring.
    pub fn max_single_put_bytes(&self) -> u64 {
        match self.embedded {
            Some(_) => hulk_proto::limits::MAX_FILE_BYTES,
            None => MAX_SINGLE_PUT_BYTES,
        }
    }

    /// Bytes free on the disk of the embedded store; `None` if the store is somewhere else.
    pub fn free_bytes(&self) -> Option<u64> {
        self.embedded.as_ref().and_then(EmbeddedStore::free_bytes)
    }

    /// Whether a signed `If-None-Match: *` keeps a put from replacing an object. Of other stores
    /// some ignore it, which cannot be told beforehand.
    pub fn puts_once(&self) -> bool {
        self.embedded.is_some()
    }

    /// Whether lifecycle rules may delete objects so many days after they were made, by the policy
    /// in their key.
    pub fn expires_objects(&self) -> bool {
        self.embedded.is_none()
    }

    /// A URL that puts exactly `size_bytes` to `key`.
    pub fn presign_put(
        &self,
        key: &str,
        size_bytes: u64,
        guard: Guard,
    ) -> Result<Presigned, StoreError> {
        self.presigner.put(key, size_bytes, guard)
    }

    /// A URL that puts a part of exactly its size.
    pub fn presign_part(&self, part: &PartToSign<'_>) -> Result<Presigned, StoreError> {
        self.presigner.put_part(part)
    }

    /// A URL that answers GET or HEAD for `key`; the answer's headers are as `disposition` says, and
    /// its bytes are those of `claim`.
    pub fn presign_get(
        &self,
        method: &http::Method,
        key: &str,
        disposition: &Disposition<'_>,
        claim: Option<&str>,
    ) -> Result<Presigned, StoreError> {
        // Another store knows nothing of claims.
        let claim = claim.filter(|_| self.embedded.is_some());
        self.presigner.get(method, key, disposition, claim)
    }

    /// `None` if there is no such object.
    pub async fn inspect(&self, key: &str) -> Result<Option<Attested>, StoreError> {
        let head = self
            .client
            .head_object()
            .bucket(&self.bucket)
            .key(key)
            .checksum_mode(ChecksumMode::Enabled)
            .send()
            .await;
        let head = match head {
            Err(error) if status_of(&error) == Some(404) => return Ok(None),
            other => other.map_err(unavailable)?,
        };
        let etag = head
            .e_tag()
            .unwrap_or_default()
            .trim_matches('"')
            .to_owned();
        let sha256 = head
            .checksum_sha256()
            .and_then(|text| BASE64.decode(text).ok());
        Ok(Some(Attested {
            size_bytes: head
                .content_length()
                .and_then(|size| size.try_into().ok())
                .unwrap_or(0),
            sha256: sha256.and_then(|bytes| bytes.try_into().ok()).map(Sha256),
            md5: etag.parse().ok(),
            etag,
        }))
    }

    /// Copies an object inside the store, if it still has `etag`.
    pub async fn copy(&self, from: &str, to: &str, source: &Attested) -> Result<(), StoreError> {
        if source.size_bytes > self.max_single_put_bytes() {
            return self.copy_in_parts(from, to, source).await;
        }
        let copied = self
            .client
            .copy_object()
            .bucket(&self.bucket)
            .key(to)
            .copy_source(format!("{}/{from}", self.bucket))
            .copy_source_if_match(format!("\"{}\"", source.etag))
            .send()
            .await;
        match copied {
            Ok(_) => Ok(()),
            Err(error) => match status_of(&error) {
                Some(404 | 412) => Err(StoreError::Missing),
                Some(507) => Err(StoreError::Full),
                _ => Err(unavailable(error)),
            },
        }
    }

    /// An object that is not there counts as deleted.
    pub async fn delete(&self, key: &str) -> Result<(), StoreError> {
        let deleted = self
            .client
            .delete_object()
            .bucket(&self.bucket)
            .key(key)
            .send()
            .await;
        match deleted {
            Err(error) if status_of(&error) == Some(404) => Ok(()),
            other => other.map(drop).map_err(unavailable),
        }
    }

    /// Whether the bucket answers, and the embedded store has threads free for it.
    pub async fn check(&self) -> Result<(), StoreError> {
        if let Some(embedded) = &self.embedded
            && !embedded.is_ready().await
        {
            let busy = "all threads of the embedded store wait for the disk";
            return Err(StoreError::Unavailable(busy.into()));
        }
        self.client
            .head_bucket()
            .bucket(&self.bucket)
            .send()
            .await
            .map(drop)
            .map_err(unavailable)
    }
}

fn status_of<E>(error: &SdkError<E>) -> Option<u16> {
    error
        .raw_response()
        .map(|response| response.status().as_u16())
}

/// As `unavailable`, where what the store says matters.
fn failed<E>(error: SdkError<E>) -> StoreError
where
    E: std::error::Error + ProvideErrorMetadata + 'static,
{
    match (status_of(&error), error.code()) {
        (Some(404 | 412), _) => StoreError::Missing,
        (Some(507), _) => StoreError::Full,
        (Some(501), _) | (_, Some("NotImplemented")) => {
            StoreError::Unsupported(error.code().unwrap_or("501").to_owned())
        }
        _ => unavailable(error),
    }
}

fn unavailable<E: std::error::Error + 'static>(error: SdkError<E>) -> StoreError {
    StoreError::Unavailable(DisplayErrorContext(&error).to_string())
}
