//! Probes what the server and its clients need of a store, with objects of its own.

use aws_sdk_s3::{error::ProvideErrorMetadata, primitives::ByteStream, types::CorsRule};
use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
use hulk_proto::health::Check;

use super::{
    client::{Attested, Store},
    error::{StoreError, StoreErrorKind, status_of},
    multipart::{Completed, SourceRange},
    object_key,
};
use crate::telemetry::chain;

/// As large as the smallest part, since some stores do not copy a part from less.
const BODY: &[u8] = &[0x68; 5 << 20];

impl Store {
    /// # Errors
    /// If the store does not answer at all.
    pub async fn probe(&self, env: &str) -> Result<Vec<Check>, StoreError> {
        self.check().await?;
        let key = object_key::probe(env);
        let tried = self.try_all(&key).await;
        // Whatever the outcome, no object is left.
        for suffix in ["", "-copy", "-parts", "-damaged", "-unsigned"] {
            self.delete(&format!("{key}{suffix}")).await?;
        }
        tried
    }

    async fn try_all(&self, key: &str) -> Result<Vec<Check>, StoreError> {
        let put = self.put_object(key, None).await;
        put.map_err(|status| {
            StoreError::unavailable("PutObject", key, format!("status {status}"))
        })?;
        let attested = self.inspect(key).await?;
        let attested =
            attested.ok_or_else(|| StoreError::new("HeadObject", key, StoreErrorKind::Missing))?;
        Ok(vec![
            self.probe_md5(key).await,
            self.probe_ranges(key).await,
            self.probe_copy(key, &attested).await,
            self.probe_parts(key).await,
            self.probe_unsigned(key, &format!("{key}-unsigned")).await,
            self.probe_cors().await,
            self.probe_lifecycle().await,
            Check::clock("store clock", self.skew.seconds()),
        ])
    }

    /// Puts a probe object; the error is the status of the refusal, 0 if there was no answer.
    async fn put_object(&self, key: &str, md5: Option<[u8; 16]>) -> Result<(), u16> {
        self.client
            .put_object()
            .bucket(&self.bucket)
            .key(key)
            .set_content_md5(md5.map(|md5| BASE64.encode(md5)))
            .body(ByteStream::from_static(BODY))
            .send()
            .await
            .map(drop)
            .map_err(|error| {
                let status = status_of(&error).unwrap_or(0);
                let error = StoreError::unavailable("PutObject", key, error);
                tracing::debug!(error = chain(&error), "a put of the probe was refused");
                status
            })
    }

    async fn probe_md5(&self, key: &str) -> Check {
        let name = "content-md5";
        match self
            .put_object(&format!("{key}-damaged"), Some([0; 16]))
            .await
        {
            Err(400) => Check::good(name, "the store refuses bytes that were damaged in transit"),
            _ => Check::failed(
                name,
                "the store accepted bytes with a wrong Content-MD5",
                "keep proxies between server and store from removing Content-MD5, or use a store that checks it",
            ),
        }
    }

    async fn probe_ranges(&self, key: &str) -> Check {
        let name = "ranges";
        let got = self
            .client
            .get_object()
            .bucket(&self.bucket)
            .key(key)
            .range("bytes=5-8")
            .send()
            .await;
        let bytes = match got {
            Ok(got) => got.body.collect().await.map(|body| body.into_bytes()).ok(),
            Err(_) => None,
        };
        match bytes.as_deref() {
            Some(part) if part == &BODY[5..9] => Check::good(name, "downloads can be resumed"),
            _ => Check::failed(
                name,
                "the store does not answer 'Range: bytes=5-8' with the requested bytes",
                "keep proxies between server and store from removing Range",
            ),
        }
    }

    async fn probe_copy(&self, key: &str, attested: &Attested) -> Check {
        let name = "copy";
        match self.copy(key, &format!("{key}-copy"), attested).await {
            Ok(()) => Check::good(name, "the same bytes need not be sent twice"),
            Err(error) => Check::failed(
                name,
                format!("the store does not copy an object ({})", brief(&error)),
                "allow s3:GetObject and s3:PutObject to the server's key for the whole bucket",
            ),
        }
    }

