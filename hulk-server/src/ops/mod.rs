//! What the product does, one verb a file. Handlers call these; these call the database and the
//! store, and know nothing of HTTP.

pub mod accounts;
mod assemble;
pub mod begin_upload;
pub mod browse_directory;
pub mod cancel_upload;
pub mod change_directory;
pub mod change_file;
pub mod complete_upload;
pub mod create_directory;
pub mod destination;
pub(crate) mod discard;
mod known;
mod link_stored;
pub mod list_directories;
pub mod list_files;
pub(crate) mod lose_object;
mod new_version;
pub(crate) mod object_key;
pub mod place;
mod plan_upload;
mod present;
mod publish;
pub(crate) mod purge;
pub mod readiness;
pub mod resolve_link;
pub mod shares;
pub mod sign_parts;
pub(crate) mod store_gate;
pub mod take_notices;
mod to_send;
pub mod trash;
mod upload_only;
pub mod usage;
mod validate;
pub mod versions;

use hulk_proto::{File, Id, ListQuery, limits::DEFAULT_PAGE};

use crate::{
    app::App,
    db::{
        self,
        files::{self, FileRow},
        tree,
        users::UserRow,
        versions::VersionRow,
    },
    error::{Error, Result},
};
use destination::Destination;

/// How often a transaction that collides is run.
const ATTEMPTS: u32 = 5;

/// Runs a transaction again that got into another's way.
async fn retried<T, F>(mut transaction: impl FnMut() -> F) -> Result<T>
where
    F: Future<Output = Result<T>>,
{
    for attempt in 1..ATTEMPTS {
        match transaction().await {
            Err(error) if error.is_collision() => {
                tracing::info!(attempt, "a transaction collided; it is run again");
            }
            outcome => return outcome,
        }
    }
    transaction().await
}

/// (limit, offset) of a list that can neither be ordered nor filtered.
fn plain_page(query: &ListQuery, why: &str) -> Result<(i64, i64)> {
    if query.order_by.is_some() || !query.filters.is_empty() || query.cursor.is_some() {
        return Err(Error::validation("order_by", why));
    }
    let offset = query.offset.unwrap_or(0);
    Ok((
        i64::from(query.limit.unwrap_or(DEFAULT_PAGE)),
        i64::try_from(offset).unwrap_or(i64::MAX),
    ))
}

/// The user's file of that id.
///
/// # Errors
/// `NOT_FOUND` also for another user's.
pub async fn find_file(app: &App, user: &UserRow, id: &Id) -> Result<FileRow> {
    let mut connection = app.db.read().await?;
    files::find(&mut connection, id.as_str())
        .await?
        .filter(|file| file.user_id == user.id)
        .ok_or_else(|| Error::not_found("file"))
}

/// The user's file of that id, as the API tells it.
///
/// # Errors
/// As `find_file`.
pub async fn show_file(app: &App, user: &UserRow, id: &Id) -> Result<File> {
    complete_upload::settle(app, id.as_str()).await?;
    let row = find_file(app, user, id).await?;
    let mut connection = app.db.read().await?;
    present::file(app, &mut connection, row).await
}

/// The version that a request about an upload means: that of the number, else the newest, with
/// unfinished ones first.
///
/// # Errors
/// `NOT_FOUND` also for an upload that is not the client's to continue.
async fn find_upload(
    app: &App,
    destination: &Destination<'_>,
    id: &Id,
    number: Option<u64>,
) -> Result<VersionRow> {
    find_file(app, destination.user, id).await?;
    let mut connection = app.db.read().await?;
    let found = match number {
        Some(number) => {
            let number = i64::try_from(number).unwrap_or(-1);
            db::versions::find(&mut connection, id.as_str(), number).await?
        }
        None => db::versions::find_newest(&mut connection, id.as_str(), destination.key_id).await?,
    };
    // Whether a file exists that another key put is not for a key that may only upload.
    let what = match destination.may_read() {
        true => "version",
        false => "file",
    };
    found
        .filter(|version| destination.may_continue(version))
        .ok_or_else(|| Error::not_found(what))
}

/// The file of an upload as its client may know it.
///
/// # Errors
/// `NOT_FOUND` if it was deleted meanwhile.
async fn show_upload_file(
    app: &App,
    destination: &Destination<'_>,
    version: &VersionRow,
) -> Result<File> {
    let id: Id = version.file_id.parse().map_err(Error::internal)?;
    if destination.key_id.is_none() {
        return show_file(app, destination.user, &id).await;
    }
    let row = find_file(app, destination.user, &id).await?;
    let mut connection = app.db.read().await?;
    let path = tree::path_of(&mut connection, &row.id).await?;
    let path = path.parse().map_err(Error::internal)?;
    let now = db::versions::find(&mut connection, &row.id, version.number).await?;
    let now = now.ok_or_else(|| Error::not_found("file"))?;
    present::uploaded(app, destination, path, &now)
}
