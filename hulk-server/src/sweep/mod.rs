//! Background jobs. Each is `run_once`: bounded, repeatable, and safe beside requests.

mod expired;
mod garbage;
mod stale_uploads;

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::{app::App, error::Result};

/// How many rows a job takes at a time.
const BATCH: i64 = 500;
const SWEEP_INTERVAL: Duration = Duration::from_secs(6 * 60 * 60);
const GARBAGE_INTERVAL: Duration = Duration::from_secs(60);
const DOWNLOADS_INTERVAL: Duration = Duration::from_secs(5);

/// What a round of all jobs did.
#[derive(Clone, Copy, Debug, Default, serde::Serialize)]
pub struct Swept {
    /// Uploads given up because nobody went on.
    pub stale_uploads: u64,
    /// Files whose time was over.
    pub expired_files: u64,
    /// Objects deleted from the store.
    pub deleted_objects: u64,
}

/// All jobs, until each has nothing left to do.
///
/// # Errors
/// If database or store do not answer; what was done stays done.
pub async fn run_once(app: &App) -> Result<Swept> {
    Ok(Swept {
        stale_uploads: stale_uploads::run_once(app).await?,
        expired_files: expired::run_once(app).await?,
        deleted_objects: garbage::run_once(app).await?,
    })
}

/// Runs the jobs at their times until `stop`.
pub(crate) async fn run(app: App, stop: CancellationToken) {
    clean_embedded(&app);
    let mut sweep = tokio::time::interval(SWEEP_INTERVAL);
    let mut collect = tokio::time::interval(GARBAGE_INTERVAL);
    let mut count = tokio::time::interval(DOWNLOADS_INTERVAL);
    loop {
        tokio::select! {
            () = stop.cancelled() => break,
            _ = sweep.tick() => report("sweep", run_once(&app).await.map(drop)),
            _ = collect.tick() => report("garbage", garbage::run_once(&app).await.map(drop)),
            () = app.garbage.notified() => report("garbage", garbage::run_once(&app).await.map(drop)),
            _ = count.tick() => report("downloads", flush(&app).await),
        }
    }
    report("downloads", flush(&app).await);
}

async fn flush(app: &App) -> Result<()> {
    Ok(app.downloads.flush(&app.db).await?)
}

fn report(job: &str, outcome: Result<()>) {
    if let Err(error) = outcome {
        tracing::warn!(job, %error, "a background job failed; it runs again later");
    }
}

/// What a crash of this process left on the embedded store's disk.
fn clean_embedded(app: &App) {
    let Some(store) = app.embedded.clone() else {
        return;
    };
    tokio::task::spawn_blocking(move || match store.sweep() {
        Ok(0) => {}
        Ok(removed) => tracing::info!(removed, "removed leftovers of a crash from the store"),
        Err(error) => tracing::warn!(%error, "the store could not be swept"),
    });
}
