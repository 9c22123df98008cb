//! Abandons uploads that no client resumed.

use std::time::Duration;

use crate::{
    app::App,
    db::{upkeep, versions},
    error::Result,
    jobs::lease::BATCH,
    ops::uploads::release::release,
};

/// Longer than any URL is valid and any single PUT takes.
const STALE_AFTER: Duration = Duration::from_secs(7 * 24 * 60 * 60);

pub(crate) async fn run_once(app: &App) -> Result<u64> {
    let age = i64::try_from(STALE_AFTER.as_millis()).unwrap_or(i64::MAX);
    let mut given_up = 0;
    loop {
        // Not through `ops::transaction`: versions of many users, locked in the order of their ids.
        let mut transaction = app.db.write().await?;
        let before = app.db.now(&mut transaction).await?.unix_millis() - age;
        let stale = upkeep::stale(&mut transaction, before, BATCH).await?;
        for version in &stale {
            app.db.lock_user(&mut transaction, &version.user_id).await?;
            if versions::mark_failed(&mut transaction, version, "no client resumed it").await? {
                release(&mut transaction, version).await?;
                given_up += 1;
            }
        }
        transaction.commit().await?;
        if stale.is_empty() {
            return Ok(given_up);
        }
    }
}
