//! `/api/v1/users`

use axum::{Json as Answer, extract::State};
use hulk_proto::{ErrorBody, Usage};

use crate::{app::App, caller::Reader, error::Result, extract::PathId, ops::usage::show_usage};

/// Tell what you store
#[utoipa::path(get, path = "/api/v1/users/{id}/usage", tag = "users", security(("api_key" = [])),
    params(("id" = String, Path)),
    responses((status = 200, body = Usage), (status = 404, body = ErrorBody)))]
pub(super) async fn usage(
    State(app): State<App>,
    Reader(caller): Reader,
    PathId(id): PathId,
) -> Result<Answer<Usage>> {
    show_usage(&app, &caller.user, &id).await.map(Answer)
}
