//! `/hooks/…`: notices from other programs.

use axum::extract::State;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    app::App,
    error::Result,
    http::{caller::StoreWebhook, extract::Json},
    ops::store_events::{Noticed, handle_events},
};

pub(super) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(s3_events))
}

/// Receive the store's notices of objects that were created or removed
#[utoipa::path(post, path = "/hooks/s3-events", tag = "operation",
    request_body = serde_json::Value,
    responses((status = 200, body = Noticed), (status = 400, body = hulk_proto::ErrorBody),
        (status = 401, body = hulk_proto::ErrorBody), (status = 404, body = hulk_proto::ErrorBody)))]
pub(crate) async fn s3_events(
    State(app): State<App>,
    _: StoreWebhook,
    Json(message): Json<serde_json::Value>,
) -> Result<axum::Json<Noticed>> {
    Ok(axum::Json(handle_events(&app, &message).await?))
}
