//! One HTTP client for server and store, with its timeouts.

pub(crate) mod answer;
pub(crate) mod rate_limit;
pub(crate) mod retry;
pub(crate) mod waits;

use std::{env, sync::Arc, time::Duration};

use reqwest::redirect;
use url::Url;

use crate::error::{Error, Result};
use rate_limit::RateLimit;
use retry::RetryPolicy;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
const RETRY_TIMEOUT: Duration = Duration::from_secs(120);
const STALL_TIMEOUT: Duration = Duration::from_secs(30);

/// HTTP client and its limits. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Net {
    pub(crate) http: reqwest::Client,
    /// How long a transfer without progress is retried.
    retry_timeout: Duration,
    /// A request that moves no bytes for this long is stalled.
    pub(crate) stall_timeout: Duration,
    pub(crate) limit: Arc<RateLimit>,
}

impl Net {
    /// Creates a client that follows no redirects: their targets are part of the protocol.
    ///
    /// # Errors
    /// If HTTP cannot be set up, or a variable is not a number of seconds.
    pub(crate) fn new() -> Result<Self> {
        let mut http = reqwest::Client::builder();
        if is_direct() {
            http = http.no_proxy();
        }
        let http = http
            .user_agent(concat!("hulk/", env!("CARGO_PKG_VERSION")))
            .redirect(redirect::Policy::none())
            .connect_timeout(CONNECT_TIMEOUT)
            .tcp_nodelay(true)
            .build()
            .map_err(|error| {
                Error::failed(format!("cannot set up HTTP: {}", answer::innermost(&error)))
            })?;
        Ok(Self {
            http,
            retry_timeout: seconds("HULK_RETRY_TIMEOUT", RETRY_TIMEOUT)?,
            stall_timeout: seconds("HULK_STALL_TIMEOUT", STALL_TIMEOUT)?,
            limit: Arc::new(RateLimit::none()),
        })
    }

    /// Limits file bytes to `bytes_per_second`.
    pub(crate) fn limited(mut self, bytes_per_second: Option<u64>) -> Self {
        if let Some(rate) = bytes_per_second {
            self.limit = Arc::new(RateLimit::new(rate));
        }
        self
    }

    pub(crate) fn retry_policy(&self) -> RetryPolicy {
        RetryPolicy::new(self.retry_timeout)
    }

    pub(crate) fn first_contact_policy(&self) -> RetryPolicy {
        RetryPolicy::of_first_contact(self.retry_timeout)
    }
}

/// Whether `NO_PROXY` excludes every host, as `curl` reads it; reqwest applies `*` to names alone.
fn is_direct() -> bool {
    let listed = ["no_proxy", "NO_PROXY"].map(|name| env::var(name).unwrap_or_default());
    let mut entries = listed.iter().flat_map(|list| list.split(','));
    entries.any(|entry| entry.trim() == "*")
}

fn seconds(variable: &str, default: Duration) -> Result<Duration> {
    match env::var(variable).ok().filter(|text| !text.is_empty()) {
        None => Ok(default),
        Some(text) => text
            .parse()
            .ok()
            .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
            .ok_or_else(|| Error::usage(format!("{variable} must be a number of seconds"))),
    }
}

/// Returns another page of a server, with the same query. Each segment is encoded: a name may look like `..`.
pub(crate) fn page_url(base: &Url, segments: &[&str]) -> Url {
    let mut url = base.clone();
    // Only a URL without a host has no path segments.
    if let Ok(mut path) = url.path_segments_mut() {
        path.clear().extend(segments);
    }
    url
}
