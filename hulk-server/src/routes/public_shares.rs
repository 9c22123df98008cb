//! `/api/v1/shares/public/:token`: what every visitor of a link may do.

use axum::{Json as Answer, extract::State};
use http::{HeaderValue, StatusCode, header};
use hulk_proto::{
    ErrorBody, Share,
    share::{CreateShare, PublicShare, ShareAction, Unlock, Unlocked},
    trash::EntryKind,
};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    app::App,
    auth::scope::Scope,
    error::Result,
    http::{
        cookies::pass_cookie,
        extract::{Json, List, MAX_FORM_BYTES, PathToken, TokenAndId},
        share_access::{MakesShares, ShareAccess},
    },
    ops::{
        shares::{
            self, claim,
            manage::share_on,
            public::{show_share, unlock_share},
        },
        trash::{self, Deleting, Deletion},
    },
};

pub(super) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(show))
        .routes(routes!(unlock))
        .routes(routes!(share))
        .routes(routes!(delete))
        .routes(routes!(end_claim))
}

/// Show what a link leads to
///
/// Send the link's password, if it has one, as `Authorization: Basic` with any user name, or the pass in its
/// place as `X-Share-Pass`.
#[utoipa::path(get, path = "/api/v1/shares/public/{token}", tag = "shares",
    params(("token" = String, Path), ("cursor" = Option<String>, Query)),
    responses((status = 200, body = PublicShare), (status = 404, body = ErrorBody),
        (status = 410, body = ErrorBody), (status = 429, body = ErrorBody)))]
pub(super) async fn show(
    State(app): State<App>,
    ShareAccess(credentials): ShareAccess,
    PathToken(token): PathToken,
    List(query): List,
) -> Result<Answer<PublicShare>> {
    show_share(&app, &token, &credentials, query.cursor)
        .await
        .map(Answer)
}

/// Exchange a link's password for a pass
#[utoipa::path(post, path = "/api/v1/shares/public/{token}/unlock", tag = "shares",
    params(("token" = String, Path)), request_body = Unlock,
    responses((status = 200, body = Unlocked), (status = 401, body = ErrorBody),
        (status = 410, body = ErrorBody), (status = 429, body = ErrorBody)))]
pub(super) async fn unlock(
    State(app): State<App>,
    ShareAccess(credentials): ShareAccess,
    PathToken(token): PathToken,
    Json(request): Json<Unlock, MAX_FORM_BYTES>,
) -> Result<([(header::HeaderName, HeaderValue); 1], Answer<Unlocked>)> {
    let (share_id, unlocked) =
        unlock_share(&app, &token, &request.password, credentials.address).await?;
    let cookie = pass_cookie(&app, &share_id, &unlocked)?;
    Ok(([(header::SET_COOKIE, cookie)], Answer(unlocked)))
}

/// Create a further link with a link that allows it
#[utoipa::path(post, path = "/api/v1/shares/public/{token}/shares", tag = "shares",
    params(("token" = String, Path)), request_body = CreateShare,
    responses((status = 201, body = Share), (status = 403, body = ErrorBody),
        (status = 404, body = ErrorBody)))]
pub(super) async fn share(
    State(app): State<App>,
    MakesShares(opened): MakesShares,
    Json(request): Json<CreateShare>,
) -> Result<(StatusCode, Answer<Share>)> {
    let share = share_on(&app, &opened, request).await?;
    Ok((StatusCode::CREATED, Answer(share)))
}

/// Move a file to its owner's trash, with a link that allows it
#[utoipa::path(delete, path = "/api/v1/shares/public/{token}/files/{id}", tag = "shares",
    params(("token" = String, Path), ("id" = String, Path)),
    responses((status = 204), (status = 403, body = ErrorBody), (status = 404, body = ErrorBody)))]
pub(super) async fn delete(
    State(app): State<App>,
    ShareAccess(credentials): ShareAccess,
    TokenAndId(token, id): TokenAndId,
) -> Result<StatusCode> {
    let opened = shares::open(&app, &token, &credentials, ShareAction::Delete).await?;
    shares::check_within(&app, &opened, &id).await?;
    let deleting = Deleting {
        kind: EntryKind::File,
        id: &id,
        deletion: Deletion::ToTrash,
        only_empty: false,
    };
    let scope = Scope::whole(&opened.owner);
    trash::delete(&app, opened.actor(), scope, deleting).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Report that a counted download has ended
#[utoipa::path(put, path = "/api/v1/shares/public/{token}/claims/{id}", tag = "shares",
    params(("token" = String, Path), ("id" = String, Path)),
    responses((status = 204), (status = 404, body = ErrorBody)))]
pub(super) async fn end_claim(
    State(app): State<App>,
    TokenAndId(token, id): TokenAndId,
) -> Result<StatusCode> {
    claim::end_claim(&app, &token, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}
