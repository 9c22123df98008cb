//! Finished files whose bytes the store has lost, or changed since they were validated.

use crate::{
    app::App,
    audit::Actor,
    db::{quota, upkeep, versions::VersionRow},
    error::Result,
    ops::transaction::transaction,
};

/// Asks the store once more. If the object is missing or has changed, the version fails and its space is
/// released. Returns whether it did.
///
/// # Errors
/// If database or store do not answer.
pub(crate) async fn mark_lost(app: &App, version: &VersionRow) -> Result<bool> {
    let reason = match app.store.inspect(&version.object_key).await? {
        None => "the store has lost its bytes",
        Some(found) if i64::try_from(found.size_bytes).ok() != Some(version.size_bytes) => {
            "the store has other bytes than were uploaded"
        }
        Some(_) => return Ok(false),
    };
    let user_id = version.user_id.as_str();
    let is_lost = transaction!(&app.db, Actor::Server { user_id }, async |tx| {
        let is_lost = upkeep::mark_lost(tx, version, reason).await?;
        if is_lost {
            quota::release(tx, user_id, version.size_bytes).await?;
            quota::uncount_file(tx, user_id, &version.file_id, version.number).await?;
        }
        Ok(is_lost)
    })?;
    if is_lost {
        tracing::error!(
            file = version.file_id,
            version = version.number,
            key = version.object_key,
            reason,
            "the store has lost or changed the bytes of a file"
        );
    }
    Ok(is_lost)
}
