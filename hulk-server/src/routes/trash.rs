//! `/api/v1/trash`

use axum::{Json as Answer, extract::State};
use http::StatusCode;
use hulk_proto::{
    ErrorBody, Page,
    trash::{Emptied, RestoreTrash, Restored, TrashItem},
};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    app::App,
    error::Result,
    http::{
        caller::{CanPurge, CanRead, CanWrite},
        extract::{List, OptionalJson, PathId},
    },
    ops::trash::{empty_trash, list_trash, purge_trash, restore_trash},
};

pub(super) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list, empty))
        .routes(routes!(purge))
        .routes(routes!(restore))
}

/// List deleted files and directories that can be restored
#[utoipa::path(get, path = "/api/v1/trash", tag = "trash",
    params(("limit" = Option<u32>, Query), ("offset" = Option<u64>, Query)),
    responses((status = 200, body = Page<TrashItem>), (status = 400, body = ErrorBody)))]
async fn list(
    State(app): State<App>,
    CanRead(caller): CanRead,
    List(query): List,
) -> Result<Answer<Page<TrashItem>>> {
    list_trash(&app, &caller.user, &query).await.map(Answer)
}

/// Restore an item to its old path or another one; under a free name if that path already exists
#[utoipa::path(post, path = "/api/v1/trash/{id}/restore", tag = "trash", params(("id" = String, Path)), request_body = Option<RestoreTrash>,
    responses((status = 200, body = Restored), (status = 404, body = ErrorBody),
        (status = 409, body = ErrorBody)))]
async fn restore(
    State(app): State<App>,
    CanWrite(caller): CanWrite,
    PathId(id): PathId,
    OptionalJson(request): OptionalJson<RestoreTrash>,
) -> Result<Answer<Restored>> {
    restore_trash(&app, &caller, &id, request.path.as_ref())
        .await
        .map(Answer)
}

/// Delete one item in the trash permanently
#[utoipa::path(delete, path = "/api/v1/trash/{id}", tag = "trash",
    params(("id" = String, Path)),
    responses((status = 204), (status = 404, body = ErrorBody)))]
async fn purge(
    State(app): State<App>,
    CanPurge(caller): CanPurge,
    PathId(id): PathId,
) -> Result<StatusCode> {
    purge_trash(&app, &caller, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Delete everything in the trash permanently
#[utoipa::path(delete, path = "/api/v1/trash", tag = "trash",
    responses((status = 200, body = Emptied)))]
async fn empty(State(app): State<App>, CanPurge(caller): CanPurge) -> Result<Answer<Emptied>> {
    let items = empty_trash(&app, &caller).await?;
    Ok(Answer(Emptied { items }))
}
