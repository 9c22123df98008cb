//! `/api/v1/files`

use axum::{
    Json as Answer,
    extract::State,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, Method, StatusCode, header};
use hulk_proto::{
    ChangeFile, CreateFile, CreatedFile, ErrorBody, File, ListQuery, Page, ReportUpload, Right,
    Timestamp,
    batch::{Batch, CreateFiles, ReportUploads},
    trash::{EntryKind, TRASHED_UNTIL_HEADER},
    upload::{SignParts, SignedParts, UploadState},
};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    app::App,
    auth::Caller,
    error::Result,
    http::{
        caller::{CanReadWithin, CanUploadWithin, CanWriteWithin},
        extract::{BatchJson, DeleteQuery, Json, LinkQuery, List, PathId, Search},
        negotiate::wants_json,
    },
    limits::Limits,
    ops::{
        files::{
            change::change_file,
            download::{Follower, Link, resolve_link},
            list::list_files,
        },
        trash::{self, Deleting, Deletion},
        uploads::{
            begin::{begin_upload, begin_uploads},
            cancel::cancel_upload,
            complete::{complete_upload, complete_uploads},
            destination::Completion,
            parts::sign_parts,
            show::{find_file, show_file, show_upload},
        },
    },
};

pub(super) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(create, list))
        .routes(routes!(show, change, delete))
        .routes(routes!(report))
        .routes(routes!(upload, cancel))
        .routes(routes!(sign))
        .routes(routes!(create_batch))
        .routes(routes!(report_batch))
        .routes(routes!(download))
        .routes(routes!(search))
}

/// Plan an upload
#[utoipa::path(post, path = "/api/v1/files", tag = "files", request_body = CreateFile, responses(
        (status = 201, body = CreatedFile),
        (status = 400, body = ErrorBody), (status = 409, body = ErrorBody),
        (status = 413, body = ErrorBody), (status = 507, body = ErrorBody)))]
pub(super) async fn create(
    State(app): State<App>,
    CanUploadWithin(caller): CanUploadWithin,
    Json(request): Json<CreateFile>,
) -> Result<(StatusCode, Answer<CreatedFile>)> {
    let created = begin_upload(&app, &(&caller).into(), request, Completion::Reported).await?;
    Ok((StatusCode::CREATED, Answer(created)))
}

/// Plan up to 1,000 uploads; each succeeds or fails alone
#[utoipa::path(post, path = "/api/v1/files/batch", tag = "files", request_body = CreateFiles, responses(
        (status = 200, body = Batch<CreatedFile>), (status = 400, body = ErrorBody)))]
pub(super) async fn create_batch(
    State(app): State<App>,
    CanUploadWithin(caller): CanUploadWithin,
    Json(request): BatchJson<CreateFiles>,
) -> Result<Answer<Batch<CreatedFile>>> {
    begin_uploads(&app, &(&caller).into(), request.items)
        .await
        .map(Answer)
}

/// Report the end of up to 1,000 uploads; each succeeds or fails alone
#[utoipa::path(put, path = "/api/v1/files/batch/status", tag = "files",
    request_body = ReportUploads, responses(
        (status = 200, body = Batch<File>), (status = 400, body = ErrorBody)))]
pub(super) async fn report_batch(
    State(app): State<App>,
    CanUploadWithin(caller): CanUploadWithin,
    Json(request): BatchJson<ReportUploads>,
) -> Result<Answer<Batch<File>>> {
    complete_uploads(&app, &(&caller).into(), request.items)
        .await
        .map(Answer)
}

/// Show which parts of an unfinished upload the store has
#[utoipa::path(get, path = "/api/v1/files/{id}/upload", tag = "files", params(("id" = String, Path)),
    responses((status = 200, body = UploadState), (status = 404, body = ErrorBody)))]
pub(super) async fn upload(
    State(app): State<App>,
    CanUploadWithin(caller): CanUploadWithin,
    PathId(id): PathId,
) -> Result<Answer<UploadState>> {
    show_upload(&app, &(&caller).into(), &id).await.map(Answer)
}

