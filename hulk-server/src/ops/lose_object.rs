//! A finished file whose bytes are not in the store any more, or not those that were validated.

use crate::{
    app::App,
    db::{upkeep, users, versions::VersionRow},
    error::Result,
};

/// Asks the store once more; a file without its object has failed, and its space is free. Whether
/// it has.
///
/// # Errors
/// If database or store do not answer.
pub(crate) async fn lose_object(app: &App, version: &VersionRow) -> Result<bool> {
    let reason = match app.store.inspect(&version.object_key).await? {
        None => "the store has lost it",
        Some(found) if i64::try_from(found.size_bytes).ok() != Some(version.size_bytes) => {
            "the store has other bytes"
        }
        Some(_) => return Ok(false),
    };
    let mut transaction = app.db.write_for(&version.user_id).await?;
    let is_lost = upkeep::mark_lost(&mut transaction, version, reason).await?;
    if is_lost {
        users::release(&mut transaction, &version.user_id, version.size_bytes).await?;
        let (file_id, number) = (&version.file_id, version.number);
        users::uncount_file(&mut transaction, &version.user_id, file_id, number).await?;
    }
    transaction.commit().await?;
    if is_lost {
        tracing::error!(
            file = version.file_id,
            version = version.number,
            key = version.object_key,
            reason,
            "a file is lost"
        );
    }
    Ok(is_lost)
}
