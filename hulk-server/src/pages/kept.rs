//! What is kept and given: the trash, the links, the versions of a file.

use askama::Template;
use axum::{
    extract::State,
    response::{IntoResponse, Redirect, Response},
};
use http::StatusCode;
use hulk_proto::{
    File, ListQuery, Page, Right, Share,
    file::Version,
    limits::MAX_PAGE,
    trash::{EntryKind, TrashItem},
};

use super::{
    html::{Frame, failure, page},
    view::{Crumb, crumbs, date, size},
};
use crate::{
    app::App,
    caller::{Caller, Visitor},
    error::Result,
    extract::PathId,
    ops::{self, shares::manage::list_shares, trash::list_trash, versions::list_versions},
};

#[derive(Template)]
#[template(path = "trash.html")]
struct Trash {
    frame: Frame,
    items: Vec<Thrown>,
    may_write: bool,
    may_purge: bool,
    more: u64,
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
    more: u64,
}

/// A row of the links.
struct Shared {
    id: String,
    url: String,
    path: String,
    facts: String,
}

#[derive(Template)]
#[template(path = "versions.html")]
struct Versions {
    frame: Frame,
    file_id: String,
    name: String,
    crumbs: Vec<Crumb>,
    versions: Vec<Kept>,
    may_write: bool,
}

/// A row of the versions.
struct Kept {
    number: u64,
    is_current: bool,
    href: String,
    size: String,
    date: String,
    notes: String,
}

pub(super) async fn trash(State(app): State<App>, Visitor(caller): Visitor) -> Response {
    let Some(caller) = caller else {
        return Redirect::to("/").into_response();
    };
    match list_trash(&app, &caller.user, &most()).await {
        Ok(items) => {
            let template = Trash {
                frame: Frame::new("Trash", true),
                more: more(&items),
                items: items.items.into_iter().map(thrown).collect(),
                may_write: caller.may(Right::Change),
                may_purge: caller.may(Right::Purge),
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
    if let Err(error) = caller.require(Right::Manage) {
        return failure(&app, error);
    }
    match list_shares(&app, &caller.user, &most()).await {
        Ok(shares) => {
            let template = Shares {
                frame: Frame::new("Links", true),
                more: more(&shares),
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

pub(super) async fn versions(
    State(app): State<App>,
    Visitor(caller): Visitor,
    PathId(id): PathId,
) -> Response {
    let Some(caller) = caller else {
        return Redirect::to("/").into_response();
    };
    match of_file(&app, &caller, &id).await {
        Ok((file, versions)) => {
            let above = file.path.split().map(|(above, _)| above.to_string());
            let template = Versions {
                frame: Frame::new(&file.filename, true),
                file_id: id.to_string(),
                crumbs: crumbs(&above.unwrap_or_default()),
                versions: versions.items.into_iter().map(kept).collect(),
                may_write: caller.may(Right::Change),
                name: file.filename,
            };
            page(&app, StatusCode::OK, &template)
        }
        Err(error) => failure(&app, error),
    }
}

async fn of_file(app: &App, caller: &Caller, id: &hulk_proto::Id) -> Result<(File, Page<Version>)> {
    let versions = list_versions(app, &caller.user, id, &most()).await?;
    let file = ops::show_file(app, &caller.user, id).await?;
    Ok((file, versions))
}

fn kept(version: Version) -> Kept {
    let current = version.is_current.then(|| "current".to_owned());
    let end = version.expires_at;
    let end = end.map(|end| format!("expires {}", date(end)));
    let notes: Vec<String> = current.into_iter().chain(end).collect();
    Kept {
        number: version.version,
        is_current: version.is_current,
        href: version.url,
        size: size(version.size_bytes),
        date: date(version.created_at),
        notes: notes.join(", "),
    }
}

fn most() -> ListQuery {
    ListQuery {
        limit: Some(MAX_PAGE),
        ..ListQuery::default()
    }
}

/// How many are not shown.
fn more<T>(page: &Page<T>) -> u64 {
    page.total.saturating_sub(page.items.len() as u64)
}
