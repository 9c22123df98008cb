//! Makes a finished upload the file's current version.

use hulk_proto::{Category, FileStatus, IfExists, Timestamp};
use serde_json::json;
use sqlx::AnyConnection;

use super::{
    release::{current_of, fail, release, release_upload, urls_end},
    upload_only,
};
use crate::{
    app::App,
    audit::{self, Action, Actor},
    auth::scope::reaches,
    db::{
        entries::{self, EntryRow, FileChange},
        garbage, quota,
        versions::{self, Finished, VersionRow},
    },
    error::{Error, Result},
    limits::Limits,
    ops::{shares::intake, transaction::transaction},
};

/// The bytes of a version that the store has received.
pub(crate) struct Sent {
    pub(super) size_bytes: i64,
    pub(super) sha256: Option<String>,
    pub(super) part_digests: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Validated,
    /// A file that must not be replaced exists by now.
    Taken,
    /// A newer upload to the path was finished first.
    Overtaken,
    /// The file was deleted, or the upload failed, in the meantime.
    Gone,
}

/// Publishes those of the user's versions that were sent, in one transaction. A `None` is skipped, and has no
/// outcome.
pub(super) async fn publish_all(
    app: &App,
    actor: Actor<'_>,
    limits: &Limits,
    sent: &[Option<(&VersionRow, &Sent)>],
) -> Result<Vec<Option<Outcome>>> {
    if sent.iter().all(Option::is_none) {
        return Ok(vec![None; sent.len()]);
    }
    let outcomes = transaction!(&app.db, actor, async |tx| {
        let mut outcomes = Vec::with_capacity(sent.len());
        for sent in sent {
            outcomes.push(match sent {
                Some((version, sent)) => Some(publish(tx, actor, limits, version, sent).await?),
                None => None,
            });
        }
        Ok(outcomes)
    })?;
    app.garbage.notify_one();
    Ok(outcomes)
}

/// Like `publish_all`, for one version.
pub(crate) async fn publish_one(
    app: &App,
    actor: Actor<'_>,
    limits: &Limits,
    version: &VersionRow,
    sent: &Sent,
) -> Result<Outcome> {
    let outcomes = publish_all(app, actor, limits, &[Some((version, sent))]).await?;
    let outcome = outcomes.into_iter().flatten().next();
    outcome.ok_or_else(|| Error::internal("a version was not published"))
}

/// Makes the version the file's current one, or places it among the older ones if a newer one was finished
/// first. Of the older ones, the newest are kept.
async fn publish(
    connection: &mut AnyConnection,
    actor: Actor<'_>,
    limits: &Limits,
    version: &VersionRow,
    sent: &Sent,
) -> Result<Outcome> {
    let now = Timestamp::now();
    let all = versions::all_of(connection, &version.file_id).await?;
    let entry = entries::find(connection, &version.file_id).await?;
    let this = all.iter().find(|other| other.number == version.number);
    let (Some(this), Some(entry)) = (this, entry) else {
        // Deleted or failed while the store was asked: the object belongs to no version.
        return gone(connection, version).await;
    };
    if this.state == FileStatus::Validated {
        return Ok(Outcome::Validated);
    }
    if is_out_of_reach(connection, actor, this).await? {
        return Ok(Outcome::Gone);
    }
    let current = current_of(&all, &entry);
    let is_taken = current.is_some_and(|current| !current.is_expired(now));
    if version.if_exists == IfExists::Fail && is_taken {
        return Ok(Outcome::Taken);
    }
    let Some(change) = upload_only::change(version, &entry, &all) else {
        return Ok(Outcome::Taken);
    };
    if !mark_validated(connection, this, sent, now).await? {
        return gone(connection, version).await;
    }
    record(connection, actor, version, sent).await?;
    let newer = current.filter(|current| current.number > version.number);
    if newer.is_some() && limits.versions_kept <= 1 {
        let validated = VersionRow {
            state: FileStatus::Validated,
            size_bytes: sent.size_bytes,
            upload_id: None,
            ..this.clone()
        };
        delete_version(connection, &validated).await?;
        return Ok(Outcome::Overtaken);
    }
    if newer.is_none() {
        make_current(connection, version, &entry, change).await?;
        replace(connection, version, sent, current).await?;
    }
    let finished = all.iter();
    let finished = finished.filter(|other| other.state == FileStatus::Validated);
    if finished.count() >= limits.versions_kept {
        prune(connection, version, limits.versions_kept).await?;
    }
    release_upload(connection, version).await?;
    Ok(Outcome::Validated)
}

