//! `/api/v1/directories`

use axum::{Json as Answer, extract::State};
use http::StatusCode;
use hulk_proto::{
    Directory, ErrorBody, Page,
    directory::{CreateDirectory, DirectoryListing},
};

use crate::{
    app::App,
    caller::{Reader, Visitor, Writer},
    error::Result,
    extract::{Json, List, PathId},
    ops::{
        browse_directory::browse_directory,
        create_directory::create_directory,
        list_directories::{list_directories, show_directory},
    },
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

/// Make a directory, with those above it
#[utoipa::path(post, path = "/api/v1/directories", tag = "directories",
    security(("api_key" = [])), request_body = CreateDirectory,
    responses((status = 201, body = Directory), (status = 400, body = ErrorBody),
        (status = 409, body = ErrorBody)))]
pub(super) async fn create(
    State(app): State<App>,
    Writer(caller): Writer,
    Json(request): Json<CreateDirectory>,
) -> Result<(StatusCode, Answer<Directory>)> {
    let created = create_directory(&app, &caller.user, &request).await?;
    Ok((StatusCode::CREATED, Answer(created)))
}

/// List what is in a directory that you own or that is public
#[utoipa::path(get, path = "/b/{id}", tag = "links",
    params(("id" = String, Path), ("cursor" = Option<String>, Query)),
    responses((status = 200, body = DirectoryListing), (status = 404, body = ErrorBody)))]
pub(super) async fn browse(
    State(app): State<App>,
    Visitor(caller): Visitor,
    PathId(id): PathId,
    List(query): List,
) -> Result<Answer<DirectoryListing>> {
    let user_id = caller.as_ref().map(|caller| caller.user.id.as_str());
    browse_directory(&app, &id, user_id, query.cursor)
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
