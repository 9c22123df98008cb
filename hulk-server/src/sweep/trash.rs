//! Deletes for good what has been in the trash for its time, and goes on with what a crash left.

use super::BATCH;
use crate::{app::App, db::trash, error::Result, ops::purge::purge};

pub(super) async fn run_once(app: &App) -> Result<u64> {
    let kept = i64::try_from(app.settings.trash_kept.as_millis()).unwrap_or(i64::MAX);
    let mut transaction = app.db.write().await?;
    let before = app.db.now(&mut transaction).await?.unix_millis() - kept;
    trash::doom_older(&mut transaction, before).await?;
    transaction.commit().await?;
    let mut purged = 0;
    loop {
        let mut connection = app.db.read().await?;
        let doomed = trash::doomed(&mut connection, BATCH).await?;
        drop(connection);
        if doomed.is_empty() {
            return Ok(purged);
        }
        for (user_id, entry_id) in doomed {
            purge(app, &user_id, &entry_id).await?;
            purged += 1;
        }
    }
}
