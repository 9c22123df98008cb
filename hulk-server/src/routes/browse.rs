//! `/b/:id`: lists a directory for whoever may see it.

use axum::{
    Json as Answer,
    extract::State,
    response::{IntoResponse, Redirect, Response},
};
use http::HeaderMap;
use hulk_proto::{
    ErrorBody, ErrorCode, Id, ShareToken, directory::DirectoryListing, share::ShareAction,
};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::tree_texts::{self, Viewer};
use crate::{
    app::App,
    auth::{Caller, scope::Scope},
    error::Result,
    http::{
        extract::{LinkQuery, PathId},
        negotiate::wants_page,
        share_access::Visitor,
    },
    ops::{
        browse::{browse_directory, browse_shared},
        shares::{self, link::ShareCredentials},
    },
    pages,
};

pub(super) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(browse))
}

/// List a directory that you own, that is public or that was shared
#[utoipa::path(get, path = "/b/{id}", tag = "links",
    params(("id" = String, Path), ("token" = Option<String>, Query),
        ("cursor" = Option<String>, Query),
        ("as" = Option<String>, Query, description = "`curl`: all files below as a configuration \
            for `curl -K`; `sha256sums`: their checksums")),
    responses((status = 200, body = DirectoryListing), (status = 400, body = ErrorBody), (status = 404, body = ErrorBody)))]
pub(super) async fn browse(
    State(app): State<App>,
    Visitor { caller, access }: Visitor,
    PathId(id): PathId,
    query: LinkQuery,
    headers: HeaderMap,
) -> Result<Response> {
    if let Some(form) = &query.form {
        let form = form.parse()?;
        let viewer = viewer(&app, caller.as_ref(), &access, query.token.as_ref()).await?;
        return tree_texts::send(&app, viewer, form, &id).await;
    }
    let is_page = wants_page(&headers);
    let token = query.token.clone();
    let listed = listing(&app, caller.as_ref(), &access, &id, query).await;
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

async fn viewer(
    app: &App,
    caller: Option<&Caller>,
    credentials: &ShareCredentials,
    token: Option<&ShareToken>,
) -> Result<Viewer> {
    Ok(match token {
        Some(token) => {
            let opened = shares::open(app, token, credentials, ShareAction::List).await?;
            Viewer::Share(Box::new(opened))
        }
        None => Viewer::User(caller.cloned().map(Box::new)),
    })
}

/// Lists the directory; the flag says whether downloads are counted.
async fn listing(
    app: &App,
    caller: Option<&Caller>,
    credentials: &ShareCredentials,
    id: &Id,
    query: LinkQuery,
) -> Result<(DirectoryListing, bool)> {
    if let Some(token) = &query.token {
        let opened = shares::open(app, token, credentials, ShareAction::List).await?;
        let listing = browse_shared(app, &opened, id.as_str(), query.cursor).await?;
        return Ok((listing, opened.is_counted()));
    }
    let scope = caller.map(Scope::from);
    let listing = browse_directory(app, id, scope, query.cursor).await?;
    Ok((listing, false))
}
