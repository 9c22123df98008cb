//! `/api/v1/admin/files`

use axum::{Json as Answer, extract::State};
use http::StatusCode;
use hulk_proto::{ErrorBody, Page, admin::OwnedFile};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    app::App,
    error::Result,
    http::{
        extract::{PathId, Searched},
        staff::{ModeratorDeletes, ModeratorReads},
    },
    ops::admin::files,
};

pub(super) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(delete))
}

/// List files of all users (moderators)
#[utoipa::path(get, path = "/api/v1/admin/files", tag = "admin",
    params(("search" = Option<String>, Query), ("filter~user_id" = Option<String>, Query),
        ("filter~mime_type" = Option<String>, Query), ("limit" = Option<u32>, Query),
        ("offset" = Option<u64>, Query)),
    responses((status = 200, body = Page<OwnedFile>)))]
async fn list(
    State(app): State<App>,
    _: ModeratorReads,
    Searched(query, search): Searched,
) -> Result<Answer<Page<OwnedFile>>> {
    files::list_all_files(&app, &query, search.as_deref())
        .await
        .map(Answer)
}

/// Move a file to its owner's trash (moderators)
#[utoipa::path(delete, path = "/api/v1/admin/files/{id}", tag = "admin",
    params(("id" = String, Path)),
    responses((status = 204), (status = 404, body = ErrorBody)))]
async fn delete(
    State(app): State<App>,
    ModeratorDeletes(staff): ModeratorDeletes,
    PathId(id): PathId,
) -> Result<StatusCode> {
    files::delete_file(&app, &staff, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}
