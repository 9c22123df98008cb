//! `/api/v1/users`

use axum::{Json as Answer, extract::State};
use hulk_proto::{ErrorBody, Usage};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    app::App,
    error::Result,
    http::{caller::CanRead, extract::PathId},
    ops::accounts::usage::show_usage,
};

pub(super) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(usage))
}

/// Show what you store
#[utoipa::path(get, path = "/api/v1/users/{id}/usage", tag = "users",
    params(("id" = String, Path)),
    responses((status = 200, body = Usage), (status = 404, body = ErrorBody)))]
async fn usage(
    State(app): State<App>,
    CanRead(caller): CanRead,
    PathId(id): PathId,
) -> Result<Answer<Usage>> {
    show_usage(&app, &caller.user, &id).await.map(Answer)
}