/// Sign URLs for parts of an unfinished upload
#[utoipa::path(post, path = "/api/v1/files/{id}/upload/parts", tag = "files", params(("id" = String, Path)), request_body = SignParts,
    responses((status = 200, body = SignedParts), (status = 400, body = ErrorBody),
        (status = 404, body = ErrorBody), (status = 413, body = ErrorBody),
        (status = 507, body = ErrorBody)))]
pub(super) async fn sign(
    State(app): State<App>,
    CanUploadWithin(caller): CanUploadWithin,
    PathId(id): PathId,
    Json(request): BatchJson<SignParts>,
) -> Result<Answer<SignedParts>> {
    sign_parts(&app, &(&caller).into(), &id, &request)
        .await
        .map(Answer)
}

/// List files
#[utoipa::path(get, path = "/api/v1/files", tag = "files", params(
        ("limit" = Option<u32>, Query, description = "1 to 1000; 10 if absent"),
        ("offset" = Option<u64>, Query), ("cursor" = Option<String>, Query),
        ("order_by" = Option<String>, Query, description = "created_at+desc; also updated_at, filename, size_bytes"),
        ("filter~name" = Option<String>, Query, description = "a part of the name"),
        ("filter~tag" = Option<String>, Query),
        ("filter~type" = Option<String>, Query, description = "images, models, …, or a media type"),
        ("filter~min_size" = Option<u64>, Query), ("filter~max_size" = Option<u64>, Query),
        ("filter~created_after" = Option<String>, Query),
        ("filter~created_before" = Option<String>, Query),
        ("filter~expires_before" = Option<String>, Query),
        ("filter~path" = Option<String>, Query), ("filter~directory_id" = Option<String>, Query),
        ("filter~filename" = Option<String>, Query), ("filter~status" = Option<String>, Query),
        ("filter~permissions" = Option<String>, Query), ("filter~mime_type" = Option<String>, Query),
        ("filter~sha256" = Option<String>, Query),
        ("filter~expiration_policy" = Option<String>, Query)),
    responses((status = 200, body = Page<File>), (status = 400, body = ErrorBody)))]
pub(super) async fn list(
    State(app): State<App>,
    CanReadWithin(caller): CanReadWithin,
    List(query): List,
) -> Result<Answer<Page<File>>> {
    let query: ListQuery = query;
    list_files(&app, (&caller).into(), &query).await.map(Answer)
}

/// Search for files
///
/// `q` consists of words that are part of the name, and of `tag:T`, `type:T`, `size>S`, `size<S`, `age>T` and
/// `age<T`; all of them must match. Orders, filters and cursors are those of the list.
#[utoipa::path(get, path = "/api/v1/files/search", tag = "files",
    params(("q" = String, Query, description = "report tag:draft type:documents size>10MB age<7d"),
        ("limit" = Option<u32>, Query), ("offset" = Option<u64>, Query),
        ("cursor" = Option<String>, Query), ("order_by" = Option<String>, Query)),
    responses((status = 200, body = Page<File>), (status = 400, body = ErrorBody)))]
pub(super) async fn search(
    State(app): State<App>,
    CanReadWithin(caller): CanReadWithin,
    Search(query): Search,
) -> Result<Answer<Page<File>>> {
    list_files(&app, (&caller).into(), &query).await.map(Answer)
}

/// Answers a deletion, with the time until which it can be undone, if at all.
pub(super) fn deleted(until: Option<Timestamp>) -> Response {
    match until {
        Some(until) => {
            let header = [(TRASHED_UNTIL_HEADER, until.to_string())];
            (StatusCode::NO_CONTENT, header).into_response()
        }
        None => StatusCode::NO_CONTENT.into_response(),
    }
}

/// Returns how to delete: permanently, if that is requested or no trash is kept.
///
/// # Errors
/// `FORBIDDEN` if the caller may not delete permanently.
pub(super) fn deletion(app: &App, caller: &Caller, query: &DeleteQuery) -> Result<Deletion> {
    let limits = Limits::of(&app.settings.limits, &caller.user);
    if !query.purge && limits.keeps_trash() {
        return Ok(Deletion::ToTrash);
    }
    caller.require(Right::Purge)?;
    Ok(Deletion::ForGood)
}

/// Show a file
#[utoipa::path(get, path = "/api/v1/files/{id}", tag = "files",
    params(("id" = String, Path)),
    responses((status = 200, body = File), (status = 404, body = ErrorBody)))]