    async fn probe_parts(&self, key: &str) -> Check {
        let name = "parts";
        let target = format!("{key}-parts");
        let tried = async {
            let upload_id = self.create_multipart(&target).await?;
            let source = SourceRange {
                key,
                start: 0,
                len: BODY.len() as u64,
            };
            let copied = self.copy_part(source, &target, &upload_id, 1).await;
            let completed = match &copied {
                Ok(etag) => {
                    let etags = [etag.clone()];
                    self.complete_multipart(&target, &upload_id, &etags).await
                }
                Err(_) => Ok(Completed::PartMissing),
            };
            if !matches!(completed, Ok(Completed::Done)) {
                self.abort_multipart(&target, &upload_id).await?;
            }
            copied.and(completed)
        };
        match tried.await {
            Ok(Completed::Done) => Check::good(
                name,
                "large files are sent in parts, and only the parts that changed",
            ),
            Err(error) if error.kind == StoreErrorKind::Unsupported => Check::warning(
                name,
                "the store cannot copy parts: a changed file is sent whole",
                "use another store, if that matters",
            ),
            outcome => Check::failed(
                name,
                format!(
                    "an upload in parts failed ({})",
                    outcome.map_or_else(|error| brief(&error), |_| "a part is missing")
                ),
                "allow s3:AbortMultipartUpload and s3:ListMultipartUploadParts to the server's key",
            ),
        }
    }

    async fn probe_cors(&self) -> Check {
        let name = "cors";
        if !self.capabilities.needs_setup {
            return Check::good(name, "browsers may upload");
        }
        let fix = "run 'hulk-server storage init', or set a CORS rule for GET, HEAD and PUT that \
                   exposes ETag; the command line needs none";
        let rules = self.client.get_bucket_cors().bucket(&self.bucket).send();
        match rules.await {
            Ok(found) if found.cors_rules().iter().any(lets_browsers_upload) => {
                Check::good(name, "browsers may upload")
            }
            Ok(_) => Check::warning(name, "no CORS rule of the bucket lets browsers upload", fix),
            Err(error) => {
                let code = error.code().unwrap_or("no answer");
                Check::warning(
                    name,
                    format!("the bucket's CORS rules could not be read: {code}"),
                    fix,
                )
            }
        }
    }

    async fn probe_lifecycle(&self) -> Check {
        let name = "lifecycle";
        if !self.capabilities.needs_setup {
            return Check::good(name, "the server's sweeps are all that is needed");
        }
        let rules = self
            .client
            .get_bucket_lifecycle_configuration()
            .bucket(&self.bucket)
            .send();
        let aborts = match rules.await {
            Ok(found) => found
                .rules()
                .iter()
                .any(|rule| rule.abort_incomplete_multipart_upload().is_some()),
            Err(_) => false,
        };
        match aborts {
            true => Check::good(name, "the store aborts abandoned uploads automatically"),
            false => Check::warning(
                name,
                "no rule of the bucket aborts abandoned uploads; the server's sweeps do",
                "run 'hulk-server storage init'",
            ),
        }
    }
}

fn lets_browsers_upload(rule: &CorsRule) -> bool {
    let has = |list: &[String], wanted: &str| {
        list.iter()
            .any(|item| item == "*" || item.eq_ignore_ascii_case(wanted))
    };
    has(rule.allowed_methods(), "PUT") && has(rule.expose_headers(), "etag")
}

/// Returns a short reason; the log has the whole error.
fn brief(error: &StoreError) -> &'static str {
    tracing::warn!(error = chain(error), "a probe of the store failed");
    match error.kind {
        StoreErrorKind::Missing => "an object is missing",
        StoreErrorKind::Full => "the store is full",
        StoreErrorKind::Unsupported => "the store does not support it",
        StoreErrorKind::Unavailable => "the server's log has the reason",
    }
}
