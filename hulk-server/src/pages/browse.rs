//! Pages of a directory: for its owner, and for others.

use askama::Template;
use axum::{extract::State, response::Response};
use http::StatusCode;
use hulk_proto::{
    RemotePath, ShareToken, directory::DirectoryListing, limits::UNLIMITED_QUOTA_BYTES,
};

use super::{
    caller::{PageCaller, SignedInWithin},
    html::{Frame, failure, page},
    login::welcome,
    view::{Crumb, Own, Row, browse_href, crumbs, size},
};
use crate::{
    app::App,
    auth::{Caller, scope::Scope},
    error::{Error, Result},
    http::extract::{LinkQuery, Rest},
    ops::{
        browse::browse_directory,
        tree::list::{find_directory, top_path},
    },
};

#[derive(Template)]
#[template(path = "browse.html")]
struct Browse {
    frame: Frame,
    crumbs: Vec<Crumb>,
    own: Own,
    /// How much the user stores; empty for a caller who does not see that.
    used: String,
    percent: u64,
    words: &'static str,
}

#[derive(Template)]
#[template(path = "listing.html")]
struct Listing {
    frame: Frame,
    name: String,
    /// Token of the share that it is in.
    token: String,
    counted: bool,
    rows: Vec<Row>,
    next: String,
}

/// Shows the user's root directory, or the one that the caller is bound to, or what this server is.
pub(super) async fn home(State(app): State<App>, caller: PageCaller, query: LinkQuery) -> Response {
    match caller {
        PageCaller::SignedIn(caller) => match top_path(&app, (&*caller).into()).await {
            Ok(path) => browse(&app, &caller, &path, query).await,
            Err(error) => failure(&app, error),
        },
        PageCaller::Resumes(redirect) => redirect,
        PageCaller::Nobody => welcome(&app),
    }
}

pub(super) async fn directory(
    State(app): State<App>,
    SignedInWithin(caller): SignedInWithin,
    Rest(path): Rest,
    query: LinkQuery,
) -> Response {
    match path.parse() {
        Ok(path) => browse(&app, &caller, &path, query).await,
        Err(_) => failure(&app, Error::not_found("directory")),
    }
}

async fn browse(app: &App, caller: &Caller, path: &RemotePath, query: LinkQuery) -> Response {
    match rendered(app, caller, path, query).await {
        Ok(response) => response,
        Err(error) => failure(app, error),
    }
}

async fn rendered(
    app: &App,
    caller: &Caller,
    path: &RemotePath,
    query: LinkQuery,
) -> Result<Response> {
    let (user, scope) = (&caller.user, Scope::from(caller));
    let id = find_directory(app, scope, path).await?;
    let listing = browse_directory(app, &id, Some(scope), query.cursor).await?;
    let rows = rows(&listing, |directory| browse_href(directory.path.as_str()));
    let used = u64::try_from(user.used_bytes).unwrap_or(0);
    let quota = u64::try_from(user.quota_bytes).unwrap_or(0);
    let template = Browse {
        frame: Frame::new(title(path), true),
        crumbs: crumbs(path.as_str()),
        own: Own {
            path: path.to_string(),
            next: listing
                .next_cursor
                .map(|cursor| format!("cursor={cursor}"))
                .unwrap_or_default(),
            ..Own::new(app, caller, rows, "Nothing here yet.")
        },
        used: match quota >= UNLIMITED_QUOTA_BYTES {
            _ if caller.credential.root_id().is_some() => String::new(),
            true => size(used),
            false => format!("{} of {}", size(used), size(quota)),
        },
        percent: (u128::from(used) * 100)
            .checked_div(u128::from(quota))
            .and_then(|percent| u64::try_from(percent).ok())
            .unwrap_or(100),
        words: "",
    };
    Ok(page(app, StatusCode::OK, &template))
}

fn title(path: &RemotePath) -> String {
    path.split()
        .map_or_else(|| "Files".to_owned(), |(_, name)| name.to_owned())
}

fn rows(listing: &DirectoryListing, href: impl Fn(&hulk_proto::Directory) -> String) -> Vec<Row> {
    let directories = listing.directories.iter();
    directories
        .map(|directory| Row::of_directory(directory, href(directory)))
        .chain(listing.files.iter().map(Row::of_file))
        .collect()
}

/// Shows a directory that is public, the caller's own, or shared by a link, which may count downloads.
pub(crate) fn listing(
    app: &App,
    listing: &DirectoryListing,
    share: Option<(&ShareToken, bool)>,
) -> Response {
    let name = listing.directory.path.split();
    let name = name.map_or_else(|| "Files".to_owned(), |(_, name)| name.to_owned());
    let template = Listing {
        frame: Frame::new(&name, false),
        rows: rows(listing, |directory| directory.url.clone()),
        next: listing
            .next_cursor
            .as_ref()
            .map(|cursor| next_page(&listing.directory.url, cursor))
            .unwrap_or_default(),
        token: share
            .map(|(token, _)| token.to_string())
            .unwrap_or_default(),
        counted: share.is_some_and(|(_, counted)| counted),
        name,
    };
    page(app, StatusCode::OK, &template)
}

/// Returns the link to the next page; the link of a directory may already have a token.
fn next_page(url: &str, cursor: &str) -> String {
    let separator = if url.contains('?') { '&' } else { '?' };
    format!("{url}{separator}cursor={cursor}")
}
