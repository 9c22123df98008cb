//! Unfinished uploads through a link, as its owner sees them.

use std::time::Duration;

use hulk_proto::{
    Id, ListQuery, Page, Timestamp,
    share::{CancelledUploads, UnfinishedUpload},
};
use sqlx::AnyConnection;

use crate::{
    app::App,
    audit::Actor,
    auth::Caller,
    db::{
        shares::{self, ShareRow},
        tree, uploads,
        users::UserRow,
        versions,
    },
    error::{Error, Result},
    ops::{page::plain_page, transaction::transaction, uploads::release::fail},
};

/// A planned upload is abandoned after this time if no byte of it has arrived.
pub(crate) const UNTOUCHED: Duration = Duration::from_secs(15 * 60);

/// Lists the unfinished uploads through a link, oldest first.
///
/// # Errors
/// `NOT_FOUND` also for another user's link; `VALIDATION_ERROR` for an order, a filter or a cursor.
pub async fn list_unfinished(
    app: &App,
    user: &UserRow,
    id: &Id,
    query: &ListQuery,
) -> Result<Page<UnfinishedUpload>> {
    let why = "uploads are listed oldest first; only limit and offset are supported";
    let (limit, offset) = plain_page(query, why)?;
    let mut connection = app.db.read().await?;
    find_own(&mut connection, user, id).await?;
    let all = uploads::through_share(&mut connection, id.as_str()).await?;
    let total = all.len() as u64;
    let number = |number: i64| usize::try_from(number).unwrap_or(0);
    let mut items = Vec::new();
    for row in all.into_iter().skip(number(offset)).take(number(limit)) {
        let time = |millis| Timestamp::from_unix_millis(millis).map_err(Error::internal);
        let path = tree::path_of(&mut connection, &row.file_id).await?;
        items.push(UnfinishedUpload {
            path: path.parse().map_err(Error::internal)?,
            file_id: row.file_id.parse().map_err(Error::internal)?,
            size_bytes: u64::try_from(row.size_bytes).unwrap_or(0),
            address: row.address,
            created_at: time(row.created_at)?,
            expires_at: time(row.updated_at)?.saturating_add(UNTOUCHED),
        });
    }
    Ok(Page {
        items,
        total,
        next_cursor: None,
    })
}

/// Cancels all unfinished uploads through a link; finished files stay.
///
/// # Errors
/// `NOT_FOUND` also for another user's link.
pub async fn cancel_unfinished(app: &App, caller: &Caller, id: &Id) -> Result<CancelledUploads> {
    let uploads = transaction!(&app.db, Actor::from(caller), async |tx| {
        find_own(tx, &caller.user, id).await?;
        cancel_all(tx, id, "its owner cancelled it").await
    })?;
    app.garbage.notify_one();
    Ok(CancelledUploads { uploads })
}

/// Cancels all unfinished uploads through a link and those created from it. Returns how many there were.
pub(super) async fn cancel_all(
    connection: &mut AnyConnection,
    id: &Id,
    reason: &str,
) -> Result<u64> {
    let mut cancelled = 0;
    for upload in uploads::through_share(connection, id.as_str()).await? {
        let version = versions::find(connection, &upload.file_id, upload.number).await?;
        let Some(version) = version else { continue };
        cancelled += u64::from(fail(connection, &version, reason).await?);
    }
    Ok(cancelled)
}

/// Returns the user's own link.
///
/// # Errors
/// `NOT_FOUND` also for another user's link.
pub(super) async fn find_own(
    connection: &mut AnyConnection,
    user: &UserRow,
    id: &Id,
) -> Result<ShareRow> {
    let found = shares::find(connection, id.as_str()).await?;
    found
        .filter(|share| share.user_id == user.id)
        .ok_or_else(|| Error::not_found("share"))
}
