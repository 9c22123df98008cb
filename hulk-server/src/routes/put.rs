//! `PUT /put/<path>`: an upload with only `curl -LT`.

use axum::{
    Json as Answer,
    extract::State,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, StatusCode, header};
use hulk_proto::{CreateFile, CreatedFile, ErrorBody, ErrorCode, RemotePath, Upload};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    app::App,
    error::{Error, Result},
    http::{caller::CanUploadWithin, extract::Rest},
    ops::uploads::{begin::begin_upload, destination::Completion},
};

pub(super) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(put))
}

/// Redirect to a URL that accepts the file
///
/// The file exists once the redirected request was answered: the first request for it completes the upload.
#[utoipa::path(put, path = "/put/{*path}", tag = "links", params(("path" = String, Path)),
    responses((status = 307, body = CreatedFile), (status = 400, body = ErrorBody),
        (status = 413, body = ErrorBody), (status = 507, body = ErrorBody)))]
pub(super) async fn put(
    State(app): State<App>,
    CanUploadWithin(caller): CanUploadWithin,
    Rest(path): Rest,
    headers: HeaderMap,
) -> Result<Response> {
    let request = request(&path, &headers)?;
    let created = begin_upload(&app, &(&caller).into(), request, Completion::Observed).await?;
    redirect(created)
}

/// Returns the file that the request's headers describe.
pub(super) fn request(path: &str, headers: &HeaderMap) -> Result<CreateFile> {
    let path: RemotePath = path
        .parse()
        .map_err(|error: hulk_proto::path::InvalidPath| {
            Error::validation("path", error.to_string())
        })?;
    Ok(CreateFile {
        mime_type: mime_type(headers),
        ..CreateFile::new(path, size(headers)?)
    })
}

/// Redirects to the URL to which the file must be sent.
pub(super) fn redirect(created: CreatedFile) -> Result<Response> {
    let Upload::Single { url, .. } = &created.upload else {
        return Err(Error::internal(
            "an upload without digests is always a single one",
        ));
    };
    let location = [(header::LOCATION, url.clone())];
    Ok((StatusCode::TEMPORARY_REDIRECT, location, Answer(created)).into_response())
}

/// Returns the length of the file: the URL is signed for exactly this.
fn size(headers: &HeaderMap) -> Result<u64> {
    let length = headers.get(header::CONTENT_LENGTH);
    length
        .and_then(|length| length.to_str().ok()?.parse().ok())
        .ok_or_else(|| {
            Error::new(
                ErrorCode::BadRequest,
                "the upload needs a Content-Length: send a file, not a pipe (or use 'hulk put -')",
            )
        })
}

/// Returns the stated media type, unless it is the default of `curl`, which says nothing about the file.
fn mime_type(headers: &HeaderMap) -> Option<String> {
    let stated = headers.get(header::CONTENT_TYPE)?.to_str().ok()?;
    (stated != "application/x-www-form-urlencoded").then(|| stated.to_owned())
}
