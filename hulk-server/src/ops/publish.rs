//! Makes a finished upload the file's current version.

use hulk_proto::Timestamp;
use sqlx::AnyConnection;

use super::{
    delete_file::{discard, forget_upload, urls_end},
    present,
};
use crate::{
    db::{
        entries::{self, FileChange},
        garbage, users,
        versions::{self, Finished, VersionRow},
    },
    error::Result,
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

/// The version becomes the file's; the one before it goes.
pub(super) async fn publish(
    connection: &mut AnyConnection,
    version: &VersionRow,
    sent: &Sent,
) -> Result<Outcome> {
    let policy = present::policy(&version.expiration_policy)?;
    let now = Timestamp::now();
    let all = versions::all_of(connection, &version.file_id).await?;
    let is_validated = |other: &&VersionRow| other.state == versions::VALIDATED;
    let current = all.iter().find(is_validated);
    let Some(this) = all.iter().find(|other| other.number == version.number) else {
        // Deleted or given up while the store was asked: the object is nobody's.
        garbage::add(connection, &version.object_key, None, urls_end()).await?;
        return Ok(Outcome::Gone);
    };
    if this.state == versions::VALIDATED {
        return Ok(Outcome::Validated);
    }
    if version.if_exists == "fail" && current.is_some_and(|current| !current.is_over(now)) {
        return Ok(Outcome::Taken);
    }
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
    users::release(connection, &this.user_id, rest).await?;
    users::count_files(connection, &this.user_id, 1).await?;
    let validated = VersionRow {
        state: versions::VALIDATED.to_owned(),
        size_bytes: sent.size_bytes,
        upload_id: None,
        ..this.clone()
    };
    if let Some(newer) = current.filter(|current| current.number > version.number) {
        drop_version(connection, &validated).await?;
        tracing::debug!(file = newer.file_id, "a newer version was finished first");
        return Ok(Outcome::Overtaken);
    }
    if let Some(older) = current {
        drop_version(connection, older).await?;
    }
    let change = FileChange {
        place: None,
        permissions: version.permissions.as_deref(),
        tags: version.tags.as_deref(),
        description: version.description.as_deref(),
        metadata: version.metadata.as_deref(),
    };
    entries::change_file(connection, &version.file_id, change).await?;
    entries::set_version(connection, &version.file_id, version.number).await?;
    forget_upload(connection, version).await?;
    Ok(Outcome::Validated)
}

async fn drop_version(connection: &mut AnyConnection, version: &VersionRow) -> Result<()> {
    if versions::delete(connection, version).await? {
        discard(connection, version).await?;
    }
    Ok(())
}
