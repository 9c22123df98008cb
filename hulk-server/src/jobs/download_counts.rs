//! Writes the counts of downloads, and the last uses of keys, to the database.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::outcome::report;
use crate::{app::App, error::Result};

const INTERVAL: Duration = Duration::from_secs(5);

/// Flushes the counts at an interval, and at `stop`. A flush is not broken off: it has taken its counts.
pub(super) async fn run(app: App, stop: CancellationToken) {
    let mut tick = tokio::time::interval(INTERVAL);
    loop {
        let is_stopped = tokio::select! {
            _ = tick.tick() => false,
            () = stop.cancelled() => true,
        };
        report("downloads", flush(&app).await);
        report("transfers", return_transfers(&app, is_stopped).await);
        report("key uses", flush_key_uses(&app).await);
        if is_stopped {
            return;
        }
    }
}

async fn flush_key_uses(app: &App) -> Result<()> {
    Ok(app.key_uses.flush(&app.db).await?)
}

async fn return_transfers(app: &App, is_last: bool) -> Result<()> {
    Ok(app.transfers.return_unused(&app.db, is_last).await?)
}

async fn flush(app: &App) -> Result<()> {
    Ok(app.downloads.flush(&app.db).await?)
}
