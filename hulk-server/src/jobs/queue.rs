//! Does queued work (`db::queue` has the table of states).

use std::time::Duration;

use tokio::task::JoinSet;

use super::{
    mails,
    outcome::{Failure, Outcome, report},
};
use crate::{
    app::App,
    db::queue::{self, QueueRow, Work},
    error::Result,
    ops::{accounts::deletion, admin::tiers},
};

/// How often a replica looks for work that is due again, or whose replica died.
const LOOK_INTERVAL: Duration = Duration::from_secs(10);
/// Work that takes longer is done by another replica too.
const TERM: Duration = Duration::from_secs(5 * 60);
/// How much work a replica does at once, so that a server that hangs does not hold all of it up.
const WORKERS: usize = 4;
const FIRST_PAUSE: Duration = Duration::from_secs(10);
const LONGEST_PAUSE: Duration = Duration::from_secs(6 * 60 * 60);

/// Does work as soon as it is queued or due, some of it at once.
pub(super) async fn run(app: App) {
    let mut look = tokio::time::interval(LOOK_INTERVAL);
    let mut running = JoinSet::new();
    loop {
        let has_room = running.len() < WORKERS;
        tokio::select! {
            () = app.queue.notified(), if has_room => {}
            _ = look.tick(), if has_room => {}
            Some(_) = running.join_next() => {}
        }
        report("queue", begin_due(&app, &mut running).await);
    }
}

/// Begins all work that is due and that there is room for.
async fn begin_due(app: &App, running: &mut JoinSet<()>) -> Result<()> {
    while running.len() < WORKERS {
        let Some(row) = claim(app).await? else {
            return Ok(());
        };
        let app = app.clone();
        running.spawn(async move {
            let outcome = attempt(&app, &row).await;
            report("queue", conclude(&app, &row, outcome).await);
        });
    }
    Ok(())
}

/// Claims work that is due. Not through `ops::transaction`, like all of this file: it is the server's work.
async fn claim(app: &App) -> Result<Option<QueueRow>> {
    loop {
        let mut transaction = app.db.write().await?;
        let now = app.db.now(&mut transaction).await?;
        let until = now.saturating_add(TERM);
        let row = queue::claim(&mut transaction, app.replica.as_str(), now, until).await?;
        // Another replica may have claimed the first, while more is due.
        let is_last = row.is_some() || !queue::has_due(&mut transaction, now).await?;
        transaction.commit().await?;
        if is_last {
            return Ok(row);
        }
    }
}

/// Makes an attempt, unless the last one that the work may have was begun before, and its replica died.
async fn attempt(app: &App, row: &QueueRow) -> Outcome {
    let work = serde_json::from_str(&row.payload);
    let work: Work = work.map_err(|error| Failure::Permanent(error.to_string()))?;
    let most = match &work {
        Work::Mail(mail) => mails::most_attempts(mail),
        // It must be done once, however late.
        Work::AccountDeletion { .. } | Work::TierQuota { .. } => i64::MAX,
    };
    if row.attempts > most {
        let what = format!("not done in {most} attempts: the server died during the last one");
        return Err(Failure::Permanent(what));
    }
    let (of, claimed) = (app.clone(), row.clone());
    // In a task of its own: work that panics fails for good.
    let performed = tokio::spawn(async move { perform(&of, &claimed, work).await });
    match performed.await {
        Ok(Err(Failure::Again(error))) if row.attempts >= most => Err(Failure::Permanent(error)),
        Ok(outcome) => outcome,
        Err(error) => Err(Failure::Permanent(error.to_string())),
    }
}

async fn conclude(app: &App, row: &QueueRow, outcome: Outcome) -> Result<()> {
    let of = (row.id.as_str(), app.replica.as_str());
    let mut transaction = app.db.write().await?;
    let now = app.db.now(&mut transaction).await?;
    let result = match outcome {
        Ok(()) => {
            queue::mark_done(&mut transaction, of, now).await?;
            "done"
        }
        Err(Failure::Again(error)) => {
            tracing::warn!(
                work = row.id,
                error,
                "queued work failed; it is tried again"
            );
            let run_at = now.saturating_add(pause(row.attempts));
            queue::retry(&mut transaction, of, run_at, &error).await?;
            "retried"
        }
        Err(Failure::Permanent(error)) => {
            tracing::error!(work = row.id, error, "queued work failed for good");
            queue::mark_failed(&mut transaction, of, now, &error).await?;
            "failed"
        }
    };
    transaction.commit().await?;
    metrics::counter!("hulk_queue_total", "result" => result).increment(1);
    Ok(())
}

/// Returns how long to wait after this many attempts.
fn pause(attempts: i64) -> Duration {
    let doublings = u32::try_from(attempts - 1).unwrap_or(0).min(16);
    FIRST_PAUSE
        .saturating_mul(1 << doublings)
        .min(LONGEST_PAUSE)
}

async fn perform(app: &App, row: &QueueRow, work: Work) -> Outcome {
    match work {
        Work::Mail(mail) => mails::send(app, row, mail).await,
        Work::AccountDeletion { user_id } => Ok(deletion::remove(app, &user_id).await?),
        Work::TierQuota { tier_id, from } => Ok(tiers::move_quotas(app, &tier_id, from).await?),
    }
}
