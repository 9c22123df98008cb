//! Deletes for good what is doomed.

use super::discard::urls_end;
use crate::{
    app::App,
    db::{
        trash::{self, Doomed},
        users,
    },
    error::Result,
};

/// A doomed entry with all that is below it, in batches; a repeated call goes on where one stopped.
///
/// # Errors
/// If the database does not answer.
pub(crate) async fn purge(app: &App, user_id: &str, entry_id: &str) -> Result<()> {
    for which in [Doomed::Below, Doomed::Top] {
        while super::retried(|| purge_some(app, user_id, entry_id, which)).await? {}
    }
    app.garbage.notify_one();
    Ok(())
}

/// Whether there was anything.
async fn purge_some(app: &App, user_id: &str, entry_id: &str, which: Doomed) -> Result<bool> {
    let mut transaction = app.db.write_for(user_id).await?;
    let urls_end = urls_end().unix_millis();
    let (entries, bytes) = trash::purge(&mut transaction, entry_id, which, urls_end).await?;
    users::release(&mut transaction, user_id, bytes).await?;
    let count = i64::try_from(entries).unwrap_or(0);
    users::remove_objects(&mut transaction, user_id, count).await?;
    transaction.commit().await?;
    Ok(entries > 0)
}
