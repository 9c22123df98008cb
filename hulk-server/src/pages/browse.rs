//! One's own files, trash and links; and a directory as others see it.

use askama::Template;
use axum::{
    extract::State,
    response::{IntoResponse, Redirect, Response},
};
use http::StatusCode;
use hulk_proto::{
    ErrorCode, KeyPermission, ListQuery, RemotePath, Share, ShareToken,
    directory::DirectoryListing,
    limits::MAX_PAGE,
    trash::{EntryKind, TrashItem},
};

use super::{
    html::{Frame, failure, page},
    view::{Crumb, Row, browse_href, crumbs, date, size},
};
use crate::{
    app::App,
    caller::{Caller, Visitor},
    error::{Error, Result},
    extract::{LinkQuery, Rest},
    ops::{
        browse_directory::browse_directory, list_directories::find_directory,
        shares::manage::list_shares, trash::list_trash,
    },
};

#[derive(Template)]
#[template(path = "welcome.html")]
pub(super) struct Welcome {
    pub frame: Frame,
    pub server: String,
    pub refusal: String,
}

#[derive(Template)]
#[template(path = "browse.html")]
struct Browse {
    frame: Frame,
    crumbs: Vec<Crumb>,
    path: String,
    rows: Vec<Row>,
    used: String,
    quota: String,
    percent: u64,
    may_write: bool,
    may_share: bool,
    next: String,
}

#[derive(Template)]
#[template(path = "trash.html")]
struct Trash {
    frame: Frame,
    items: Vec<Thrown>,
    may_write: bool,
}

/// A row of the trash.
struct Thrown {
    id: String,
    path: String,
    is_directory: bool,
    size: String,
    goes: String,
}

#[derive(Template)]
#[template(path = "shares.html")]
struct Shares {
    frame: Frame,
    shares: Vec<Shared>,
}

/// A row of the links.
struct Shared {
    id: String,
    url: String,
    path: String,
    facts: String,
}

#[derive(Template)]
#[template(path = "listing.html")]
struct Listing {
    frame: Frame,
    name: String,
    /// Of the share that it is in.
    token: String,
    counted: bool,
    rows: Vec<Row>,
    next: String,
}

/// What this is, or one's root directory.
pub(super) async fn home(
    State(app): State<App>,
    Visitor(caller): Visitor,
    query: LinkQuery,
) -> Response {
    match caller {
        Some(caller) => browse(&app, &caller, &RemotePath::root(), query).await,
        None => {
            let welcome = Welcome {
                frame: Frame::new("Hulkastorus", false),
                server: app.settings.public_url.clone(),
                refusal: String::new(),
            };
            page(&app, StatusCode::OK, &welcome)
        }
    }
}

pub(super) async fn directory(
    State(app): State<App>,
    Visitor(caller): Visitor,
    Rest(path): Rest,
    query: LinkQuery,
) -> Response {
    let Some(caller) = caller else {
        return Redirect::to("/").into_response();
    };
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
    let user = &caller.user;
    let id = find_directory(app, user, path).await?;
    let listing = browse_directory(app, &id, Some(&user.id), query.cursor).await?;
    let rows = rows(&listing, |directory| browse_href(directory.path.as_str()));
    let used = u64::try_from(user.used_bytes).unwrap_or(0);
    let quota = u64::try_from(user.quota_bytes).unwrap_or(0);
    let template = Browse {
        frame: Frame::new(title(path), true),
        crumbs: crumbs(path.as_str()),
        path: path.to_string(),
        rows,
        used: size(used),
        quota: size(quota),
        percent: (u128::from(used) * 100)
            .checked_div(u128::from(quota))
            .and_then(|percent| u64::try_from(percent).ok())
            .unwrap_or(100),
        may_write: caller.may(KeyPermission::Write),
        may_share: caller.may(KeyPermission::All),
        next: listing.next_cursor.unwrap_or_default(),
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

/// A directory that is public, one's own, or shared by a link, which may count downloads.
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

/// The link of a directory may have a token already.
fn next_page(url: &str, cursor: &str) -> String {
    let separator = if url.contains('?') { '&' } else { '?' };
    format!("{url}{separator}cursor={cursor}")
}

pub(super) async fn trash(State(app): State<App>, Visitor(caller): Visitor) -> Response {
    let Some(caller) = caller else {
        return Redirect::to("/").into_response();
    };
    match list_trash(&app, &caller.user, &most()).await {
        Ok(items) => {
            let template = Trash {
                frame: Frame::new("Trash", true),
                items: items.items.into_iter().map(thrown).collect(),
                may_write: caller.may(KeyPermission::Write),
            };
            page(&app, StatusCode::OK, &template)
        }
        Err(error) => failure(&app, error),
    }
}

fn thrown(item: TrashItem) -> Thrown {
    Thrown {
        id: item.id.to_string(),
        path: item.path.to_string(),
        is_directory: item.kind == EntryKind::Directory,
        size: size(item.size_bytes),
        goes: date(item.expires_at),
    }
}

pub(super) async fn shares(State(app): State<App>, Visitor(caller): Visitor) -> Response {
    let Some(caller) = caller else {
        return Redirect::to("/").into_response();
    };
    if !caller.may(KeyPermission::All) {
        let message = "this API key may not manage links; sign in with one that may do all";
        return failure(&app, Error::new(ErrorCode::Forbidden, message));
    }
    match list_shares(&app, &caller.user, &most()).await {
        Ok(shares) => {
            let template = Shares {
                frame: Frame::new("Links", true),
                shares: shares.items.into_iter().map(shared).collect(),
            };
            page(&app, StatusCode::OK, &template)
        }
        Err(error) => failure(&app, error),
    }
}

fn shared(share: Share) -> Shared {
    let grants = share.permissions;
    let mut facts = Vec::new();
    if grants.can_download {
        facts.push("downloads".to_owned());
    }
    if grants.can_upload {
        facts.push("takes files in".to_owned());
    }
    if share.has_password {
        facts.push("password".to_owned());
    }
    facts.push(match share.max_downloads {
        Some(most) => format!("{} of {most} used", share.download_count),
        None => format!("{} used", share.download_count),
    });
    facts.extend(share.expires_at.map(|end| format!("ends {}", date(end))));
    Shared {
        id: share.id.to_string(),
        url: share.url,
        path: share
            .path
            .map_or_else(|| "in the trash".to_owned(), |path| format!("/{path}")),
        facts: facts.join(", "),
    }
}

fn most() -> ListQuery {
    ListQuery {
        limit: Some(MAX_PAGE),
        ..ListQuery::default()
    }
}
