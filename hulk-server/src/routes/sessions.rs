//! `/api/v1/sessions`

use axum::{Json as Answer, extract::State};
use http::StatusCode;
use hulk_proto::{
    ErrorBody, Page,
    session::{CreateLoginLink, LogIn, LoggedIn, LoginLink, Refresh, Session},
};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    app::App,
    auth::Client,
    error::{Error, Result},
    http::{
        caller::{Authenticated, CanManage, CanRead},
        extract::{Json, List, OptionalJson, PathId, own_path},
    },
    ops::accounts::{login_links, refresh, sessions},
};

/// Longest path of a page that a link leads to: that of a directory, percent-encoded.
const MAX_NEXT_BYTES: usize = 4096;

/// Routes that need no credential.
pub(super) fn open_router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(log_in))
        .routes(routes!(refresh))
}

pub(super) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list, end_current))
        .routes(routes!(create_link))
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
    refresh::refresh(&app, &request.refresh_token.0)
        .await
        .map(Answer)
}

/// Create a link that signs a browser in once, within 60 s, with what your credential permits
#[utoipa::path(post, path = "/api/v1/sessions/links", tag = "sessions", request_body = Option<CreateLoginLink>,
    responses((status = 201, body = LoginLink), (status = 400, body = ErrorBody)))]
async fn create_link(
    State(app): State<App>,
    CanRead(caller): CanRead,
    OptionalJson(request): OptionalJson<CreateLoginLink>,
) -> Result<(StatusCode, Answer<LoginLink>)> {
    let next = request.next.as_deref().unwrap_or("/");
    if !is_page(next) {
        return Err(Error::validation(
            "next",
            "is no path of this server: it begins with one '/', and is percent-encoded",
        ));
    }
    let link = login_links::create(&app, &caller, next).await?;
    Ok((StatusCode::CREATED, Answer(link)))
}

/// Whether a browser that is led there stays on this server.
fn is_page(next: &str) -> bool {
    let is_plain = next.bytes().all(|byte| byte.is_ascii_graphic());
    is_plain && next.len() <= MAX_NEXT_BYTES && own_path(next) == next
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
