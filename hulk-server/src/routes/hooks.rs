//! `/hooks/…`: what other programs tell the server.

use axum::extract::State;

use crate::{
    app::App,
    caller::Store,
    error::Result,
    extract::Json,
    ops::take_notices::{Noticed, take_notices},
};

/// Take the store's notices of objects that were made or removed
#[utoipa::path(post, path = "/hooks/s3-events", tag = "operation",
    request_body = serde_json::Value,
    responses((status = 200, body = Noticed), (status = 400, body = hulk_proto::ErrorBody),
        (status = 401, body = hulk_proto::ErrorBody), (status = 404, body = hulk_proto::ErrorBody)))]
pub(super) async fn s3_events(
    State(app): State<App>,
    _: Store,
    Json(message): Json<serde_json::Value>,
) -> Result<axum::Json<Noticed>> {
    Ok(axum::Json(take_notices(&app, &message).await?))
}
