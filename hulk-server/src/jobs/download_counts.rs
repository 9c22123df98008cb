//! Writes the counts of downloads to the database.

use std::time::Duration;

use super::report;
use crate::{app::App, error::Result};

const INTERVAL: Duration = Duration::from_secs(5);

/// Flushes the counts at an interval.
pub(super) async fn run(app: App) {
    let mut tick = tokio::time::interval(INTERVAL);
    loop {
        tick.tick().await;
        report("downloads", flush(&app).await);
    }
}

pub(super) async fn flush(app: &App) -> Result<()> {
    Ok(app.downloads.flush(&app.db).await?)
}
