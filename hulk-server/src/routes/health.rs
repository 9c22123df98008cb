//! `/healthz`, `/readyz`, `/metrics`

use axum::extract::State;

use crate::{app::App, error::Result, telemetry};

/// Whether the process answers
#[utoipa::path(get, path = "/healthz", tag = "operation", responses((status = 200)))]
pub(super) async fn alive() -> &'static str {
    "ok\n"
}

/// Whether database and store answer
#[utoipa::path(get, path = "/readyz", tag = "operation",
    responses((status = 200), (status = 503, body = hulk_proto::ErrorBody)))]
pub(super) async fn ready(State(app): State<App>) -> Result<&'static str> {
    app.db.ping().await?;
    app.store.check().await?;
    Ok("ready\n")
}

/// Metrics for Prometheus
#[utoipa::path(get, path = "/metrics", tag = "operation", responses((status = 200)))]
pub(super) async fn metrics() -> String {
    telemetry::render_metrics()
}
