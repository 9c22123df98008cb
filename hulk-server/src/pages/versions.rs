//! The versions of a file.

use askama::Template;
use axum::{extract::State, response::Response};
use http::StatusCode;
use hulk_proto::{File, Id, Page, Right, file::Version};

use super::{
    caller::SignedInWithin,
    html::{Frame, failure, page},
    view::{Crumb, crumbs, date, first_page, size},
};
use crate::{
    app::App,
    auth::Caller,
    error::Result,
    http::extract::PathId,
    ops::{files::versions::list_versions, uploads::show::show_file},
};

#[derive(Template)]
#[template(path = "versions.html")]
struct Versions {
    frame: Frame,
    file_id: String,
    name: String,
    crumbs: Vec<Crumb>,
    versions: Vec<Row>,
    may_write: bool,
}

/// A row of the versions.
struct Row {
    number: u64,
    is_current: bool,
    href: String,
    size: String,
    date: String,
    notes: String,
}

pub(super) async fn versions(
    State(app): State<App>,
    SignedInWithin(caller): SignedInWithin,
    PathId(id): PathId,
) -> Response {
    match of_file(&app, &caller, &id).await {
        Ok((file, versions)) => {
            let above = file.path.split().map(|(above, _)| above.to_string());
            let template = Versions {
                frame: Frame::new(&file.filename, true),
                file_id: id.to_string(),
                crumbs: crumbs(&above.unwrap_or_default()),
                versions: versions.items.into_iter().map(row).collect(),
                may_write: caller.may(Right::Change),
                name: file.filename,
            };
            page(&app, StatusCode::OK, &template)
        }
        Err(error) => failure(&app, error),
    }
}

async fn of_file(app: &App, caller: &Caller, id: &Id) -> Result<(File, Page<Version>)> {
    let versions = list_versions(app, caller.into(), id, &first_page()).await?;
    let file = show_file(app, caller.into(), id).await?;
    Ok((file, versions))
}

fn row(version: Version) -> Row {
    let current = version.is_current.then(|| "current".to_owned());
    let end = version.expires_at;
    let end = end.map(|end| format!("expires {}", date(end)));
    let notes: Vec<String> = current.into_iter().chain(end).collect();
    Row {
        number: version.version,
        is_current: version.is_current,
        href: version.url,
        size: size(version.size_bytes),
        date: date(version.created_at),
        notes: notes.join(", "),
    }
}
