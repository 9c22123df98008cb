//! `/s/…`: the links of shares.

use axum::{
    Json as Answer,
    extract::State,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, Method};
use hulk_proto::{
    CreatedFile, ErrorBody, ShareToken,
    share::{PublicShare, ShareAction},
    trash::EntryKind,
};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    download::redirect,
    put,
    tree_texts::{self, Viewer},
};
use crate::{
    app::App,
    error::{Error, Result},
    http::{
        extract::{LinkQuery, PathToken, RestAfterToken},
        negotiate::{wants_json, wants_page},
        share_access::{ShareAccess, TakesUploads},
    },
    ops::{
        files::download::{Follower, Link, resolve_link},
        shares::{link::ShareCredentials, open, public::show_share, uploads},
        uploads::destination::Completion,
    },
    pages,
};

pub(super) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(follow))
        .routes(routes!(put))
}

/// Redirect to the shared file's bytes, or list the shared directory
///
/// With `Accept: application/json`, describe the file instead of redirecting. Send the link's password, if it
/// has one, as `Authorization: Basic` with any user name.
#[utoipa::path(get, path = "/s/{token}", tag = "links", params(("token" = String, Path),
        ("as" = Option<String>, Query, description = "for a directory, as for `/b/{id}`")),
    responses((status = 302), (status = 200, body = PublicShare), (status = 400, body = ErrorBody),
        (status = 401, body = ErrorBody), (status = 404, body = ErrorBody),
        (status = 410, body = ErrorBody)))]
pub(crate) async fn follow(
    State(app): State<App>,
    method: Method,
    ShareAccess(credentials): ShareAccess,
    PathToken(token): PathToken,
    query: LinkQuery,
    headers: HeaderMap,
) -> Result<Response> {
    let is_page = wants_page(&headers);
    let shown = show_share(&app, &token, &credentials, query.cursor).await;
    if let (Some(form), Ok(shown)) = (&query.form, &shown)
        && shown.kind == EntryKind::Directory
    {
        return tell_tree(&app, &token, &credentials, form).await;
    }
    if is_page {
        return Ok(match shown {
            Ok(shown) => pages::share_page(&app, &token, shown),
            Err(error) => pages::failure(&app, error),
        });
    }
    let shown = shown?;
    let is_directory = shown.kind == EntryKind::Directory;
    if wants_json(&headers) || is_directory && !shown.needs_password {
        return Ok(Answer(shown).into_response());
    }
    let opened = open(&app, &token, &credentials, ShareAction::Download).await?;
    let id = shown.file_id.ok_or_else(|| Error::not_found("file"))?;
    let follower = Follower {
        scope: None,
        share: Some((&opened, &credentials)),
        saves: false,
        is_root: false,
    };
    let resolved = resolve_link(&app, &Link::Id(id), follower, &method, None).await?;
    Ok(redirect(resolved))
}

/// Lists everything below a shared directory.
async fn tell_tree(
    app: &App,
    token: &ShareToken,
    credentials: &ShareCredentials,
    form: &str,
) -> Result<Response> {
    let form = form.parse()?;
    let opened = open(app, token, credentials, ShareAction::List).await?;
    let id = opened.entry.id.parse().map_err(Error::internal)?;
    tree_texts::send(app, Viewer::Share(Box::new(opened)), form, &id).await
}

/// Redirect to a URL that accepts a file for the shared directory: `curl -LT FILE LINK/`
#[utoipa::path(put, path = "/s/{token}/{*path}", tag = "links",
    params(("token" = String, Path), ("path" = String, Path)),
    responses((status = 307, body = CreatedFile), (status = 400, body = ErrorBody),
        (status = 403, body = ErrorBody), (status = 410, body = ErrorBody),
        (status = 413, body = ErrorBody), (status = 507, body = ErrorBody)))]
pub(crate) async fn put(
    State(app): State<App>,
    TakesUploads(opened): TakesUploads,
    RestAfterToken(path): RestAfterToken,
    headers: HeaderMap,
) -> Result<Response> {
    let request = put::request(&path, &headers)?;
    let created = uploads::begin(&app, &opened, request, Completion::Observed).await?;
    put::redirect(created)
}