pub(super) async fn show(
    State(app): State<App>,
    CanReadWithin(caller): CanReadWithin,
    PathId(id): PathId,
) -> Result<Answer<File>> {
    show_file(&app, (&caller).into(), &id).await.map(Answer)
}

/// Rename, move or relabel a file
#[utoipa::path(put, path = "/api/v1/files/{id}", tag = "files",
    params(("id" = String, Path)), request_body = ChangeFile,
    responses((status = 200, body = File), (status = 400, body = ErrorBody),
        (status = 404, body = ErrorBody), (status = 409, body = ErrorBody)))]
pub(super) async fn change(
    State(app): State<App>,
    CanWriteWithin(caller): CanWriteWithin,
    PathId(id): PathId,
    Json(request): Json<ChangeFile>,
) -> Result<Answer<File>> {
    change_file(&app, &caller, &id, &request).await.map(Answer)
}

/// Delete a file: to the trash, or permanently
#[utoipa::path(delete, path = "/api/v1/files/{id}", tag = "files",
    params(("id" = String, Path),
        ("purge" = Option<bool>, Query, description = "delete permanently; needs a key with `all`")),
    responses((status = 204, headers(("x-trashed-until" = String,
        description = "time until which it can be restored; absent if it was deleted permanently"))), (status = 404, body = ErrorBody)))]
pub(super) async fn delete(
    State(app): State<App>,
    CanWriteWithin(caller): CanWriteWithin,
    PathId(id): PathId,
    query: DeleteQuery,
) -> Result<Response> {
    let deleting = Deleting {
        kind: EntryKind::File,
        id: &id,
        deletion: deletion(&app, &caller, &query)?,
        only_empty: false,
    };
    let until = trash::delete(&app, (&caller).into(), (&caller).into(), deleting);
    until.await.map(deleted)
}

/// Cancel the unfinished upload of a file
#[utoipa::path(delete, path = "/api/v1/files/{id}/upload", tag = "files", params(("id" = String, Path)),
    responses((status = 204), (status = 404, body = ErrorBody)))]
pub(super) async fn cancel(
    State(app): State<App>,
    CanUploadWithin(caller): CanUploadWithin,
    PathId(id): PathId,
) -> Result<StatusCode> {
    cancel_upload(&app, &(&caller).into(), &id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Report that the bytes were sent; the server checks them in the store
#[utoipa::path(put, path = "/api/v1/files/{id}/status", tag = "files", params(("id" = String, Path)), request_body = ReportUpload,
    responses((status = 200, body = File), (status = 404, body = ErrorBody),
        (status = 409, body = ErrorBody), (status = 422, body = ErrorBody)))]
pub(super) async fn report(
    State(app): State<App>,
    CanUploadWithin(caller): CanUploadWithin,
    PathId(id): PathId,
    Json(report): BatchJson<ReportUpload>,
) -> Result<Answer<File>> {
    complete_upload(&app, &(&caller).into(), &id, &report)
        .await
        .map(Answer)
}

/// Redirect to a URL of the store; with `Accept: application/json`, return the URL instead
#[utoipa::path(get, path = "/api/v1/files/{id}/download", tag = "files",
    params(("id" = String, Path), ("version" = Option<u64>, Query)),
    responses((status = 302), (status = 200, body = hulk_proto::download::Download),
        (status = 404, body = ErrorBody), (status = 410, body = ErrorBody)))]
pub(super) async fn download(
    State(app): State<App>,
    CanReadWithin(caller): CanReadWithin,
    PathId(id): PathId,
    query: LinkQuery,
    headers: HeaderMap,
) -> Result<Response> {
    find_file(&app, (&caller).into(), &id).await?;
    let owner = Follower {
        is_root: caller.is_root(),
        ..Follower::of((&caller).into())
    };
    let link = Link::Id(id);
    let resolved = resolve_link(&app, &link, owner, &Method::GET, query.version).await?;
    Ok(match wants_json(&headers) {
        true => Answer(hulk_proto::download::Download {
            url: resolved.presigned.url,
            expires_at: resolved.presigned.expires_at,
        })
        .into_response(),
        false => (
            StatusCode::FOUND,
            [(header::LOCATION, resolved.presigned.url)],
        )
            .into_response(),
    })
}
