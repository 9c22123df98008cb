//! Deletes sessions, links and tokens that have expired, counts of attempts that no longer matter, and finished work.

use std::time::Duration;

use hulk_proto::Timestamp;

use crate::{
    app::App,
    db::{Write, attempts, device_codes, login_links, mail_tokens, queue, sessions},
    error::Result,
    jobs::lease::BATCH,
};

/// As long as the longest window of attempts (`config::rate_limits`).
const ATTEMPTS_KEPT: Duration = Duration::from_secs(24 * 60 * 60);
/// How long finished work can be looked up, counted from when it was queued.
const WORK_KEPT: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// Returns how many sessions were deleted.
pub(crate) async fn run_once(app: &App) -> Result<u64> {
    let mut all_ended = 0;
    loop {
        // Not through `ops::transaction`: rows of many users, which no operation uses any more.
        let mut transaction = app.db.write().await?;
        let now = app.db.now(&mut transaction).await?;
        let (ended, others) = delete_some(&mut transaction, now).await?;
        transaction.commit().await?;
        all_ended += ended;
        if ended + others == 0 {
            return Ok(all_ended);
        }
    }
}

/// Deletes at most `BATCH` rows of each table. Returns how many sessions those were, and how many other rows.
async fn delete_some(transaction: &mut Write, now: Timestamp) -> Result<(u64, u64)> {
    let tokens = sessions::delete_expired_tokens(transaction, now, BATCH).await?;
    let attempts_end = now.saturating_sub(ATTEMPTS_KEPT);
    let work_end = now.saturating_sub(WORK_KEPT);
    let others = tokens
        + login_links::delete_expired(transaction, now, BATCH).await?
        + mail_tokens::delete_expired(transaction, now, BATCH).await?
        + device_codes::delete_expired(transaction, now, BATCH).await?
        + attempts::delete_before(transaction, attempts_end, BATCH).await?
        + queue::delete_ended(transaction, work_end, BATCH).await?;
    // Once no token is left: a session may have a thousand, which are deleted with it.
    let ended = match tokens {
        0 => sessions::delete_expired(transaction, now, BATCH).await?,
        _ => 0,
    };
    Ok((ended, others))
}
