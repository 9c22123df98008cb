//! `/api/v1/sessions`

use axum::{Json as Answer, extract::State};
use http::StatusCode;
use hulk_proto::{
    ErrorBody, Page,
    session::{LogIn, LoggedIn, Refresh, Session},
};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    app::App,
    auth::Client,
    error::Result,
    http::{
        caller::{Authenticated, CanManage},
        extract::{Json, List, PathId},
    },
    ops::accounts::sessions,
};

/// Routes that need no credential.
pub(super) fn open_router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(log_in))
        .routes(routes!(refresh))
}

pub(super) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list, end_current))
        .routes(routes!(end))
}

/// Log in with an email address and a password
#[utoipa::path(post, path = "/api/v1/sessions", tag = "sessions", request_body = LogIn,
    responses((status = 201, body = LoggedIn), (status = 401, body = ErrorBody)))]
async fn log_in(
    State(app): State<App>,
    client: Client,
    Json(request): Json<LogIn>,
) -> Result<(StatusCode, Answer<LoggedIn>)> {
    let logged_in = sessions::log_in(&app, &client, request).await?;
    Ok((StatusCode::CREATED, Answer(logged_in)))
}

/// Exchange a refresh token for new tokens
#[utoipa::path(post, path = "/api/v1/sessions/refresh", tag = "sessions", request_body = Refresh,
    responses((status = 200, body = LoggedIn), (status = 401, body = ErrorBody)))]
async fn refresh(State(app): State<App>, Json(request): Json<Refresh>) -> Result<Answer<LoggedIn>> {
    sessions::refresh(&app, &request.refresh_token.0)
        .await
        .map(Answer)
}

/// List your sessions
#[utoipa::path(get, path = "/api/v1/sessions", tag = "sessions",
    params(("limit" = Option<u32>, Query), ("offset" = Option<u64>, Query)),
    responses((status = 200, body = Page<Session>)))]
async fn list(
    State(app): State<App>,
    CanManage(caller): CanManage,
    List(query): List,
) -> Result<Answer<Page<Session>>> {
    sessions::list_sessions(&app, &caller, &query)
        .await
        .map(Answer)
}

/// End one of your sessions
#[utoipa::path(delete, path = "/api/v1/sessions/{id}", tag = "sessions", params(("id" = String, Path)),
    responses((status = 204), (status = 404, body = ErrorBody)))]
async fn end(
    State(app): State<App>,
    CanManage(caller): CanManage,
    PathId(id): PathId,
) -> Result<StatusCode> {
    sessions::end_session(&app, &caller, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// End the session of this request
#[utoipa::path(delete, path = "/api/v1/sessions", tag = "sessions",
    responses((status = 204), (status = 400, body = ErrorBody)))]
async fn end_current(
    State(app): State<App>,
    Authenticated(caller): Authenticated,
) -> Result<StatusCode> {
    sessions::end_current(&app, &caller).await?;
    Ok(StatusCode::NO_CONTENT)
}
