//! `/api/v1/directories`

use axum::{
    Json as Answer,
    extract::State,
    response::{IntoResponse, Redirect, Response},
};
use http::{HeaderMap, StatusCode};
use hulk_proto::{
    Directory, ErrorBody, ErrorCode, Id, Page, ShareToken,
    directory::{
        ChangeDirectory, CreateDirectories, CreateDirectory, DirectoryListing, MoveEntries,
        MovedEntries,
    },
    file::Batch,
    share::ShareAction,
    trash::EntryKind,
};

use super::{
    files::{deleted, deletion},
    tree_texts::{self, Eyes},
};

use crate::{
    app::App,
    caller::{Caller, Reader, Uploader, Visiting, Visitor, Writer},
    error::Result,
    extract::{BatchJson, DeleteQuery, Json, LinkQuery, List, PathId},
    ops::{
        browse_directory::{browse_directory, browse_shared},
        change_directory::change_directory,
        create_directory::{create_directories, create_directory},
        list_directories::{list_directories, show_directory},
        place,
        shares::{self, Visit},
        trash,
    },
    pages,
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
    Uploader(caller): Uploader,
    Json(request): Json<CreateDirectory>,
) -> Result<(StatusCode, Answer<Directory>)> {
    let created = create_directory(&app, &caller.destination(), &request).await?;
    Ok((StatusCode::CREATED, Answer(created)))
}

/// Make up to 1,000 directories; each succeeds or fails alone
#[utoipa::path(post, path = "/api/v1/directories/batch", tag = "directories",
    security(("api_key" = [])), request_body = CreateDirectories,
    responses((status = 200, body = Batch<Directory>), (status = 400, body = ErrorBody)))]
pub(super) async fn create_batch(
    State(app): State<App>,
    Uploader(caller): Uploader,
    Json(request): BatchJson<CreateDirectories>,
) -> Result<Answer<Batch<Directory>>> {
    create_directories(&app, &caller.destination(), &request.items)
        .await
        .map(Answer)
}

/// Rename or move a directory, or set its defaults
#[utoipa::path(put, path = "/api/v1/directories/{id}", tag = "directories",
    security(("api_key" = [])), params(("id" = String, Path)), request_body = ChangeDirectory,
    responses((status = 200, body = Directory), (status = 400, body = ErrorBody),
        (status = 404, body = ErrorBody), (status = 409, body = ErrorBody)))]
pub(super) async fn change(
    State(app): State<App>,
    Writer(caller): Writer,
    PathId(id): PathId,
    Json(request): Json<ChangeDirectory>,
) -> Result<Answer<Directory>> {
    change_directory(&app, &caller.user, &id, &request)
        .await
        .map(Answer)
}

/// Delete a directory with all that is in it: to the trash, or for good
#[utoipa::path(delete, path = "/api/v1/directories/{id}", tag = "directories",
    security(("api_key" = [])), params(("id" = String, Path),
        ("purge" = Option<bool>, Query, description = "for good; needs a key with `all`"),
        ("recursive" = Option<bool>, Query, description = "false: only if it is empty")),
    responses((status = 204, headers(("x-trashed-until" = String,
        description = "until when it can be restored; absent if it is gone for good"))), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody)))]
pub(super) async fn delete(
    State(app): State<App>,
    Writer(caller): Writer,
    PathId(id): PathId,
    query: DeleteQuery,
) -> Result<Response> {
    let target = (EntryKind::Directory, &id);
    let only_empty = query.recursive == Some(false);
    let deletion = deletion(&app, &caller, &query)?;
    let until = trash::delete(&app, &caller.user, target, deletion, only_empty);
    until.await.map(deleted)
}

/// Move up to 1,000 files and directories, all or none
#[utoipa::path(post, path = "/api/v1/moves", tag = "directories", security(("api_key" = [])),
    request_body = MoveEntries,
    responses((status = 200, body = MovedEntries), (status = 400, body = ErrorBody),
        (status = 404, body = ErrorBody), (status = 409, body = ErrorBody)))]
pub(super) async fn move_entries(
    State(app): State<App>,
    Writer(caller): Writer,
    Json(request): Json<MoveEntries>,
) -> Result<Answer<MovedEntries>> {
    place::move_entries(&app, &caller.user, &request)
        .await
        .map(Answer)
}

/// List what is in a directory that you own, that is public or that was shared
#[utoipa::path(get, path = "/b/{id}", tag = "links",
    params(("id" = String, Path), ("token" = Option<String>, Query),
        ("cursor" = Option<String>, Query),
        ("as" = Option<String>, Query, description = "`curl`: all files below as a configuration \
            for `curl -K`; `sha256sums`: their checksums")),
    responses((status = 200, body = DirectoryListing), (status = 400, body = ErrorBody), (status = 404, body = ErrorBody)))]
pub(super) async fn browse(
    State(app): State<App>,
    Visitor(caller): Visitor,
    Visiting(visit): Visiting,
    PathId(id): PathId,
    query: LinkQuery,
    headers: HeaderMap,
) -> Result<Response> {
    if let Some(form) = &query.form {
        let form = form.parse()?;
        let eyes = eyes(&app, caller.as_ref(), &visit, query.token.as_ref()).await?;
        return tree_texts::tell(&app, eyes, form, &id).await;
    }
    let is_page = pages::wants_page(&headers);
    let token = query.token.clone();
    let listed = listing(&app, caller.as_ref(), &visit, &id, query).await;
    Ok(match (listed, token) {
        (Ok((listing, _)), _) if !is_page => Answer(listing).into_response(),
        (Err(error), _) if !is_page => return Err(error),
        (Ok((listing, counted)), token) => {
            pages::listing(&app, &listing, token.as_ref().map(|token| (token, counted)))
        }
        // The share's own page asks for the password.
        (Err(error), Some(token)) if error.code() == ErrorCode::Unauthorized => {
            Redirect::to(&format!("/s/{token}")).into_response()
        }
        (Err(error), _) => pages::failure(&app, error),
    })
}

async fn eyes(
    app: &App,
    caller: Option<&Caller>,
    visit: &Visit,
    token: Option<&ShareToken>,
) -> Result<Eyes> {
    Ok(match token {
        Some(token) => {
            let opened = shares::open(app, token, visit, ShareAction::List).await?;
            Eyes::Share(Box::new(opened))
        }
        None => Eyes::User(caller.map(|caller| caller.user.id.clone())),
    })
}

/// With whether downloads are counted.
async fn listing(
    app: &App,
    caller: Option<&Caller>,
    visit: &Visit,
    id: &Id,
    query: LinkQuery,
) -> Result<(DirectoryListing, bool)> {
    if let Some(token) = &query.token {
        let opened = shares::open(app, token, visit, ShareAction::List).await?;
        let listing = browse_shared(app, &opened, id.as_str(), query.cursor).await?;
        return Ok((listing, opened.is_counted()));
    }
    let user_id = caller.map(|caller| caller.user.id.as_str());
    let listing = browse_directory(app, id, user_id, query.cursor).await?;
    Ok((listing, false))
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
