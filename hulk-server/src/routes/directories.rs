//! `/api/v1/directories`

use axum::{Json as Answer, extract::State, response::Response};
use http::StatusCode;
use hulk_proto::{
    Directory, ErrorBody, Page,
    batch::Batch,
    directory::{ChangeDirectory, CreateDirectories, CreateDirectory, MoveEntries, MovedEntries},
    trash::EntryKind,
};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::files::{deleted, deletion};
use crate::{
    app::App,
    error::Result,
    http::{
        caller::{CanReadWithin, CanUploadWithin, CanWriteWithin},
        extract::{BatchJson, DeleteQuery, Json, List, PathId},
    },
    ops::{
        trash::{self, Deleting},
        tree::{
            change::change_directory,
            create::{create_directories, create_directory},
            list::{list_directories, show_directory},
            relocate,
        },
    },
};

pub(super) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(create_batch))
        .routes(routes!(show, change, delete))
        .routes(routes!(move_entries))
}

/// List directories
#[utoipa::path(get, path = "/api/v1/directories", tag = "directories", params(
        ("limit" = Option<u32>, Query), ("offset" = Option<u64>, Query),
        ("filter~parent_id" = Option<String>, Query), ("filter~path" = Option<String>, Query)),
    responses((status = 200, body = Page<Directory>), (status = 400, body = ErrorBody)))]
pub(super) async fn list(
    State(app): State<App>,
    CanReadWithin(caller): CanReadWithin,
    List(query): List,
) -> Result<Answer<Page<Directory>>> {
    list_directories(&app, (&caller).into(), &query)
        .await
        .map(Answer)
}

/// Create a directory, with the directories above it
#[utoipa::path(post, path = "/api/v1/directories", tag = "directories", request_body = CreateDirectory,
    responses((status = 201, body = Directory), (status = 400, body = ErrorBody),
        (status = 409, body = ErrorBody)))]
pub(super) async fn create(
    State(app): State<App>,
    CanUploadWithin(caller): CanUploadWithin,
    Json(request): Json<CreateDirectory>,
) -> Result<(StatusCode, Answer<Directory>)> {
    let created = create_directory(&app, &(&caller).into(), &request).await?;
    Ok((StatusCode::CREATED, Answer(created)))
}

/// Create up to 1,000 directories; each succeeds or fails alone
#[utoipa::path(post, path = "/api/v1/directories/batch", tag = "directories", request_body = CreateDirectories,
    responses((status = 200, body = Batch<Directory>), (status = 400, body = ErrorBody)))]
pub(super) async fn create_batch(
    State(app): State<App>,
    CanUploadWithin(caller): CanUploadWithin,
    Json(request): BatchJson<CreateDirectories>,
) -> Result<Answer<Batch<Directory>>> {
    create_directories(&app, &(&caller).into(), &request.items)
        .await
        .map(Answer)
}

/// Rename or move a directory, or set its defaults
#[utoipa::path(put, path = "/api/v1/directories/{id}", tag = "directories", params(("id" = String, Path)), request_body = ChangeDirectory,
    responses((status = 200, body = Directory), (status = 400, body = ErrorBody),
        (status = 404, body = ErrorBody), (status = 409, body = ErrorBody)))]
pub(super) async fn change(
    State(app): State<App>,
    CanWriteWithin(caller): CanWriteWithin,
    PathId(id): PathId,
    Json(request): Json<ChangeDirectory>,
) -> Result<Answer<Directory>> {
    change_directory(&app, &caller, &id, &request)
        .await
        .map(Answer)
}

/// Delete a directory with everything in it: to the trash, or permanently
#[utoipa::path(delete, path = "/api/v1/directories/{id}", tag = "directories", params(("id" = String, Path),
        ("purge" = Option<bool>, Query, description = "delete permanently; needs a key with `all`"),
        ("recursive" = Option<bool>, Query, description = "`false`: only if the directory is empty")),
    responses((status = 204, headers(("x-trashed-until" = String,
        description = "time until which it can be restored; absent if it was deleted permanently"))), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody)))]
pub(super) async fn delete(
    State(app): State<App>,
    CanWriteWithin(caller): CanWriteWithin,
    PathId(id): PathId,
    query: DeleteQuery,
) -> Result<Response> {
    let deleting = Deleting {
        kind: EntryKind::Directory,
        id: &id,
        deletion: deletion(&app, &caller, &query)?,
        only_empty: query.recursive == Some(false),
    };
    let until = trash::delete(&app, (&caller).into(), (&caller).into(), deleting);
    until.await.map(deleted)
}

/// Move up to 1,000 files and directories, all or none
#[utoipa::path(post, path = "/api/v1/moves", tag = "directories",
    request_body = MoveEntries,
    responses((status = 200, body = MovedEntries), (status = 400, body = ErrorBody),
        (status = 404, body = ErrorBody), (status = 409, body = ErrorBody)))]
pub(super) async fn move_entries(
    State(app): State<App>,
    CanWriteWithin(caller): CanWriteWithin,
    Json(request): Json<MoveEntries>,
) -> Result<Answer<MovedEntries>> {
    relocate::move_entries(&app, &caller, &request)
        .await
        .map(Answer)
}

/// Show a directory
#[utoipa::path(get, path = "/api/v1/directories/{id}", tag = "directories", params(("id" = String, Path)),
    responses((status = 200, body = Directory), (status = 404, body = ErrorBody)))]
pub(super) async fn show(
    State(app): State<App>,
    CanReadWithin(caller): CanReadWithin,
    PathId(id): PathId,
) -> Result<Answer<Directory>> {
    show_directory(&app, (&caller).into(), &id)
        .await
        .map(Answer)
}
