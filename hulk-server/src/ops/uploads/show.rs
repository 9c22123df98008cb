//! Shows files and unfinished uploads as their clients may see them.

use hulk_proto::{File, FileStatus, Id, PartLayout, upload::UploadState};

use super::{destination::Destination, finish::settle};
use crate::{
    app::App,
    auth::scope::Scope,
    db::{
        files::{self, FileRow},
        tree,
        versions::{self, VersionRow},
    },
    error::{Error, Result},
    ops::present,
};

/// Returns the user's file with this id.
///
/// # Errors
/// `NOT_FOUND` also for another user's file, and one out of the caller's reach.
pub async fn find_file(app: &App, scope: Scope<'_>, id: &Id) -> Result<FileRow> {
    let mut connection = app.db.read().await?;
    let file = files::find(&mut connection, id.as_str()).await?;
    let file = file.ok_or_else(|| Error::not_found("file"))?;
    let is_seen = scope.sees(&mut connection, &file.user_id, &file.id);
    match is_seen.await? {
        true => Ok(file),
        false => Err(Error::not_found("file")),
    }
}

/// Returns the user's file with this id, as the API shows it.
///
/// # Errors
/// The errors of `find_file`.
pub async fn show_file(app: &App, scope: Scope<'_>, id: &Id) -> Result<File> {
    settle(app, id.as_str()).await?;
    let row = find_file(app, scope, id).await?;
    let mut connection = app.db.read().await?;
    present::file(app, &mut connection, row).await
}

/// Returns what the store has received of the newest unfinished upload.
///
/// # Errors
/// `NOT_FOUND` if nothing is being uploaded.
pub async fn show_upload(app: &App, destination: &Destination<'_>, id: &Id) -> Result<UploadState> {
    let version = find_unfinished(app, destination, id, None).await?;
    let mut file = show_upload_file(app, destination, &version).await?;
    file.version = u64::try_from(version.number).unwrap_or(0);
    let received = match &version.upload_id {
        Some(upload_id) => app.store.list_parts(&version.object_key, upload_id).await?,
        None => None,
    };
    let received = received.unwrap_or_default();
    let layout = version.layout();
    let count = layout.map_or(0, PartLayout::part_count);
    let missing = (1..=count).filter(|number| !received.iter().any(|part| part.number == *number));
    Ok(UploadState {
        part_size: layout.map(PartLayout::part_size),
        part_count: layout
            .filter(|_| !version.is_open_ended())
            .map(PartLayout::part_count),
        missing: missing.collect(),
        received,
        file,
    })
}

/// Returns the version that a request about an upload refers to: the one with the number, or else the newest,
/// with unfinished ones first.
///
/// # Errors
/// `NOT_FOUND` also for an upload that the client may not continue.
pub(super) async fn find_upload(
    app: &App,
    destination: &Destination<'_>,
    id: &Id,
    number: Option<u64>,
) -> Result<VersionRow> {
    find_file(app, destination.scope(), id).await?;
    let mut connection = app.db.read().await?;
    let found = match number {
        Some(number) => {
            let number = i64::try_from(number).unwrap_or(-1);
            versions::find(&mut connection, id.as_str(), number).await?
        }
        None => {
            let key_id = destination.upload_key_id();
            versions::find_newest(&mut connection, id.as_str(), key_id).await?
        }
    };
    // A key that may only upload must not learn whether another key has uploaded the file.
    let what = match destination.may_read() {
        true => "version",
        false => "file",
    };
    found
        .filter(|version| destination.may_continue(version))
        .ok_or_else(|| Error::not_found(what))
}

/// Like `find_upload`, for an upload that has not ended.
pub(super) async fn find_unfinished(
    app: &App,
    destination: &Destination<'_>,
    id: &Id,
    number: Option<u64>,
) -> Result<VersionRow> {
    let found = find_upload(app, destination, id, number).await?;
    match found.is_unfinished() {
        true => Ok(found),
        false => Err(Error::not_found("unfinished upload")),
    }
}

/// Returns the file of an upload as its client may see it.
///
/// # Errors
/// `NOT_FOUND` if it was deleted meanwhile.
pub(super) async fn show_upload_file(
    app: &App,
    destination: &Destination<'_>,
    version: &VersionRow,
) -> Result<File> {
    let id: Id = version.file_id.parse().map_err(Error::internal)?;
    if destination.upload_key_id().is_none() {
        return show_file(app, destination.scope(), &id).await;
    }
    let row = find_file(app, destination.scope(), &id).await?;
    let mut connection = app.db.read().await?;
    let path = tree::path_of(&mut connection, &row.id).await?;
    let path = path.parse().map_err(Error::internal)?;
    let now = versions::find(&mut connection, &row.id, version.number).await?;
    let now = now.ok_or_else(|| Error::not_found("file"))?;
    present::uploaded(app, destination.top_id(), path, &now)
}

/// Like `show_upload_file`, of an upload that has just been finished.
pub(super) async fn show_finished(
    app: &App,
    destination: &Destination<'_>,
    version: &VersionRow,
) -> Result<File> {
    if destination.upload_key_id().is_some() {
        return show_upload_file(app, destination, version).await;
    }
    let row = find_upload_row(app, destination, version).await?;
    let mut connection = app.db.read().await?;
    present::file(app, &mut connection, row).await
}

/// Returns the file at the version of a finished upload: other uploads to the path may have made later versions
/// current, so many that this one is not kept any more, and the answer is about this one.
pub(super) async fn find_upload_row(
    app: &App,
    destination: &Destination<'_>,
    version: &VersionRow,
) -> Result<FileRow> {
    let id: Id = version.file_id.parse().map_err(Error::internal)?;
    let mut row = find_file(app, destination.scope(), &id).await?;
    if row.version != version.number {
        let mut connection = app.db.read().await?;
        let now = versions::find(&mut connection, &row.id, version.number).await?;
        let now = now.filter(|now| now.state == FileStatus::Validated);
        row.show_version(now.as_ref().unwrap_or(version));
        row.state = FileStatus::Validated;
    }
    Ok(row)
}

/// Whether any bytes of an unfinished version have reached the store.
pub(crate) async fn has_bytes(app: &App, version: &VersionRow) -> Result<bool> {
    Ok(match &version.upload_id {
        Some(upload_id) => {
            let parts = app.store.list_parts(&version.object_key, upload_id).await?;
            parts.is_some_and(|parts| parts.iter().any(|part| part.size_bytes > 0))
        }
        None => app.store.inspect(&version.upload_key).await?.is_some(),
    })
}
