//! `/api/v1/files/:id/versions`

use axum::{Json as Answer, extract::State};
use hulk_proto::{ErrorBody, File, Page, file::Version};

use crate::{
    app::App,
    caller::{Reader, Writer},
    error::Result,
    extract::{IdAndNumber, List, PathId},
    ops::versions::{list_versions, restore_version},
};

/// List the versions of a file that are kept
#[utoipa::path(get, path = "/api/v1/files/{id}/versions", tag = "files",
    security(("api_key" = [])), params(("id" = String, Path), ("limit" = Option<u32>, Query),
        ("offset" = Option<u64>, Query)),
    responses((status = 200, body = Page<Version>), (status = 404, body = ErrorBody)))]
pub(super) async fn list(
    State(app): State<App>,
    Reader(caller): Reader,
    PathId(id): PathId,
    List(query): List,
) -> Result<Answer<Page<Version>>> {
    list_versions(&app, &caller.user, &id, &query)
        .await
        .map(Answer)
}

/// Bring an older version back, as the newest one
#[utoipa::path(post, path = "/api/v1/files/{id}/versions/{number}/restore", tag = "files",
    security(("api_key" = [])), params(("id" = String, Path), ("number" = u64, Path)),
    responses((status = 200, body = File), (status = 404, body = ErrorBody),
        (status = 410, body = ErrorBody), (status = 507, body = ErrorBody)))]
pub(super) async fn restore(
    State(app): State<App>,
    Writer(caller): Writer,
    IdAndNumber(id, number): IdAndNumber,
) -> Result<Answer<File>> {
    restore_version(&app, &caller.user, &id, number)
        .await
        .map(Answer)
}
