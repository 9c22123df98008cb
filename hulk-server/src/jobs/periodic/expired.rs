//! Deletes the bytes of expired files; their links already answer 410.

use crate::{
    app::App, db::upkeep, error::Result, jobs::lease::BATCH, ops::uploads::release::release,
};

pub(crate) async fn run_once(app: &App) -> Result<u64> {
    let mut expired = 0;
    loop {
        // Not through `ops::transaction`: versions of many users, locked in the order of their ids.
        let mut transaction = app.db.write().await?;
        let now = app.db.now(&mut transaction).await?;
        let due = upkeep::due(&mut transaction, now.unix_millis(), BATCH).await?;
        for version in &due {
            app.db.lock_user(&mut transaction, &version.user_id).await?;
            if upkeep::mark_expired(&mut transaction, version).await? {
                release(&mut transaction, version).await?;
                expired += 1;
            }
        }
        transaction.commit().await?;
        if due.is_empty() {
            return Ok(expired);
        }
    }
}