/// Records that the version was published.
async fn record(
    connection: &mut AnyConnection,
    actor: Actor<'_>,
    version: &VersionRow,
    sent: &Sent,
) -> Result<()> {
    let (action, file_id) = (Action::FilePut, &version.file_id);
    let details = json!({ "version": version.number, "size_bytes": sent.size_bytes });
    Ok(audit::record_with(connection, actor, action, file_id, details).await?)
}

/// Whether the file was moved out of the directory that whoever planned the upload is bound to, or that the
/// actor is. The former fails the upload, so that nobody else, such as a sweep, completes it.
async fn is_out_of_reach(
    connection: &mut AnyConnection,
    actor: Actor<'_>,
    version: &VersionRow,
) -> Result<bool> {
    let file_id = &version.file_id;
    if !reaches(connection, version.root_id.as_deref(), file_id).await? {
        let reason = "its file was moved out of reach of its API key";
        if !fail(connection, version, reason).await? {
            gone(connection, version).await?;
        }
        return Ok(true);
    }
    Ok(!reaches(connection, actor.bound_to(), file_id).await?)
}

async fn gone(connection: &mut AnyConnection, version: &VersionRow) -> Result<Outcome> {
    garbage::add(connection, &version.object_key, None, urls_end()).await?;
    Ok(Outcome::Gone)
}

/// Marks the version finished, and releases bytes that were reserved for it and not used, since the length of
/// an upload may have been unknown. Returns false if the version is in another state by now.
async fn mark_validated(
    connection: &mut AnyConnection,
    version: &VersionRow,
    sent: &Sent,
    now: Timestamp,
) -> Result<bool> {
    let expires_at = version.expiration_policy.expires_at(now);
    let finished = Finished {
        size_bytes: sent.size_bytes,
        sha256: sent.sha256.as_deref(),
        part_digests: sent.part_digests.as_deref(),
        expires_at: expires_at.map(Timestamp::unix_millis),
    };
    if !versions::mark_validated(connection, version, finished).await? {
        return Ok(false);
    }
    let unused = version.size_bytes - sent.size_bytes;
    if unused != 0 {
        quota::release(connection, &version.user_id, unused).await?;
    }
    if let Some(share_id) = &version.share_id {
        intake::finish(connection, share_id, unused).await?;
    }
    Ok(true)
}

async fn make_current(
    connection: &mut AnyConnection,
    version: &VersionRow,
    entry: &EntryRow,
    change: FileChange<'_>,
) -> Result<()> {
    if !change.is_empty() {
        entries::change_file(connection, &version.file_id, change).await?;
    }
    let category = Category::of(&entry.name, &version.mime_type);
    Ok(entries::set_version(connection, &version.file_id, version.number, category).await?)
}

/// Counts a new file for its first version. If the previous version has the same bytes, deletes it.
async fn replace(
    connection: &mut AnyConnection,
    version: &VersionRow,
    sent: &Sent,
    before: Option<&VersionRow>,
) -> Result<()> {
    let Some(before) = before else {
        return Ok(quota::count_files(connection, &version.user_id, 1).await?);
    };
    let is_same = before.sha256.is_some() && before.sha256 == sent.sha256;
    match is_same && version.may_displace(before) {
        true => delete_version(connection, before).await,
        false => Ok(()),
    }
}

/// Deletes the oldest finished versions that `newest` may displace: the current one and those right before
/// it stay, `kept` in all.
async fn prune(connection: &mut AnyConnection, newest: &VersionRow, kept: usize) -> Result<()> {
    let Some(entry) = entries::find(connection, &newest.file_id).await? else {
        return Ok(());
    };
    let all = versions::all_of(connection, &newest.file_id).await?;
    let older = all.iter().rev().filter(|version| {
        version.state == FileStatus::Validated && version.number != entry.version
    });
    let too_many = older.skip(kept.max(1) - 1);
    for version in too_many.filter(|version| newest.may_displace(version)) {
        delete_version(connection, version).await?;
    }
    Ok(())
}

async fn delete_version(connection: &mut AnyConnection, version: &VersionRow) -> Result<()> {
    if versions::delete(connection, version).await? {
        release(connection, version).await?;
    }
    Ok(())
}
