//! `/api/v1/directories`

use axum::{Json as Answer, extract::State};
use hulk_proto::{Directory, ErrorBody, Page};

use crate::{
    app::App,
    caller::Reader,
    error::Result,
    extract::{List, PathId},
    ops::list_directories::{list_directories, show_directory},
};

/// List directories
#[utoipa::path(get, path = "/api/v1/directories", tag = "directories",
    security(("api_key" = [])), params(
        ("limit" = Option<u32>, Query), ("offset" = Option<u64>, Query),
        ("filter~parent_id" = Option<String>, Query), ("filter~path" = Option<String>, Query)),
    responses((status = 200, body = Page<Directory>), (status = 400, body = ErrorBody)))]
pub(super) async fn list(
    State(app): State<App>,
    Reader(caller): Reader,
    List(query): List,
) -> Result<Answer<Page<Directory>>> {
    list_directories(&app, &caller.user, &query)
        .await
        .map(Answer)
}

/// Tell of a directory
#[utoipa::path(get, path = "/api/v1/directories/{id}", tag = "directories",
    security(("api_key" = [])), params(("id" = String, Path)),
    responses((status = 200, body = Directory), (status = 404, body = ErrorBody)))]
pub(super) async fn show(
    State(app): State<App>,
    Reader(caller): Reader,
    PathId(id): PathId,
) -> Result<Answer<Directory>> {
    show_directory(&app, &caller.user, &id).await.map(Answer)
}
