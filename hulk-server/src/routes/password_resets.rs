//! `/api/v1/password-resets`

use axum::extract::State;
use http::StatusCode;
use hulk_proto::{
    ErrorBody,
    account::{RequestPasswordReset, ResetPassword},
};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{app::App, auth::Client, error::Result, http::extract::Json, ops::accounts::passwords};

pub(super) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(create, redeem))
}

/// Send a link for a new password to the address, if an account has it
#[utoipa::path(post, path = "/api/v1/password-resets", tag = "sessions",
    request_body = RequestPasswordReset,
    responses((status = 202), (status = 400, body = ErrorBody)))]
async fn create(
    State(app): State<App>,
    client: Client,
    Json(request): Json<RequestPasswordReset>,
) -> Result<StatusCode> {
    passwords::request_reset(&app, &client, request).await?;
    Ok(StatusCode::ACCEPTED)
}

/// Set a new password with the token of such a link; ends all sessions
#[utoipa::path(put, path = "/api/v1/password-resets", tag = "sessions", request_body = ResetPassword,
    responses((status = 204), (status = 400, body = ErrorBody)))]
async fn redeem(
    State(app): State<App>,
    client: Client,
    Json(request): Json<ResetPassword>,
) -> Result<StatusCode> {
    passwords::reset_password(&app, &client, request).await?;
    Ok(StatusCode::NO_CONTENT)
}
