//! `/healthz`, `/readyz`, `/metrics`

use axum::{
    Json,
    extract::{RawQuery, State},
    response::{IntoResponse, Response},
};
use http::StatusCode;
use hulk_proto::{ErrorCode, health::Outcome};

use crate::{
    app::App,
    error::{Error, Result},
    ops::readiness::readiness,
    telemetry,
};

/// Whether the process answers
#[utoipa::path(get, path = "/healthz", tag = "operation", responses((status = 200)))]
pub(super) async fn alive() -> &'static str {
    "ok\n"
}

/// Whether database and store answer, and the store can do what is needed; with `?verbose`, what
/// was tried
#[utoipa::path(get, path = "/readyz", tag = "operation", params(("verbose" = Option<String>, Query)),
    responses((status = 200, body = hulk_proto::health::Readiness),
        (status = 503, body = hulk_proto::ErrorBody)))]
pub(super) async fn ready(State(app): State<App>, RawQuery(query): RawQuery) -> Result<Response> {
    let readiness = readiness(&app).await?;
    if query.is_some_and(|query| query.starts_with("verbose")) {
        let status = match readiness.ready {
            true => StatusCode::OK,
            false => StatusCode::SERVICE_UNAVAILABLE,
        };
        return Ok((status, Json(readiness)).into_response());
    }
    let failed = readiness
        .checks
        .iter()
        .find(|check| check.outcome == Outcome::Failed);
    match failed {
        None => Ok("ready\n".into_response()),
        Some(check) => Err(Error::new(
            ErrorCode::StoreUnavailable,
            format!(
                "{}: {}; {}",
                check.name,
                check.message,
                check.fix.as_deref().unwrap_or_default()
            ),
        )),
    }
}

/// Metrics for Prometheus
#[utoipa::path(get, path = "/metrics", tag = "operation", responses((status = 200)))]
pub(super) async fn metrics() -> String {
    telemetry::render_metrics()
}
