//! `/healthz`, `/readyz`, `/metrics`

use axum::{
    Extension, Json,
    extract::{RawQuery, State},
    response::{IntoResponse, Response},
};
use http::StatusCode;
use hulk_proto::{ErrorCode, health::Outcome};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    app::App,
    error::{Error, Result},
    http::{client_ip::ClientIp, extract::no_route},
    ops::readiness::readiness,
    telemetry,
};

pub(super) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(alive))
        .routes(routes!(ready))
        .routes(routes!(metrics))
}

/// Check that the process answers
#[utoipa::path(get, path = "/healthz", tag = "operation", responses((status = 200)))]
pub(super) async fn alive() -> &'static str {
    "ok\n"
}

/// Check that the database and the store work; with `?verbose`, list all checks
#[utoipa::path(get, path = "/readyz", tag = "operation", params(("verbose" = Option<String>, Query)),
    responses((status = 200, body = hulk_proto::health::Readiness),
        (status = 503, body = hulk_proto::ErrorBody)))]
pub(super) async fn ready(
    State(app): State<App>,
    RawQuery(query): RawQuery,
    client: Option<Extension<ClientIp>>,
) -> Result<Response> {
    let is_verbose = query.is_some_and(|query| query.starts_with("verbose"));
    // Internals are only for whoever runs the server.
    let may_know = client.is_none_or(|client| client.is_local);
    if is_verbose && !may_know {
        return Err(no_route().await);
    }
    let readiness = readiness(&app).await?;
    if is_verbose {
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
        Some(_) if !may_know => Err(Error::new(
            ErrorCode::StoreUnavailable,
            "not ready; the server's log has the reason, and so has /readyz on its own machine",
        )),
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
pub(super) async fn metrics(client: Option<Extension<ClientIp>>) -> Result<String> {
    match client.is_none_or(|client| client.is_local) {
        true => Ok(telemetry::render_metrics()),
        false => Err(no_route().await),
    }
}
