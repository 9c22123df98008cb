//! Logs and metrics.

use std::{
    error::Error,
    sync::OnceLock,
    time::{Duration, Instant},
};

use axum::{
    extract::{MatchedPath, Request},
    middleware::Next,
    response::Response,
};
use http::{HeaderName, HeaderValue, Method};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use tracing_subscriber::EnvFilter;

/// Header of every answer; the value that a client sends is kept if it is plain.
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Upper bounds of the buckets, in seconds.
const LATENCY_BUCKETS: [f64; 11] = [
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0, 30.0,
];

/// The longest text in a field of the log.
const LOGGED_BYTES: usize = 512;
const UPKEEP_INTERVAL: Duration = Duration::from_secs(5);

static METRICS: OnceLock<Option<PrometheusHandle>> = OnceLock::new();

/// Logs JSON lines to stderr, at `default_level` unless `RUST_LOG` says otherwise. `s3s` is off: it logs
/// refused requests as errors, but those are the clients' errors, not ours.
pub fn init_logs(default_level: &str) {
    let filter = EnvFilter::try_from_default_env()
        .unwrap_or_else(|_| EnvFilter::new(format!("{default_level},s3s=off")));
    // A logger that is already set stays.
    let _ = tracing_subscriber::fmt()
        .json()
        .flatten_event(true)
        .with_current_span(false)
        .with_writer(std::io::stderr)
        .with_env_filter(filter)
        .try_init();
}

/// Installs one recorder per process, however many servers it runs.
pub(crate) fn init_metrics() {
    METRICS.get_or_init(|| {
        let latencies = Matcher::Suffix("_seconds".into());
        PrometheusBuilder::new()
            .set_buckets_for_metric(latencies, &LATENCY_BUCKETS)
            .and_then(PrometheusBuilder::install_recorder)
            .ok()
    });
}

pub(crate) fn render_metrics() -> String {
    METRICS
        .get()
        .and_then(Option::as_ref)
        .map(PrometheusHandle::render)
        .unwrap_or_default()
}

/// Merges measurements into the histograms periodically: until then each one is held in memory.
pub(crate) async fn upkeep() {
    let mut interval = tokio::time::interval(UPKEEP_INTERVAL);
    loop {
        interval.tick().await;
        if let Some(metrics) = METRICS.get().and_then(Option::as_ref) {
            metrics.run_upkeep();
        }
    }
}

/// Returns the method's name for metrics and logs; all methods that clients invent share one name.
fn method_name(method: &Method) -> &'static str {
    const KNOWN: [Method; 9] = [
        Method::GET,
        Method::HEAD,
        Method::POST,
        Method::PUT,
        Method::DELETE,
        Method::OPTIONS,
        Method::PATCH,
        Method::CONNECT,
        Method::TRACE,
    ];
    const NAMES: [&str; 9] = [
        "GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "CONNECT", "TRACE",
    ];
    let known = KNOWN.iter().zip(NAMES).find(|(known, _)| *known == method);
    known.map_or("other", |(_, name)| name)
}

/// Truncates text that a client may have chosen, for the log.
pub(crate) fn cut(text: &str) -> &str {
    &text[..text.floor_char_boundary(LOGGED_BYTES)]
}

/// Logs and counts a request, by its route and never by its URL: a query may hold a signature.
pub(crate) async fn observe(mut request: Request, next: Next) -> Response {
    let start = Instant::now();
    let request_id = request_id(&request);
    request.headers_mut().insert(REQUEST_ID, request_id.clone());
    let method = method_name(request.method());
    let route = request
        .extensions()
        .get::<MatchedPath>()
        .map(|path| path.as_str().to_owned());
    let route = route.unwrap_or_else(|| "none".to_owned());
    let mut response = next.run(request).await;
    let status = response.status().as_u16();
    let elapsed = start.elapsed();
    tracing::info!(
        request_id = request_id.to_str().unwrap_or_default(),
        method,
        route,
        status,
        milliseconds = elapsed.as_secs_f64() * 1e3,
        "answered"
    );
    let labels = [
        ("method", method.to_owned()),
        ("route", route),
        ("status", status.to_string()),
    ];
    metrics::counter!("hulk_http_requests_total", &labels).increment(1);
    metrics::histogram!("hulk_http_request_duration_seconds", &labels[..2])
        .record(elapsed.as_secs_f64());
    response.headers_mut().insert(REQUEST_ID, request_id);
    response
}

fn request_id(request: &Request) -> HeaderValue {
    let is_plain = |value: &&HeaderValue| {
        let bytes = value.as_bytes();
        (1..=64).contains(&bytes.len())
            && bytes
                .iter()
                .all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(byte))
    };
    let own = || HeaderValue::try_from(hulk_proto::Id::random().to_string());
    match request.headers().get(REQUEST_ID).filter(is_plain) {
        Some(theirs) => theirs.clone(),
        None => own().unwrap_or_else(|_| HeaderValue::from_static("none")),
    }
}

/// Formats an error with its causes, each after a colon.
pub(crate) fn chain(error: &(dyn Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let inner = error.to_string();
        // Some errors repeat their cause.
        if !text.contains(&inner) {
            text = format!("{text}: {inner}");
        }
        cause = error.source();
    }
    text
}
