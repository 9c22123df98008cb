//! `/api/v1/shares/public/:token/files`: like `/api/v1/files`, for uploads through a link.

use axum::{Json as Answer, extract::State};
use http::StatusCode;
use hulk_proto::{
    CreateFile, CreatedFile, ErrorBody, File, ReportUpload,
    batch::{Batch, CreateFiles, ReportUploads},
    upload::{SignParts, SignedParts, UploadState},
};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    app::App,
    error::Result,
    http::{
        extract::{BatchJson, Json, TokenAndId},
        share_access::TakesUploads,
    },
    ops::{shares::uploads, uploads::destination::Completion},
};

pub(super) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(create))
        .routes(routes!(create_batch))
        .routes(routes!(report_batch))
        .routes(routes!(report))
        .routes(routes!(upload, cancel))
        .routes(routes!(sign))
}

/// Plan an upload into a shared directory
///
/// The path is relative to that directory. Existing files are neither replaced nor revealed: a name that
/// already exists gets a number.
#[utoipa::path(post, path = "/api/v1/shares/public/{token}/files", tag = "shares",
    params(("token" = String, Path)), request_body = CreateFile,
    responses((status = 201, body = CreatedFile), (status = 400, body = ErrorBody),
        (status = 401, body = ErrorBody), (status = 403, body = ErrorBody),
        (status = 410, body = ErrorBody), (status = 413, body = ErrorBody),
        (status = 507, body = ErrorBody)))]
pub(crate) async fn create(
    State(app): State<App>,
    TakesUploads(opened): TakesUploads,
    Json(request): Json<CreateFile>,
) -> Result<(StatusCode, Answer<CreatedFile>)> {
    let created = uploads::begin(&app, &opened, request, Completion::Reported).await?;
    Ok((StatusCode::CREATED, Answer(created)))
}

/// Plan up to 1,000 uploads into a shared directory; each succeeds or fails alone
#[utoipa::path(post, path = "/api/v1/shares/public/{token}/files/batch", tag = "shares",
    params(("token" = String, Path)), request_body = CreateFiles,
    responses((status = 200, body = Batch<CreatedFile>), (status = 403, body = ErrorBody)))]
pub(crate) async fn create_batch(
    State(app): State<App>,
    TakesUploads(opened): TakesUploads,
    Json(request): BatchJson<CreateFiles>,
) -> Result<Answer<Batch<CreatedFile>>> {
    uploads::begin_all(&app, &opened, request.items)
        .await
        .map(Answer)
}

/// Report the end of up to 1,000 uploads; each succeeds or fails alone
#[utoipa::path(put, path = "/api/v1/shares/public/{token}/files/batch/status", tag = "shares",
    params(("token" = String, Path)), request_body = ReportUploads,
    responses((status = 200, body = Batch<File>), (status = 403, body = ErrorBody)))]
pub(crate) async fn report_batch(
    State(app): State<App>,
    TakesUploads(opened): TakesUploads,
    Json(request): BatchJson<ReportUploads>,
) -> Result<Answer<Batch<File>>> {
    uploads::report_all(&app, &opened, request.items)
        .await
        .map(Answer)
}

/// Report that the bytes were sent; the server checks them in the store
#[utoipa::path(put, path = "/api/v1/shares/public/{token}/files/{id}/status", tag = "shares",
    params(("token" = String, Path), ("id" = String, Path)), request_body = ReportUpload,
    responses((status = 200, body = File), (status = 404, body = ErrorBody),
        (status = 422, body = ErrorBody)))]
pub(crate) async fn report(
    State(app): State<App>,
    TakesUploads(opened): TakesUploads,
    TokenAndId(_, id): TokenAndId,
    Json(report): BatchJson<ReportUpload>,
) -> Result<Answer<File>> {
    uploads::report(&app, &opened, &id, report)
        .await
        .map(Answer)
}

/// Show which parts of an upload through this link the store has
#[utoipa::path(get, path = "/api/v1/shares/public/{token}/files/{id}/upload", tag = "shares",
    params(("token" = String, Path), ("id" = String, Path)),
    responses((status = 200, body = UploadState), (status = 404, body = ErrorBody)))]
pub(crate) async fn upload(
    State(app): State<App>,
    TakesUploads(opened): TakesUploads,
    TokenAndId(_, id): TokenAndId,
) -> Result<Answer<UploadState>> {
    uploads::show(&app, &opened, &id).await.map(Answer)
}

/// Sign URLs for parts of an upload through this link
#[utoipa::path(post, path = "/api/v1/shares/public/{token}/files/{id}/upload/parts", tag = "shares",
    params(("token" = String, Path), ("id" = String, Path)), request_body = SignParts,
    responses((status = 200, body = SignedParts), (status = 400, body = ErrorBody),
        (status = 404, body = ErrorBody), (status = 413, body = ErrorBody)))]
pub(crate) async fn sign(
    State(app): State<App>,
    TakesUploads(opened): TakesUploads,
    TokenAndId(_, id): TokenAndId,
    Json(request): BatchJson<SignParts>,
) -> Result<Answer<SignedParts>> {
    uploads::sign(&app, &opened, &id, &request)
        .await
        .map(Answer)
}

/// Cancel an upload through this link
#[utoipa::path(delete, path = "/api/v1/shares/public/{token}/files/{id}/upload", tag = "shares",
    params(("token" = String, Path), ("id" = String, Path)),
    responses((status = 204), (status = 404, body = ErrorBody)))]
pub(crate) async fn cancel(
    State(app): State<App>,
    TakesUploads(opened): TakesUploads,
    TokenAndId(_, id): TokenAndId,
) -> Result<StatusCode> {
    uploads::cancel(&app, &opened, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}
