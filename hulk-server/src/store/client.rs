//! The client of a bucket: sign, inspect, copy, delete.

use std::{sync::Arc, time::Duration};

use aws_sdk_s3::{
    Client,
    config::{
        BehaviorVersion, Region, RequestChecksumCalculation, ResponseChecksumValidation,
        timeout::TimeoutConfig,
    },
    types::ChecksumMode,
};
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
use hulk_proto::{Md5, PartChecksum, Sha256};
use tokio::sync::OnceCell;

use super::{
    capabilities::Capabilities,
    embedded::{EmbeddedStore, InProcess},
    endpoint::Endpoint,
    error::{StoreError, status_of},
    observe,
    presign::{Disposition, Guard, PartToSign, Presigned, Presigner},
};

/// The connection's own timeouts; the SDK retries within the operation's.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
const OPERATION_TIMEOUT: Duration = Duration::from_secs(60);

/// Client of one bucket.
#[derive(Clone)]
pub struct Store {
    pub(super) client: Client,
    presigner: Presigner,
    pub(super) bucket: String,
    pub(super) capabilities: Capabilities,
    /// The store itself, where it runs in this process.
    embedded: Option<EmbeddedStore>,
    pub(super) part_checksum: Arc<OnceCell<PartChecksum>>,
    pub(super) skew: observe::Skew,
}

/// Properties of an object, as the store reports them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attested {
    pub size_bytes: u64,
    pub etag: String,
    pub sha256: Option<Sha256>,
    /// The ETag, where it is the MD5.
    pub md5: Option<Md5>,
}

impl Store {
    /// Returns the client of a store outside this process.
    pub fn remote(endpoint: Endpoint) -> Self {
        let http = aws_smithy_http_client::Builder::new()
            .tls_provider(Provider::Rustls(CryptoMode::Ring))
            .build_https();
        Self::new(endpoint, http, None)
    }

    /// Returns the client of the store in this process, which needs no socket.
    pub fn embedded(store: EmbeddedStore, endpoint: Endpoint) -> Self {
        let http = SharedHttpClient::new(InProcess::new(store.service()));
        Self::new(endpoint, http, Some(store))
    }

    fn new(endpoint: Endpoint, http: SharedHttpClient, embedded: Option<EmbeddedStore>) -> Self {
        let capabilities = match embedded {
            Some(_) => Capabilities::EMBEDDED,
            None => Capabilities::REMOTE,
        };
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
            // The default adds CRC32, which not every store accepts.
            .request_checksum_calculation(RequestChecksumCalculation::WhenRequired)
            .response_checksum_validation(ResponseChecksumValidation::WhenRequired)
            .timeout_config(timeouts)
            .http_client(http)
            .interceptor(observe::Observer { skew: skew.clone() })
            .build();
        Self {
            client: Client::from_conf(config),
            bucket: endpoint.bucket.clone(),
            presigner: Presigner::new(endpoint, capabilities.url_lifetime),
            capabilities,
            embedded,
            part_checksum: Arc::default(),
            skew,
        }
    }

    pub fn bucket(&self) -> &str {
        &self.bucket
    }

    pub fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    /// Returns the free bytes on the disk of the embedded store; `None` for any other store.
    pub fn free_bytes(&self) -> Option<u64> {
        self.embedded.as_ref().and_then(EmbeddedStore::free_bytes)
    }

    /// Signs a URL for a put of exactly `size_bytes` to `key`.
    pub fn presign_put(
        &self,
        key: &str,
        size_bytes: u64,
        guard: Guard,
    ) -> Result<Presigned, StoreError> {
        self.presigner.put(key, size_bytes, guard)
    }

    /// Signs a URL for a put of a part, of exactly its size.
    pub fn presign_part(&self, part: &PartToSign<'_>) -> Result<Presigned, StoreError> {
        self.presigner.put_part(part)
    }

    /// Signs a URL for a GET or HEAD of `key`. `disposition` sets headers of the response, and its bytes
    /// count for `claim`.
    pub fn presign_get(
        &self,
        method: &http::Method,
        key: &str,
        disposition: &Disposition<'_>,
        claim: Option<&str>,
    ) -> Result<Presigned, StoreError> {
        let claim = claim.filter(|_| self.capabilities.counts_claims);
        self.presigner.get(method, key, disposition, claim)
    }

    /// Asks the store about an object; `None` if it does not exist.
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
            other => other.map_err(|error| StoreError::unavailable("HeadObject", key, error))?,
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
        if source.size_bytes > self.capabilities.max_single_put_bytes {
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
            Err(error) => Err(StoreError::answered("CopyObject", from, error)),
        }
    }

    /// Deletes an object; one that does not exist counts as deleted.
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
            other => other
                .map(drop)
                .map_err(|error| StoreError::unavailable("DeleteObject", key, error)),
        }
    }

    /// Fails if the bucket does not answer, or the embedded store has no free thread.
    pub async fn check(&self) -> Result<(), StoreError> {
        if let Some(embedded) = &self.embedded
            && !embedded.is_ready().await
        {
            let busy = "all threads of the embedded store wait for the disk";
            return Err(StoreError::unavailable("HeadBucket", "", busy));
        }
        self.client
            .head_bucket()
            .bucket(&self.bucket)
            .send()
            .await
            .map(drop)
            .map_err(|error| StoreError::unavailable("HeadBucket", "", error))
    }
}
