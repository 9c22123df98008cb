//! Periodic jobs. Each is `run_once`: repeatable, safe beside requests, and run by one replica at a time. A
//! round that is interrupted, by a crash or by its time limit, resumes where it stopped.

mod expired;
mod lapsed_downloads;
mod lapsed_logins;
mod orphans;
mod stale_uploads;
mod trash;
mod untouched_uploads;
mod usage;

use std::time::{Duration, Instant};

use hulk_proto::FileStatus;

use super::{
    garbage,
    lease::{self, Lease, Taken},
    outcome::report,
};
use crate::{app::App, db::upkeep, error::Result};

const HOUR: Duration = Duration::from_secs(60 * 60);
/// How often a replica checks whether a job is due.
const LOOK_INTERVAL: Duration = Duration::from_secs(60);
/// Age of an orphan: longer than any upload takes from its first byte to its row, and than clocks differ.
pub const ORPHAN_AGE: Duration = Duration::from_secs(24 * 60 * 60);

/// Result of a round of all jobs.
#[derive(Clone, Debug, Default, serde::Serialize)]
pub struct Swept {
    /// Uploads that were abandoned because no client resumed them.
    pub stale_uploads: u64,
    /// Files that had expired.
    pub expired_files: u64,
    /// Files and directories whose time in the trash had ended.
    pub purged_trash: u64,
    /// Downloads of counted shares whose end no client reported.
    pub lapsed_downloads: u64,
    /// Sessions that had expired.
    pub ended_sessions: u64,
    /// Objects deleted from the store because their row was deleted.
    pub deleted_objects: u64,
    /// Objects and multipart uploads deleted from the store because no row referred to them.
    pub orphaned_objects: u64,
    /// Files whose object the store has lost, or changed.
    pub lost_files: u64,
    /// Users whose usage was not the sum of their files.
    pub corrected_users: u64,
    /// Jobs that another replica was running.
    pub elsewhere: Vec<&'static str>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Job {
    StaleUploads,
    Untouched,
    Expiry,
    Trash,
    Claims,
    Logins,
    Orphans,
    Usage,
    Garbage,
}

impl Job {
    /// All jobs, in the order in which one makes work for the next.
    const ALL: [Self; 9] = [
        Self::StaleUploads,
        Self::Untouched,
        Self::Expiry,
        Self::Trash,
        Self::Claims,
        Self::Logins,
        Self::Orphans,
        Self::Usage,
        Self::Garbage,
    ];

    fn name(self) -> &'static str {
        match self {
            Self::StaleUploads => "stale-uploads",
            Self::Untouched => "untouched-uploads",
            Self::Expiry => "expiry",
            Self::Trash => "trash",
            Self::Claims => "claims",
            Self::Logins => "logins",
            Self::Orphans => "orphans",
            Self::Usage => "usage",
            Self::Garbage => "garbage",
        }
    }

    fn interval(self) -> Duration {
        match self {
            Self::Garbage | Self::Claims | Self::Untouched => LOOK_INTERVAL,
            _ => 6 * HOUR,
        }
    }

    async fn run_once(self, app: &App, lease: &Lease, orphan_age: Duration) -> Result<Swept> {
        let mut swept = Swept::default();
        match self {
            Self::StaleUploads => swept.stale_uploads = stale_uploads::run_once(app).await?,
            Self::Untouched => swept.stale_uploads = untouched_uploads::run_once(app).await?,
            Self::Expiry => swept.expired_files = expired::run_once(app).await?,
            Self::Trash => swept.purged_trash = trash::run_once(app).await?,
            Self::Claims => swept.lapsed_downloads = lapsed_downloads::run_once(app).await?,
            Self::Logins => swept.ended_sessions = lapsed_logins::run_once(app).await?,
            Self::Garbage => swept.deleted_objects = garbage::run_once(app).await?,
            Self::Usage => swept.corrected_users = usage::run_once(app, lease).await?,
            Self::Orphans => {
                let found = orphans::run_once(app, lease, orphan_age).await?;
                swept.orphaned_objects = found.orphans;
                swept.lost_files = found.lost;
            }
        }
        Ok(swept)
    }
}

