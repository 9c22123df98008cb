//! Takes a file out of the database; its objects go into the garbage in the same transaction.

use hulk_proto::{Id, Timestamp};
use sqlx::AnyConnection;

use super::find_file;
use crate::{
    app::App,
    db::{
        entries, garbage,
        users::{self, UserRow},
        versions::{self, VersionRow},
    },
    error::{Error, Result},
    store::URL_LIFETIME,
};

/// Deletes a file with all its versions, for good.
///
/// # Errors
/// `NOT_FOUND` also for another user's.
pub async fn delete_file(app: &App, user: &UserRow, id: &Id) -> Result<()> {
    let file = find_file(app, user, id).await?;
    let mut transaction = app.db.write_for(&user.id).await?;
    for version in versions::all_of(&mut transaction, &file.id).await? {
        if versions::delete(&mut transaction, &version).await? && version.holds_quota() {
            discard(&mut transaction, &version).await?;
        }
    }
    if !entries::delete(&mut transaction, &file.id).await? {
        return Err(Error::not_found("file"));
    }
    transaction.commit().await?;
    app.garbage.notify_one();
    Ok(())
}

/// Gives the version's bytes back and its objects to the garbage. The caller changed its state or
/// deleted its row in the same transaction, and so is the only one to do this.
pub(crate) async fn discard(connection: &mut AnyConnection, version: &VersionRow) -> Result<()> {
    users::release(connection, &version.user_id, version.size_bytes).await?;
    if version.state == versions::VALIDATED {
        users::count_files(connection, &version.user_id, -1).await?;
    }
    let last_at = match version.is_in_place() {
        true => urls_end(),
        false => Timestamp::now(),
    };
    let upload_id = version.upload_id.as_deref();
    garbage::add(connection, &version.object_key, upload_id, last_at).await?;
    forget_upload(connection, version).await
}

/// Deletes the object that was sent and copied, now and when no URL can bring it back any more.
pub(crate) async fn forget_upload(
    connection: &mut AnyConnection,
    version: &VersionRow,
) -> Result<()> {
    if !version.is_in_place() {
        garbage::add(connection, &version.upload_key, None, urls_end()).await?;
    }
    Ok(())
}

/// When no URL that was signed until now is good any more.
pub(crate) fn urls_end() -> Timestamp {
    Timestamp::now().saturating_add(URL_LIFETIME)
}
