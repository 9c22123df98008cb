//! `/api/v1/shares`: the owner's side.

use axum::{Json as Answer, extract::State};
use http::StatusCode;
use hulk_proto::{
    ErrorBody, Page, Share,
    share::{CancelledUploads, CreateShare, UnfinishedUpload},
};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    app::App,
    error::Result,
    http::{
        caller::{CanManage, CanManageWithin},
        extract::{Json, List, PathId},
    },
    ops::shares::{
        manage::{create_share, list_shares, revoke_share},
        unfinished,
    },
};

pub(super) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(create, list))
        .routes(routes!(revoke))
        .routes(routes!(uploads, cancel_uploads))
}

/// Create a link to a file or a directory
#[utoipa::path(post, path = "/api/v1/shares", tag = "shares",
    request_body = CreateShare,
    responses((status = 201, body = Share), (status = 400, body = ErrorBody),
        (status = 404, body = ErrorBody)))]
async fn create(
    State(app): State<App>,
    CanManageWithin(caller): CanManageWithin,
    Json(request): Json<CreateShare>,
) -> Result<(StatusCode, Answer<Share>)> {
    let share = create_share(&app, &caller, request).await?;
    Ok((StatusCode::CREATED, Answer(share)))
}

/// List the links that are not revoked
#[utoipa::path(get, path = "/api/v1/shares", tag = "shares",
    params(("limit" = Option<u32>, Query), ("offset" = Option<u64>, Query)),
    responses((status = 200, body = Page<Share>), (status = 400, body = ErrorBody)))]
async fn list(
    State(app): State<App>,
    CanManage(caller): CanManage,
    List(query): List,
) -> Result<Answer<Page<Share>>> {
    list_shares(&app, &caller.user, &query).await.map(Answer)
}

/// Revoke a link: it answers 410 from now on
#[utoipa::path(delete, path = "/api/v1/shares/{id}", tag = "shares",
    params(("id" = String, Path)),
    responses((status = 204), (status = 404, body = ErrorBody)))]
async fn revoke(
    State(app): State<App>,
    CanManage(caller): CanManage,
    PathId(id): PathId,
) -> Result<StatusCode> {
    revoke_share(&app, &caller, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// List the unfinished uploads through a link
#[utoipa::path(get, path = "/api/v1/shares/{id}/uploads", tag = "shares", params(("id" = String, Path),
        ("limit" = Option<u32>, Query), ("offset" = Option<u64>, Query)),
    responses((status = 200, body = Page<UnfinishedUpload>), (status = 404, body = ErrorBody)))]
async fn uploads(
    State(app): State<App>,
    CanManage(caller): CanManage,
    PathId(id): PathId,
    List(query): List,
) -> Result<Answer<Page<UnfinishedUpload>>> {
    unfinished::list_unfinished(&app, &caller.user, &id, &query)
        .await
        .map(Answer)
}

/// Cancel the unfinished uploads through a link; finished uploads stay
#[utoipa::path(delete, path = "/api/v1/shares/{id}/uploads", tag = "shares", params(("id" = String, Path)),
    responses((status = 200, body = CancelledUploads), (status = 404, body = ErrorBody)))]
async fn cancel_uploads(
    State(app): State<App>,
    CanManage(caller): CanManage,
    PathId(id): PathId,
) -> Result<Answer<CancelledUploads>> {
    unfinished::cancel_unfinished(&app, &caller, &id)
        .await
        .map(Answer)
}
