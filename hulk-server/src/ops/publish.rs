//! Makes a finished upload the file's current version.

use hulk_proto::{Category, Timestamp};
use sqlx::AnyConnection;

use super::{
    discard::{discard, forget_upload, urls_end},
    plan_upload::current_of,
    present, retried,
    shares::intake,
    upload_only,
};
use crate::{
    app::App,
    db::{
        entries::{self, EntryRow, FileChange},
        garbage, users,
        versions::{self, Finished, VersionRow},
    },
    error::{Error, Result},
};

/// What the store has of a version.
pub(super) struct Sent {
    pub(super) size_bytes: i64,
    pub(super) sha256: Option<String>,
    pub(super) part_digests: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    Validated,
    /// There is a file by now that was not to be replaced.
    Taken,
    /// A newer upload to the path was finished first.
    Overtaken,
    /// The file was deleted, or the upload given up, in the meantime.
    Gone,
}

/// Publishes what was sent of each of the user's versions, in one transaction. `None` is for what is
/// not to be published.
pub(super) async fn publish_all(
    app: &App,
    user_id: &str,
    sent: &[Option<(&VersionRow, &Sent)>],
) -> Result<Vec<Option<Outcome>>> {
    if sent.iter().all(Option::is_none) {
        return Ok(vec![None; sent.len()]);
    }
    let outcomes = retried(|| async {
        let mut outcomes = Vec::with_capacity(sent.len());
        let mut transaction = app.db.write_for(user_id).await?;
        for sent in sent {
            outcomes.push(match sent {
                Some((version, sent)) => Some(publish(app, &mut transaction, version, sent).await?),
                None => None,
            });
        }
        transaction.commit().await?;
        Ok(outcomes)
    });
    let outcomes = outcomes.await?;
    app.garbage.notify_one();
    Ok(outcomes)
}

/// As `publish_all`, of one.
pub(super) async fn publish_one(app: &App, version: &VersionRow, sent: &Sent) -> Result<Outcome> {
    let outcomes = publish_all(app, &version.user_id, &[Some((version, sent))]).await?;
    let outcome = outcomes.into_iter().flatten().next();
    outcome.ok_or_else(|| Error::internal("a version was not published"))
}

/// The version becomes the file's, or takes its place among those before if a newer one was finished
/// first; of these, the newest are kept.
async fn publish(
    app: &App,
    connection: &mut AnyConnection,
    version: &VersionRow,
    sent: &Sent,
) -> Result<Outcome> {
    let policy = present::policy(&version.expiration_policy)?;
    let now = Timestamp::now();
    let all = versions::all_of(connection, &version.file_id).await?;
    let entry = entries::find(connection, &version.file_id).await?;
    let this = all.iter().find(|other| other.number == version.number);
    let (Some(this), Some(entry)) = (this, entry) else {
        // Deleted or given up while the store was asked: the object is nobody's.
        garbage::add(connection, &version.object_key, None, urls_end()).await?;
        return Ok(Outcome::Gone);
    };
    if this.state == versions::VALIDATED {
        return Ok(Outcome::Validated);
    }
    let current = current_of(&all, &entry);
    if version.if_exists == "fail" && current.is_some_and(|current| !current.is_over(now)) {
        return Ok(Outcome::Taken);
    }
    let Some(change) = upload_only::change(version, &entry, &all) else {
        return Ok(Outcome::Taken);
    };
    let finished = Finished {
        size_bytes: sent.size_bytes,
        sha256: sent.sha256.as_deref(),
        part_digests: sent.part_digests.as_deref(),
        expires_at: policy.expires_at(now).map(Timestamp::unix_millis),
    };
    if !versions::mark_validated(connection, version, finished).await? {
        garbage::add(connection, &version.object_key, None, urls_end()).await?;
        return Ok(Outcome::Gone);
    }
    // Of an upload whose length was not known, what was set aside and not used.
    let rest = this.size_bytes - sent.size_bytes;
    if rest != 0 {
        users::release(connection, &this.user_id, rest).await?;
    }
    if let Some(share_id) = &this.share_id {
        intake::finish(connection, share_id, rest).await?;
    }
    let validated = VersionRow {
        state: versions::VALIDATED.to_owned(),
        size_bytes: sent.size_bytes,
        upload_id: None,
        ..this.clone()
    };
    let kept = app.settings.versions_kept;
    if let Some(newer) = current.filter(|current| current.number > version.number) {
        tracing::debug!(file = newer.file_id, "a newer version was finished first");
        if kept <= 1 {
            drop_version(connection, &validated).await?;
            return Ok(Outcome::Overtaken);
        }
    } else {
        if current.is_none() {
            users::count_files(connection, &this.user_id, 1).await?;
        }
        make_current(connection, version, &entry, change).await?;
        // The same bytes put again are no other version.
        let same = current.filter(|current| {
            version.may_displace(current)
                && current.sha256.is_some()
                && current.sha256 == sent.sha256
        });
        if let Some(same) = same {
            drop_version(connection, same).await?;
        }
    }
    let finished = all
        .iter()
        .filter(|other| other.state == versions::VALIDATED);
    if finished.count() >= kept {
        prune(connection, version, kept).await?;
    }
    forget_upload(connection, version).await?;
    Ok(Outcome::Validated)
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
    let category = Category::of(&entry.name, &version.mime_type).as_str();
    Ok(entries::set_version(connection, &version.file_id, version.number, category).await?)
}

/// Drops the oldest finished versions, if `newest` may displace them: the current one and those right
/// before it stay, `kept` in all.
async fn prune(connection: &mut AnyConnection, newest: &VersionRow, kept: usize) -> Result<()> {
    let Some(entry) = entries::find(connection, &newest.file_id).await? else {
        return Ok(());
    };
    let all = versions::all_of(connection, &newest.file_id).await?;
    let older = all
        .iter()
        .rev()
        .filter(|version| version.state == versions::VALIDATED && version.number != entry.version);
    let dropped = older.skip(kept.max(1) - 1);
    for version in dropped.filter(|version| newest.may_displace(version)) {
        drop_version(connection, version).await?;
    }
    Ok(())
}

async fn drop_version(connection: &mut AnyConnection, version: &VersionRow) -> Result<()> {
    if versions::delete(connection, version).await? {
        discard(connection, version).await?;
    }
    Ok(())
}
