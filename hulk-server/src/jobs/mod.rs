//! Background jobs, which run beside the requests.
//!
//! Each kind has a task of its own, so that a round of sweeps that takes hours delays neither the counts of
//! downloads nor the deletion of objects, which sweeps and expired URLs make every minute.

mod download_counts;
mod garbage;
mod lease;
mod mails;
mod outcome;
pub mod periodic;
mod queue;

use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::app::App;
use outcome::report;

/// Runs all jobs until `stop`. Work in progress is then dropped, as by a crash, but leases are released and
/// downloads are counted.
pub(crate) async fn run(app: App, stop: CancellationToken) {
    clean_embedded(&app);
    let mut tasks = JoinSet::new();
    tasks.spawn(periodic::run(app.clone()));
    tasks.spawn(garbage::run(app.clone()));
    tasks.spawn(queue::run(app.clone()));
    let counts = download_counts::run(app.clone(), stop.clone());
    tokio::join!(counts, stop.cancelled());
    tasks.shutdown().await;
    report("lease", lease::release_all(&app).await);
}

/// Removes files that a crash of this process left on the embedded store's disk.
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
