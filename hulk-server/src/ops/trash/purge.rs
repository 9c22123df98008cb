//! Deletes entries permanently that are marked to be purged.

use crate::{
    app::App,
    audit::Actor,
    db::{
        quota,
        trash::{self, Purging},
    },
    error::Result,
    ops::{transaction::transaction, uploads::release::urls_end},
};

/// Deletes a marked entry with everything below it, in batches; a repeated call resumes where one stopped.
///
/// # Errors
/// If the database does not answer.
pub(crate) async fn purge(app: &App, actor: Actor<'_>, entry_id: &str) -> Result<()> {
    for which in [Purging::Below, Purging::Top] {
        while purge_some(app, actor, entry_id, which).await? {}
    }
    app.garbage.notify_one();
    Ok(())
}

/// Returns whether there was anything to delete.
async fn purge_some(app: &App, actor: Actor<'_>, entry_id: &str, which: Purging) -> Result<bool> {
    let user_id = actor.user_id();
    transaction!(&app.db, actor, async |tx| {
        let urls_end = urls_end().unix_millis();
        let (entries, bytes) = trash::purge(tx, entry_id, which, urls_end).await?;
        quota::release(tx, user_id, bytes).await?;
        let count = i64::try_from(entries).unwrap_or(0);
        quota::remove_objects(tx, user_id, count).await?;
        Ok(entries > 0)
    })
}
