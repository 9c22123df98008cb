//! Deletes sessions and tokens that have expired, counts of attempts that no longer matter, and finished work.

use std::time::Duration;

use crate::{
    app::App,
    db::{attempts, device_codes, mail_tokens, queue, sessions},
    error::Result,
};

/// Longer than any window of attempts.
const ATTEMPTS_KEPT: Duration = Duration::from_secs(24 * 60 * 60);
/// How long finished work can be looked up.
const WORK_KEPT: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// Returns how many sessions were deleted.
pub(crate) async fn run_once(app: &App) -> Result<u64> {
    // Not through `ops::transaction`: rows of many users, which no operation uses any more.
    let mut transaction = app.db.write().await?;
    let now = app.db.now(&mut transaction).await?;
    let ended = sessions::delete_expired(&mut transaction, now).await?;
    mail_tokens::delete_expired(&mut transaction, now).await?;
    device_codes::delete_expired(&mut transaction, now).await?;
    attempts::delete_before(&mut transaction, now.saturating_sub(ATTEMPTS_KEPT)).await?;
    queue::delete_ended(&mut transaction, now.saturating_sub(WORK_KEPT)).await?;
    transaction.commit().await?;
    Ok(ended)
}
