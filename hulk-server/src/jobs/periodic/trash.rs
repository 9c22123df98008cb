//! Deletes entries permanently whose time in the trash has ended, and resumes after a crash.

use crate::{
    app::App, audit::Actor, db::trash, error::Result, jobs::lease::BATCH, ops::trash::purge::purge,
};

pub(crate) async fn run_once(app: &App) -> Result<u64> {
    let kept = i64::try_from(app.settings.limits.trash_kept.as_millis()).unwrap_or(i64::MAX);
    // Not through `ops::transaction`: one statement for the trash of all users, for whom the time is the same.
    let mut transaction = app.db.write().await?;
    let before = app.db.now(&mut transaction).await?.unix_millis() - kept;
    trash::mark_older_purged(&mut transaction, before).await?;
    transaction.commit().await?;
    let mut purged = 0;
    loop {
        let mut connection = app.db.read().await?;
        let marked = trash::marked(&mut connection, BATCH).await?;
        drop(connection);
        if marked.is_empty() {
            return Ok(purged);
        }
        for (user_id, entry_id) in marked {
            let actor = Actor::Server { user_id: &user_id };
            purge(app, actor, &entry_id).await?;
            purged += 1;
        }
    }
}
