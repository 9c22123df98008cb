//! Probes whether a store obeys headers that were not signed.
//!
//! `x-amz-copy-source` turns a put into a copy. AWS refuses a header of S3's own that a presigned URL did not
//! sign; some other stores have obeyed it (MinIO to its last release, RustFS to September 2026), and then
//! whoever has an upload URL can copy any object that the server's key may read. Unguessable keys leave
//! little to copy, but whoever runs such a store should know.

use aws_sdk_s3::{
    config::{
        ConfigBag, Intercept, RuntimeComponents, interceptors::BeforeTransmitInterceptorContextMut,
    },
    error::BoxError,
    primitives::ByteStream,
};
use hulk_proto::health::Check;

use super::{
    client::Store,
    error::{StoreError, StoreErrorKind, status_of},
    presign::{Guard, Presigned},
};
use crate::telemetry::chain;

const BODY: &[u8] = b"what was signed";
const COPY_SOURCE: &str = "x-amz-copy-source";

impl Store {
    /// Puts to a presigned URL for `target`, with a header that makes it a copy of `key`, whose size must
    /// differ from that of [`BODY`].
    pub(super) async fn probe_unsigned(&self, key: &str, target: &str) -> Check {
        let name = "unsigned headers";
        if self.capabilities.refuses_unsigned_headers == Some(true) {
            return Check::good(name, "unsigned headers are refused");
        }
        match self.is_copy_without_signature(key, target).await {
            Ok(false) => Check::good(name, "unsigned headers are ignored"),
            Ok(true) => Check::warning(
                name,
                "the store obeys an unsigned 'x-amz-copy-source': an upload URL can copy any object whose \
                 key is known",
                "use a version of the store, or another store, that refuses unsigned headers",
            ),
            Err(error) => {
                tracing::warn!(
                    error = chain(&error),
                    "the probe of unsigned headers failed"
                );
                Check::warning(
                    name,
                    "it is not known whether the store refuses unsigned headers",
                    "the server's log says how the request failed",
                )
            }
        }
    }

    async fn is_copy_without_signature(&self, key: &str, target: &str) -> Result<bool, StoreError> {
        let url = self.presign_put(target, BODY.len() as u64, Guard::None)?;
        let added = Unsigned {
            source: format!("/{}/{key}", self.bucket),
            url,
        };
        let put = self
            .client
            .put_object()
            .bucket(&self.bucket)
            .key(target)
            .body(ByteStream::from_static(BODY))
            .customize()
            .interceptor(added)
            .send()
            .await;
        if let Err(error) = put {
            // Any status means that it was refused.
            return status_of(&error)
                .map(|_| false)
                .ok_or_else(|| StoreError::unavailable("PutObject", target, error));
        }
        let made = self.inspect(target).await?;
        let made =
            made.ok_or_else(|| StoreError::new("HeadObject", target, StoreErrorKind::Missing))?;
        Ok(made.size_bytes != BODY.len() as u64)
    }
}

/// Sends a request to the presigned URL instead, as a client would, with an additional header.
struct Unsigned {
    source: String,
    url: Presigned,
}

/// Leaves out the URL's signature.
impl std::fmt::Debug for Unsigned {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Unsigned").finish_non_exhaustive()
    }
}

impl Intercept for Unsigned {
    fn name(&self) -> &'static str {
        "Unsigned"
    }

    fn modify_before_transmit(
        &self,
        context: &mut BeforeTransmitInterceptorContextMut<'_>,
        _components: &RuntimeComponents,
        _config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let request = context.request_mut();
        request.set_uri(self.url.url.as_str())?;
        let theirs: Vec<String> = request
            .headers()
            .iter()
            .map(|(name, _)| name.to_owned())
            .filter(|name| name == "authorization" || name.starts_with("x-amz-"))
            .collect();
        for name in theirs {
            request.headers_mut().remove(name);
        }
        for (name, value) in &self.url.headers {
            request
                .headers_mut()
                .try_insert(name.clone(), value.clone())?;
        }
        request
            .headers_mut()
            .try_insert(COPY_SOURCE, self.source.clone())?;
        Ok(())
    }
}
