//! Whether requests can be served: asked of database and store each time, but what the store can do
//! is tried only now and then.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use hulk_proto::{
    Timestamp,
    health::{Check, Outcome, Readiness},
};
use tokio::sync::Mutex;

use crate::{app::App, error::Result};

const GOOD_FOR: Duration = Duration::from_secs(60 * 60);
const BAD_FOR: Duration = Duration::from_secs(30);

/// What the store could do when it was tried last.
#[derive(Clone, Default)]
pub struct Probed(Arc<Mutex<Option<Probe>>>);

struct Probe {
    at: Instant,
    checks: Vec<Check>,
}

/// # Errors
/// `DATABASE_UNAVAILABLE`, `STORE_UNAVAILABLE` if one does not answer at all.
pub async fn readiness(app: &App) -> Result<Readiness> {
    let mut connection = app.db.read().await?;
    let theirs = app.db.now(&mut connection).await?.unix_millis();
    drop(connection);
    let ahead = (theirs - Timestamp::now().unix_millis()) / 1000;
    app.store.check().await?;
    let mut checks = vec![Check::clock("database clock", ahead)];
    checks.extend(probe(app).await?);
    Ok(Readiness {
        ready: checks.iter().all(|check| check.outcome != Outcome::Failed),
        checks,
    })
}

async fn probe(app: &App) -> Result<Vec<Check>> {
    let mut probed = app.probed.0.lock().await;
    if let Some(Probe { at, checks }) = &*probed {
        let is_bad = checks.iter().any(|check| check.outcome == Outcome::Failed);
        let good_for = if is_bad { BAD_FOR } else { GOOD_FOR };
        if at.elapsed() < good_for {
            return Ok(checks.clone());
        }
    }
    let checks = app.store.probe(&app.settings.env_name).await?;
    *probed = Some(Probe {
        at: Instant::now(),
        checks: checks.clone(),
    });
    Ok(checks)
}
