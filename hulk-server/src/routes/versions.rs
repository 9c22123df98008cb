//! `/api/v1/files/:id/versions`

use axum::{Json as Answer, extract::State};
use hulk_proto::{ErrorBody, File, Page, file::Version};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    app::App,
    error::Result,
    http::{
        caller::{CanReadWithin, CanWriteWithin},
        extract::{IdAndNumber, List, PathId},
    },
    ops::files::versions::{list_versions, restore_version},
};

pub(super) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(restore))
}

/// List the versions of a file that are kept
#[utoipa::path(get, path = "/api/v1/files/{id}/versions", tag = "files", params(("id" = String, Path), ("limit" = Option<u32>, Query),
        ("offset" = Option<u64>, Query)),
    responses((status = 200, body = Page<Version>), (status = 404, body = ErrorBody)))]
async fn list(
    State(app): State<App>,
    CanReadWithin(caller): CanReadWithin,
    PathId(id): PathId,
    List(query): List,
) -> Result<Answer<Page<Version>>> {
    list_versions(&app, (&caller).into(), &id, &query)
        .await
        .map(Answer)
}

/// Restore an older version as the newest one
#[utoipa::path(post, path = "/api/v1/files/{id}/versions/{number}/restore", tag = "files", params(("id" = String, Path), ("number" = u64, Path)),
    responses((status = 200, body = File), (status = 404, body = ErrorBody),
        (status = 410, body = ErrorBody), (status = 507, body = ErrorBody)))]
async fn restore(
    State(app): State<App>,
    CanWriteWithin(caller): CanWriteWithin,
    IdAndNumber(id, number): IdAndNumber,
) -> Result<Answer<File>> {
    restore_version(&app, &caller, &id, number)
        .await
        .map(Answer)
}
