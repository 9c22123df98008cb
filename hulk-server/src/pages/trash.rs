//! Deleted files and directories that can be restored.

use askama::Template;
use axum::{extract::State, response::Response};
use http::StatusCode;
use hulk_proto::{
    Right,
    trash::{EntryKind, TrashItem},
};

use super::{
    caller::SignedIn,
    html::{Frame, failure, page},
    view::{date, first_page, more, size},
};
use crate::{app::App, ops::trash::list_trash};

#[derive(Template)]
#[template(path = "trash.html")]
struct Trash {
    frame: Frame,
    items: Vec<Row>,
    may_write: bool,
    may_purge: bool,
    more: u64,
}

/// A row of the trash.
struct Row {
    id: String,
    path: String,
    is_directory: bool,
    size: String,
    goes: String,
}

pub(super) async fn trash(State(app): State<App>, SignedIn(caller): SignedIn) -> Response {
    match list_trash(&app, &caller.user, &first_page()).await {
        Ok(items) => {
            let template = Trash {
                frame: Frame::new("Trash", true),
                more: more(&items),
                items: items.items.into_iter().map(row).collect(),
                may_write: caller.may(Right::Change),
                may_purge: caller.may(Right::Purge),
            };
            page(&app, StatusCode::OK, &template)
        }
        Err(error) => failure(&app, error),
    }
}

fn row(item: TrashItem) -> Row {
    Row {
        id: item.id.to_string(),
        path: item.path.to_string(),
        is_directory: item.kind == EntryKind::Directory,
        size: size(item.size_bytes),
        goes: date(item.expires_at),
    }
}
