//! Sets up a bucket, its CORS rules and its lifecycle rules.

use aws_sdk_s3::{
    error::{DisplayErrorContext, ProvideErrorMetadata, SdkError},
    types::{
        AbortIncompleteMultipartUpload, BucketLifecycleConfiguration, CorsConfiguration, CorsRule,
        ExpirationStatus, LifecycleExpiration, LifecycleRule, LifecycleRuleFilter,
    },
};
use hulk_proto::{ExpirationPolicy, health::Check};

use super::client::Store;

/// A file's time begins when its upload is reported, up to a week after its object was created; the server's
/// own sweep deletes it before the store does.
const MARGIN_DAYS: i32 = 9;
/// For bytes that were uploaded and never copied; longer than the server waits for an upload.
const UPLOADS_DAYS: i32 = 9;
/// A slow upload of the largest file takes less.
const ABORT_DAYS: i32 = 30;

impl Store {
    /// Sets up the bucket. Returns what was set, and what the store refused. `origin` is that of the page
    /// that uploads; `None` allows all.
    pub async fn init(&self, env: &str, origin: Option<&str>) -> Vec<Check> {
        if !self.capabilities.needs_setup {
            return vec![Check::good("bucket", "the embedded store needs no setup")];
        }
        let bucket = self.make_bucket().await;
        if bucket.fix.is_some() {
            return vec![bucket];
        }
        vec![
            bucket,
            self.set_cors(origin).await,
            self.set_lifecycle(env).await,
        ]
    }

    async fn make_bucket(&self) -> Check {
        let name = "bucket";
        if self.check().await.is_ok() {
            return Check::good(name, format!("'{}' already exists", self.bucket));
        }
        let made = self.client.create_bucket().bucket(&self.bucket).send();
        match made.await {
            Ok(_) => Check::good(name, format!("'{}' was created", self.bucket)),
            Err(error) => Check::failed(
                name,
                format!(
                    "the store did not create '{}': {}",
                    self.bucket,
                    said(&error)
                ),
                "check --s3-endpoint, --s3-region and the credentials, or create the bucket with \
                 the store's own tools and run this again",
            ),
        }
    }

    async fn set_cors(&self, origin: Option<&str>) -> Check {
        let name = "cors";
        let rule = CorsRule::builder()
            .allowed_origins(origin.unwrap_or("*"))
            .allowed_methods("GET")
            .allowed_methods("HEAD")
            .allowed_methods("PUT")
            .allowed_headers("*")
            .expose_headers("ETag")
            .expose_headers("Content-Length")
            .expose_headers("Content-Range")
            .max_age_seconds(3600)
            .build();
        let rules = rule.and_then(|rule| CorsConfiguration::builder().cors_rules(rule).build());
        let Ok(rules) = rules else {
            return Check::failed(name, "the rule is incomplete", "report this");
        };
        let set = self
            .client
            .put_bucket_cors()
            .bucket(&self.bucket)
            .cors_configuration(rules)
            .send();
        match set.await {
            Ok(_) => Check::good(name, "browsers may upload and download"),
            Err(error) => Check::warning(
                name,
                format!("the store refused the rules: {}", said(&error)),
                "allow s3:PutBucketCORS, or set them with the store's own tools: GET, HEAD and PUT, \
                 all headers, ETag exposed",
            ),
        }
    }

    async fn set_lifecycle(&self, env: &str) -> Check {
        let name = "lifecycle";
        let Some(rules) = rules(env) else {
            return Check::failed(name, "a rule is incomplete", "report this");
        };
        let count = rules.rules().len();
        let set = self
            .client
            .put_bucket_lifecycle_configuration()
            .bucket(&self.bucket)
            .lifecycle_configuration(rules)
            .send();
        match set.await {
            Ok(_) => Check::good(name, format!("{count} rules are set")),
            Err(error) => Check::warning(
                name,
                format!("the store refused the rules: {}", said(&error)),
                "allow s3:PutLifecycleConfiguration; without them the server's sweeps do the same",
            ),
        }
    }
}

fn rules(env: &str) -> Option<BucketLifecycleConfiguration> {
    let expiring = ExpirationPolicy::ALL
        .into_iter()
        .filter_map(|policy| Some((policy.as_str(), i32::try_from(policy.days()?).ok()?)));
    let rules = expiring
        .map(|(prefix, days)| (prefix, days + MARGIN_DAYS))
        .chain([("uploads", UPLOADS_DAYS)])
        .map(|(prefix, days)| {
            LifecycleRule::builder()
                .id(format!("{env}-{prefix}"))
                .status(ExpirationStatus::Enabled)
                .filter(under(format!("{env}/{prefix}/")))
                .expiration(LifecycleExpiration::builder().days(days).build())
                .build()
        });
    let abort = LifecycleRule::builder()
        .id(format!("{env}-abort"))
        .status(ExpirationStatus::Enabled)
        .filter(under(format!("{env}/")))
        .abort_incomplete_multipart_upload(
            AbortIncompleteMultipartUpload::builder()
                .days_after_initiation(ABORT_DAYS)
                .build(),
        )
        .build();
    let rules: Result<Vec<_>, _> = rules.chain([abort]).collect();
    BucketLifecycleConfiguration::builder()
        .set_rules(rules.ok())
        .build()
        .ok()
}

fn under(prefix: String) -> LifecycleRuleFilter {
    LifecycleRuleFilter::builder().prefix(prefix).build()
}

/// Returns the store's own error message, or why there is none.
fn said<E: ProvideErrorMetadata + std::error::Error + 'static>(error: &SdkError<E>) -> String {
    match (error.code(), error.message()) {
        (Some(code), Some(message)) => format!("{code} ({message})"),
        (Some(code), None) => code.to_owned(),
        _ => DisplayErrorContext(error).to_string(),
    }
}
