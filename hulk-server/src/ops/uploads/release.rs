//! Releases what a version holds, in the transaction that ends it.

use hulk_proto::{FileStatus, Timestamp};
use sqlx::AnyConnection;

use crate::{
    app::App,
    audit::Actor,
    db::{
        entries::{self, EntryRow},
        garbage, quota, shares,
        versions::{self, VersionRow},
    },
    error::Result,
    ops::{shares::intake, transaction::transaction},
    store::URL_LIFETIME,
};

/// Returns the current version of the file, if it is finished.
pub(super) fn current_of<'a>(all: &'a [VersionRow], entry: &EntryRow) -> Option<&'a VersionRow> {
    all.iter()
        .find(|version| version.number == entry.version && version.state == FileStatus::Validated)
}

/// Releases the version's bytes from the quota, and adds its objects to the garbage. The caller changed its
/// state or deleted its row in the same transaction, so no other request does the same.
pub(crate) async fn release(connection: &mut AnyConnection, version: &VersionRow) -> Result<()> {
    quota::release(connection, &version.user_id, version.size_bytes).await?;
    let share_id = version.share_id.as_deref();
    if let Some(share_id) = share_id.filter(|_| version.is_unfinished()) {
        intake::release(connection, share_id, version.size_bytes).await?;
    }
    if version.state == FileStatus::Validated {
        let (file_id, number) = (&version.file_id, version.number);
        quota::uncount_file(connection, &version.user_id, file_id, number).await?;
    }
    let last_at = match version.is_in_place() {
        true => urls_end(),
        false => Timestamp::now(),
    };
    let upload_id = version.upload_id.as_deref();
    garbage::add(connection, &version.object_key, upload_id, last_at).await?;
    release_upload(connection, version).await
}

/// Deletes uploaded bytes that were copied: now, and once more when no URL can write them any more.
pub(super) async fn release_upload(
    connection: &mut AnyConnection,
    version: &VersionRow,
) -> Result<()> {
    if !version.is_in_place() {
        garbage::add(connection, &version.upload_key, None, urls_end()).await?;
    }
    Ok(())
}

/// Returns the time from which no URL that was signed until now is valid.
pub(crate) fn urls_end() -> Timestamp {
    Timestamp::now().saturating_add(URL_LIFETIME)
}

/// Fails an unfinished version, in the caller's transaction. Returns false if it had already ended.
pub(crate) async fn fail(
    connection: &mut AnyConnection,
    version: &VersionRow,
    reason: &str,
) -> Result<bool> {
    if !versions::mark_failed(connection, version, reason).await? {
        return Ok(false);
    }
    release(connection, version).await?;
    remove_without_versions(connection, version).await?;
    Ok(true)
}

/// Fails an upload that cannot be completed.
pub(crate) async fn abandon(
    app: &App,
    actor: Actor<'_>,
    version: &VersionRow,
    reason: &str,
) -> Result<()> {
    let has_failed = transaction!(&app.db, actor, async |tx| fail(tx, version, reason).await)?;
    if has_failed {
        metrics::counter!("hulk_uploads_total", "result" => "failed").increment(1);
    }
    app.garbage.notify_one();
    Ok(())
}

/// Removes the names that a failed upload through a share leaves behind: the file, unless a version of it
/// was ever finished, and the directories above it that are empty and younger than the link.
async fn remove_without_versions(
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
    if !entries::delete_without_versions(connection, &file.id).await? {
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
    Ok(quota::remove_objects(connection, &version.user_id, removed).await?)
}
