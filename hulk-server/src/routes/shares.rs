//! `/api/v1/shares`: the owner's side, and what every visitor may ask.

use axum::{Json as Answer, extract::State};
use http::{HeaderValue, StatusCode, header};
use hulk_proto::{
    ErrorBody, Page, Share,
    share::{
        CancelledUploads, CreateShare, PublicShare, ShareAction, UnfinishedUpload, Unlock, Unlocked,
    },
    trash::EntryKind,
};

use crate::{
    app::App,
    caller::{MakesShares, Manager, Visiting},
    error::Result,
    extract::{Json, List, MAX_FORM_BYTES, PathId, PathToken, TokenAndId},
    ops::{
        shares::{
            self, claim, intake,
            manage::{create_share, list_shares, revoke_share, share_on},
            public::{show_share, unlock_share},
        },
        trash::{self, Deletion},
    },
};

/// Make a link to a file or a directory
#[utoipa::path(post, path = "/api/v1/shares", tag = "shares", security(("api_key" = [])),
    request_body = CreateShare,
    responses((status = 201, body = Share), (status = 400, body = ErrorBody),
        (status = 404, body = ErrorBody)))]
pub(super) async fn create(
    State(app): State<App>,
    Manager(caller): Manager,
    Json(request): Json<CreateShare>,
) -> Result<(StatusCode, Answer<Share>)> {
    let share = create_share(&app, &caller.user, request).await?;
    Ok((StatusCode::CREATED, Answer(share)))
}

/// List the links that were made and not revoked
#[utoipa::path(get, path = "/api/v1/shares", tag = "shares", security(("api_key" = [])),
    params(("limit" = Option<u32>, Query), ("offset" = Option<u64>, Query)),
    responses((status = 200, body = Page<Share>), (status = 400, body = ErrorBody)))]
pub(super) async fn list(
    State(app): State<App>,
    Manager(caller): Manager,
    List(query): List,
) -> Result<Answer<Page<Share>>> {
    list_shares(&app, &caller.user, &query).await.map(Answer)
}

/// Revoke a link: it answers 410 from now on
#[utoipa::path(delete, path = "/api/v1/shares/{id}", tag = "shares", security(("api_key" = [])),
    params(("id" = String, Path)),
    responses((status = 204), (status = 404, body = ErrorBody)))]
pub(super) async fn revoke(
    State(app): State<App>,
    Manager(caller): Manager,
    PathId(id): PathId,
) -> Result<StatusCode> {
    revoke_share(&app, &caller.user, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// List the uploads through a link that are planned and not finished
#[utoipa::path(get, path = "/api/v1/shares/{id}/uploads", tag = "shares",
    security(("api_key" = [])), params(("id" = String, Path),
        ("limit" = Option<u32>, Query), ("offset" = Option<u64>, Query)),
    responses((status = 200, body = Page<UnfinishedUpload>), (status = 404, body = ErrorBody)))]
pub(super) async fn uploads(
    State(app): State<App>,
    Manager(caller): Manager,
    PathId(id): PathId,
    List(query): List,
) -> Result<Answer<Page<UnfinishedUpload>>> {
    intake::list_unfinished(&app, &caller.user, &id, &query)
        .await
        .map(Answer)
}

/// Cancel the uploads through a link that are planned and not finished; what came in stays
#[utoipa::path(delete, path = "/api/v1/shares/{id}/uploads", tag = "shares",
    security(("api_key" = [])), params(("id" = String, Path)),
    responses((status = 200, body = CancelledUploads), (status = 404, body = ErrorBody)))]
pub(super) async fn cancel_uploads(
    State(app): State<App>,
    Manager(caller): Manager,
    PathId(id): PathId,
) -> Result<Answer<CancelledUploads>> {
    intake::cancel_unfinished(&app, &caller.user, &id)
        .await
        .map(Answer)
}

/// Tell what a link leads to
///
/// The password, if it has one, comes as `Authorization: Basic` (with any name), or what stands for it
/// as `X-Share-Pass`.
#[utoipa::path(get, path = "/api/v1/shares/public/{token}", tag = "shares",
    params(("token" = String, Path), ("cursor" = Option<String>, Query)),
    responses((status = 200, body = PublicShare), (status = 404, body = ErrorBody),
        (status = 410, body = ErrorBody), (status = 429, body = ErrorBody)))]
pub(super) async fn show(
    State(app): State<App>,
    Visiting(visit): Visiting,
    PathToken(token): PathToken,
    List(query): List,
) -> Result<Answer<PublicShare>> {
    show_share(&app, &token, &visit, query.cursor)
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
    Visiting(visit): Visiting,
    PathToken(token): PathToken,
    Json(request): Json<Unlock, MAX_FORM_BYTES>,
) -> Result<([(header::HeaderName, HeaderValue); 1], Answer<Unlocked>)> {
    let (share_id, unlocked) = unlock_share(&app, &token, &request.password, visit.address).await?;
    let cookie = crate::caller::pass_cookie(&app, &share_id, &unlocked)?;
    Ok(([(header::SET_COOKIE, cookie)], Answer(unlocked)))
}

/// Make a further link with a link that grants it
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

/// Move a file to its owner's trash, with a link that grants it
#[utoipa::path(delete, path = "/api/v1/shares/public/{token}/files/{id}", tag = "shares",
    params(("token" = String, Path), ("id" = String, Path)),
    responses((status = 204), (status = 403, body = ErrorBody), (status = 404, body = ErrorBody)))]
pub(super) async fn delete(
    State(app): State<App>,
    Visiting(visit): Visiting,
    TokenAndId(token, id): TokenAndId,
) -> Result<StatusCode> {
    let opened = shares::open(&app, &token, &visit, ShareAction::Delete).await?;
    shares::check_within(&app, &opened, &id).await?;
    let target = (EntryKind::File, &id);
    trash::delete(&app, &opened.owner, target, Deletion::ToTrash, false).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Tell that a counted download has ended
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