/// Runs all jobs now, due or not, until each has nothing left to do. Waits for a lease whose holder died.
///
/// # Errors
/// The error of the first job that failed, after the others were run; their work is kept.
pub async fn run_once(app: &App, orphan_age: Duration) -> Result<Swept> {
    let mut all = Swept::default();
    let mut failed = None;
    for job in Job::ALL {
        let Some(lease) = lease::take_now(app, job.name()).await? else {
            all.elsewhere.push(job.name());
            continue;
        };
        match finish(app, job, lease, orphan_age).await {
            Ok(swept) => all.add(swept),
            Err(error) => failed = failed.or(Some(error)),
        }
    }
    match failed {
        None => Ok(all),
        Some(error) => Err(error),
    }
}

impl Swept {
    fn add(&mut self, other: Self) {
        self.stale_uploads += other.stale_uploads;
        self.expired_files += other.expired_files;
        self.purged_trash += other.purged_trash;
        self.lapsed_downloads += other.lapsed_downloads;
        self.ended_sessions += other.ended_sessions;
        self.deleted_objects += other.deleted_objects;
        self.orphaned_objects += other.orphaned_objects;
        self.lost_files += other.lost_files;
        self.corrected_users += other.corrected_users;
    }

    fn count(&self) {
        for (what, count) in [
            ("stale_uploads", self.stale_uploads),
            ("expired_files", self.expired_files),
            ("purged_trash", self.purged_trash),
            ("lapsed_downloads", self.lapsed_downloads),
            ("ended_sessions", self.ended_sessions),
            ("deleted_objects", self.deleted_objects),
            ("orphaned_objects", self.orphaned_objects),
            ("lost_files", self.lost_files),
            ("corrected_users", self.corrected_users),
        ] {
            metrics::counter!("hulk_swept_total", "what" => what).increment(count);
        }
    }
}

/// Runs a job whose lease was taken, and releases the lease.
async fn finish(app: &App, job: Job, lease: Lease, orphan_age: Duration) -> Result<Swept> {
    let start = Instant::now();
    let outcome = lease.hold(app, job.run_once(app, &lease, orphan_age)).await;
    let result = if outcome.is_ok() { "done" } else { "failed" };
    metrics::counter!("hulk_sweeps_total", "job" => job.name(), "result" => result).increment(1);
    metrics::histogram!("hulk_sweep_duration_seconds", "job" => job.name())
        .record(start.elapsed().as_secs_f64());
    lease.release(app, job.interval(), outcome.is_ok()).await?;
    let swept = outcome?;
    swept.count();
    Ok(swept)
}

/// Runs the jobs when they are due. Those of every minute do not wait for the long ones.
pub(super) async fn run(app: App) {
    let (frequent, rare): (Vec<Job>, Vec<Job>) = Job::ALL
        .into_iter()
        .partition(|job| job.interval() == LOOK_INTERVAL);
    let frequent = async {
        let mut look = tokio::time::interval(LOOK_INTERVAL);
        loop {
            look.tick().await;
            report("measure", measure(&app).await);
            run_all_due(&app, &frequent).await;
        }
    };
    let rare = async {
        let mut look = tokio::time::interval(LOOK_INTERVAL);
        loop {
            look.tick().await;
            run_all_due(&app, &rare).await;
        }
    };
    tokio::join!(frequent, rare);
}

async fn run_all_due(app: &App, jobs: &[Job]) {
    for job in jobs {
        report(job.name(), run_due(app, *job).await);
    }
}

async fn run_due(app: &App, job: Job) -> Result<()> {
    let Taken::Ours(lease) = lease::take(app, job.name(), false).await? else {
        return Ok(());
    };
    finish(app, job, lease, ORPHAN_AGE).await.map(drop)
}

/// Counts unfinished uploads by state; every replica reports them.
async fn measure(app: &App) -> Result<()> {
    let mut connection = app.db.read().await?;
    let counts = upkeep::count_unfinished(&mut connection).await?;
    for state in [FileStatus::Reserved, FileStatus::Uploaded] {
        let count = counts.iter().find(|(of, _)| *of == state);
        let count = count.map_or(0, |(_, count)| *count);
        metrics::gauge!("hulk_uploads_unfinished", "state" => state.as_str()).set(count as f64);
    }
    Ok(())
}
