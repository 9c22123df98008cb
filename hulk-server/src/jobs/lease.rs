//! A job's lease, held while it runs (`db::leases` has the table of states). Its transactions do not go
//! through `ops::transaction`: a lease belongs to no user.

use std::{
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use hulk_proto::ErrorCode;

use crate::{
    app::App,
    db::leases,
    error::{Error, Result},
};

/// How many rows a job takes at a time.
pub(super) const BATCH: i64 = 500;
/// A holder that has not renewed its lease for this long is considered dead.
const TERM: Duration = Duration::from_secs(60);
const RENEW_INTERVAL: Duration = Duration::from_secs(15);
/// A failed round is retried after this time.
const RETRY_AFTER: Duration = Duration::from_secs(60);
/// A round ends after this time, and the next one resumes.
const ROUND: Duration = Duration::from_secs(15 * 60);

pub(super) enum Taken {
    Ours(Lease),
    /// Not due, or held by another replica.
    No,
}

pub(super) struct Lease {
    job: &'static str,
    /// Where the previous round stopped; '' at the start.
    pub(super) position: String,
    /// `None` for a round without a time limit.
    ends_at: Option<Instant>,
    /// Whether the round ended before its work was done.
    is_cut: Mutex<bool>,
}

/// Takes the lease of a job that is due; if `forced`, also of one that is not.
pub(super) async fn take(app: &App, job: &'static str, forced: bool) -> Result<Taken> {
    let mut transaction = app.db.write().await?;
    let now = app.db.now(&mut transaction).await?;
    let until = now.saturating_add(TERM);
    let holder = app.replica.as_str();
    let taken = leases::take(&mut transaction, job, holder, now, until, forced).await?;
    transaction.commit().await?;
    Ok(match taken {
        Some(position) => Taken::Ours(Lease {
            job,
            position,
            ends_at: (!forced).then(|| Instant::now() + ROUND),
            is_cut: Mutex::new(false),
        }),
        None => Taken::No,
    })
}

/// Takes the lease as soon as its holder releases it or is considered dead. Returns `None` if the holder
/// keeps it.
pub(super) async fn take_now(app: &App, job: &'static str) -> Result<Option<Lease>> {
    let start = Instant::now();
    loop {
        if let Taken::Ours(lease) = take(app, job, true).await? {
            return Ok(Some(lease));
        }
        if start.elapsed() > TERM + RENEW_INTERVAL {
            return Ok(None);
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}

/// Releases all leases of this replica, which stops.
pub(super) async fn release_all(app: &App) -> Result<()> {
    let mut transaction = app.db.write().await?;
    leases::release_all(&mut transaction, app.replica.as_str()).await?;
    Ok(transaction.commit().await?)
}

impl Lease {
    /// Runs `work` for as long as this replica holds the lease.
    pub(super) async fn hold<T>(
        &self,
        app: &App,
        work: impl Future<Output = Result<T>>,
    ) -> Result<T> {
        // Concurrently with the work: it may hold a lock that a renewal waits for.
        let renewals = async {
            loop {
                tokio::time::sleep(RENEW_INTERVAL).await;
                if let Err(error) = self.renew(app).await {
                    return error;
                }
            }
        };
        tokio::select! {
            outcome = work => outcome,
            error = renewals => Err(error),
        }
    }

    async fn renew(&self, app: &App) -> Result<()> {
        let mut transaction = app.db.write().await?;
        let until = app.db.now(&mut transaction).await?.saturating_add(TERM);
        let holder = app.replica.as_str();
        let is_ours = leases::renew(&mut transaction, self.job, holder, until).await?;
        transaction.commit().await?;
        is_ours.then_some(()).ok_or_else(lost)
    }

    /// Records that everything before `position` is done. Returns false if the round is to end here.
    pub(super) async fn advance(&self, app: &App, position: &str) -> Result<bool> {
        let mut transaction = app.db.write().await?;
        let holder = app.replica.as_str();
        let is_ours = leases::advance(&mut transaction, self.job, holder, position).await?;
        transaction.commit().await?;
        if !is_ours {
            return Err(lost());
        }
        let is_over = self.ends_at.is_some_and(|end| end <= Instant::now());
        *self.is_cut.lock().unwrap_or_else(PoisonError::into_inner) = is_over;
        Ok(!is_over)
    }

    /// Releases the lease. The job is due again after `interval`, or soon if it failed or has more to do.
    pub(super) async fn release(
        self,
        app: &App,
        interval: Duration,
        succeeded: bool,
    ) -> Result<()> {
        let is_cut = self
            .is_cut
            .into_inner()
            .unwrap_or_else(PoisonError::into_inner);
        let is_done = succeeded && !is_cut;
        let pause = if is_done { interval } else { RETRY_AFTER };
        let mut transaction = app.db.write().await?;
        let next_at = app.db.now(&mut transaction).await?.saturating_add(pause);
        let holder = app.replica.as_str();
        leases::release(&mut transaction, self.job, holder, next_at, is_done).await?;
        Ok(transaction.commit().await?)
    }
}

fn lost() -> Error {
    Error::new(
        ErrorCode::Conflict,
        "another replica has taken the job over; this one stops",
    )
}
