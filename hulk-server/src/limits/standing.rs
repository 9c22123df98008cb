//! What a caller has left of a limit, as the headers of an answer say it.
//!
//! `RateLimit-Policy` and `RateLimit` are those of draft-ietf-httpapi-ratelimit-headers-11: their `t` is the
//! time until anything more is allowed. `X-RateLimit-Reset` is the time until the whole limit is there again.
//! All times are in seconds, rounded up.

use std::time::Duration;

use http::{HeaderMap, HeaderValue};
use hulk_proto::ErrorCode;

use crate::{config::Rate, error::Error};

/// What a caller has left of a limit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Standing {
    /// Name of the class of requests.
    pub(crate) class: &'static str,
    pub(crate) rate: Rate,
    /// Requests that may be made at once.
    pub(crate) remaining: u32,
    /// Time until one more is allowed.
    pub(crate) next: Duration,
    /// Time until all are allowed, if none is made until then.
    pub(crate) reset: Duration,
}

impl Standing {
    /// Adds the headers, unless the answer already has those of another limit.
    pub(crate) fn write(&self, headers: &mut HeaderMap) {
        let (class, remaining) = (self.class, self.remaining);
        let (most, window) = (self.rate.most, whole_seconds(self.rate.window));
        let (next, reset) = (whole_seconds(self.next), whole_seconds(self.reset));
        for (name, value) in [
            ("x-ratelimit-limit", most.to_string()),
            ("x-ratelimit-remaining", remaining.to_string()),
            ("x-ratelimit-reset", reset.to_string()),
            (
                "ratelimit-policy",
                format!("\"{class}\";q={most};w={window}"),
            ),
            ("ratelimit", format!("\"{class}\";r={remaining};t={next}")),
        ] {
            if let Ok(value) = HeaderValue::try_from(value) {
                headers.entry(name).or_insert(value);
            }
        }
    }

    /// Returns the refusal of a request.
    pub(crate) fn refusal(&self, what: &str) -> Error {
        let wait = whole_seconds(self.next).max(1);
        let class = self.class;
        let mut headers = HeaderMap::new();
        self.write(&mut headers);
        Error::new(
            ErrorCode::TooManyRequests,
            format!(
                "too many {what} (limit '{class}'); try again in {}",
                span(wait)
            ),
        )
        .with_retry_after(Duration::from_secs(wait))
        .with_headers(headers)
    }
}

fn whole_seconds(time: Duration) -> u64 {
    time.as_secs() + u64::from(time.subsec_nanos() > 0)
}

fn span(seconds: u64) -> String {
    match seconds {
        0..120 => format!("{seconds} s"),
        _ => format!("{} minutes", seconds.div_ceil(60)),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn times_are_whole_seconds() {
        let standing = Standing {
            class: "api",
            rate: Rate::per_minutes(100, 1),
            remaining: 50,
            next: Duration::from_millis(600),
            reset: Duration::from_millis(29_001),
        };
        let mut headers = HeaderMap::new();
        standing.write(&mut headers);
        for (name, value) in [
            ("x-ratelimit-limit", "100"),
            ("x-ratelimit-remaining", "50"),
            ("x-ratelimit-reset", "30"),
            ("ratelimit-policy", "\"api\";q=100;w=60"),
            ("ratelimit", "\"api\";r=50;t=1"),
        ] {
            assert_eq!(headers.get(name).unwrap(), value, "{name}");
        }
        let refusal = standing.refusal("requests");
        assert_eq!(refusal.headers().get("retry-after").unwrap(), "1");
        assert!(refusal.headers().contains_key("ratelimit"));
    }
}
