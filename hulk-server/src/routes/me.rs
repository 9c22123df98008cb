//! `/api/v1/me`

use axum::{Json as Answer, extract::State};
use hulk_proto::Me;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{app::App, error::Result, http::caller::AuthenticatedWithin, ops::accounts::users};

pub(super) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(me))
}

/// Show the caller and the credential
#[utoipa::path(get, path = "/api/v1/me", tag = "users",
    responses((status = 200, body = Me)))]
async fn me(
    State(app): State<App>,
    AuthenticatedWithin(caller): AuthenticatedWithin,
) -> Result<Answer<Me>> {
    users::me(&app, caller).await.map(Answer)
}
