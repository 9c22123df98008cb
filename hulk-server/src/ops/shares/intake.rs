//! What comes in through a share, within its ceilings and those of the shares that it was made with.
//!
//! | upload | `received_bytes`, `received_files` | `unfinished_files` |
//! |---|---|---|
//! | planned | its bytes and one more | one more |
//! | given up, cancelled, failed | as before it was planned | one less |
//! | finished | what it really has stays counted, also once the owner deletes it | one less |
//!
//! Each change is in the transaction that changes the state of the upload, so no crash leaves one
//! without the other.

use std::time::Duration;

use hulk_proto::{
    ErrorCode, Id, ListQuery, Page, Timestamp,
    limits::SHARE_UNFINISHED,
    share::{CancelledUploads, UnfinishedUpload},
};
use sqlx::AnyConnection;

use crate::{
    app::App,
    db::{
        entries,
        shares::{self, ShareRow},
        tree, uploads,
        users::{self, UserRow},
        versions::{self, VersionRow},
    },
    error::{Error, Result},
    ops::discard::discard,
};

/// A planned upload of which nothing came ends after this.
pub(crate) const UNTOUCHED: Duration = Duration::from_secs(15 * 60);
/// When a plan may be tried again: others are likely to have been finished.
const PLAN_AGAIN: Duration = Duration::from_secs(2);

/// Sets a file of `bytes` aside.
///
/// # Errors
/// `TOO_MANY_REQUESTS` while too many are unfinished, `QUOTA_EXCEEDED` if the link has taken all that it
/// may.
pub(in crate::ops) async fn plan(
    connection: &mut AnyConnection,
    share: &ShareRow,
    bytes: i64,
) -> Result<()> {
    let unfinished = i64::try_from(SHARE_UNFINISHED).unwrap_or(i64::MAX);
    for share in chain(connection, &share.id).await? {
        if shares::plan_file(connection, &share.id, bytes, unfinished).await? {
            continue;
        }
        return Err(match share.unfinished_files >= unfinished {
            true => Error::new(
                ErrorCode::TooManyRequests,
                format!(
                    "{unfinished} uploads through this link are planned and not finished; finish one first"
                ),
            )
            .with_retry_after(PLAN_AGAIN),
            false => used_up(&share),
        });
    }
    Ok(())
}

/// Sets `bytes` more aside for a planned file.
///
/// # Errors
/// `QUOTA_EXCEEDED` if the link may not take as much.
pub(in crate::ops) async fn extend(
    connection: &mut AnyConnection,
    share: &ShareRow,
    bytes: i64,
) -> Result<()> {
    for share in chain(connection, &share.id).await? {
        if !shares::extend_file(connection, &share.id, bytes).await? {
            return Err(used_up(&share));
        }
    }
    Ok(())
}

/// A planned file of `bytes` will not come.
pub(in crate::ops) async fn give_up(
    connection: &mut AnyConnection,
    share_id: &str,
    bytes: i64,
) -> Result<()> {
    end(connection, share_id, bytes, false).await
}

/// A planned file came in, and `unused` of the bytes that were set aside for it are free again.
pub(in crate::ops) async fn finish(
    connection: &mut AnyConnection,
    share_id: &str,
    unused: i64,
) -> Result<()> {
    end(connection, share_id, unused, true).await
}

async fn end(
    connection: &mut AnyConnection,
    share_id: &str,
    bytes: i64,
    came_in: bool,
) -> Result<()> {
    for share in chain(connection, share_id).await? {
        shares::end_file(connection, &share.id, bytes, came_in).await?;
    }
    Ok(())
}

/// The share and those that it was made with, those that take nothing in left out.
async fn chain(connection: &mut AnyConnection, share_id: &str) -> Result<Vec<ShareRow>> {
    let Some(share) = shares::find(connection, share_id).await? else {
        return Ok(Vec::new());
    };
    let mut chain = super::above(connection, &share).await?;
    chain.insert(0, share);
    chain.retain(|share| share.can_upload == 1);
    Ok(chain)
}

fn used_up(share: &ShareRow) -> Error {
    let (bytes, files) = (
        share.max_total_bytes.unwrap_or(0),
        share.max_files.unwrap_or(0),
    );
    let message = match share.received_files >= files {
        true => format!("this link has taken in the {files} files that it may"),
        false => format!(
            "this link may take in {bytes} bytes in all, and {} of them are taken",
            share.received_bytes
        ),
    };
    Error::new(
        ErrorCode::QuotaExceeded,
        format!("{message}; ask its owner for another"),
    )
}

/// The uploads through a link that are planned and not finished, oldest first.
///
/// # Errors
/// `NOT_FOUND` also for another user's link; `VALIDATION_ERROR` for an order, a filter or a cursor.
pub async fn list_unfinished(
    app: &App,
    user: &UserRow,
    id: &Id,
    query: &ListQuery,
) -> Result<Page<UnfinishedUpload>> {
    let why = "uploads are listed oldest first, by offset";
    let (limit, offset) = crate::ops::plain_page(query, why)?;
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

/// What was planned through a link and was given up leaves no names behind: the file, if it never was
/// more than begun, goes, and so do the directories above it that are empty and younger than the link.
pub(crate) async fn leave_nothing(
    connection: &mut AnyConnection,
    version: &VersionRow,
) -> Result<()> {
    let Some(share_id) = &version.share_id else {
        return Ok(());
    };
    let (Some(share), Some(file)) = (
        shares::find(connection, share_id).await?,
        entries::find(connection, &version.file_id).await?,
    ) else {
        return Ok(());
    };
    if !entries::delete_unborn(connection, &file.id).await? {
        return Ok(());
    }
    let (mut removed, mut above) = (1, file.parent_id);
    while above != share.entry_id {
        let Some(directory) = entries::find(connection, &above).await? else {
            break;
        };
        if !entries::delete_empty(connection, &directory.id, share.created_at).await? {
            break;
        }
        (removed, above) = (removed + 1, directory.parent_id);
    }
    Ok(users::remove_objects(connection, &version.user_id, removed).await?)
}

/// Gives up all that is planned through a link; what came in stays.
///
/// # Errors
/// `NOT_FOUND` also for another user's link.
pub async fn cancel_unfinished(app: &App, user: &UserRow, id: &Id) -> Result<CancelledUploads> {
    let mut transaction = app.db.write_for(&user.id).await?;
    find_own(&mut transaction, user, id).await?;
    let cancelled = give_up_all(&mut transaction, id, "its owner cancelled it").await?;
    transaction.commit().await?;
    app.garbage.notify_one();
    Ok(CancelledUploads { uploads: cancelled })
}

/// Gives up what is planned through a link and through those that were made with it; how much that was.
pub(super) async fn give_up_all(
    connection: &mut AnyConnection,
    id: &Id,
    reason: &str,
) -> Result<u64> {
    let mut given_up = 0;
    for upload in uploads::through_share(connection, id.as_str()).await? {
        let version = versions::find(connection, &upload.file_id, upload.number).await?;
        let Some(version) = version else { continue };
        if versions::mark_failed(connection, &version, reason).await? {
            discard(connection, &version).await?;
            leave_nothing(connection, &version).await?;
            given_up += 1;
        }
    }
    Ok(given_up)
}

/// The user's own link.
///
/// # Errors
/// `NOT_FOUND` also for another user's.
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
