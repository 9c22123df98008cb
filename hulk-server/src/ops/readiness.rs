//! Checks whether requests can be served. Database and store are asked each time; the capabilities of the
//! store are tested only now and then.

use hulk_proto::{
    Timestamp,
    health::{Check, Outcome, Readiness},
};

use crate::{app::App, error::Result};

/// # Errors
/// `DATABASE_UNAVAILABLE`, `STORE_UNAVAILABLE` if one does not answer at all.
pub async fn readiness(app: &App) -> Result<Readiness> {
    let mut connection = app.db.read().await?;
    let theirs = app.db.now(&mut connection).await?.unix_millis();
    drop(connection);
    let ahead = (theirs - Timestamp::now().unix_millis()) / 1000;
    app.store.check().await?;
    let mut checks = vec![Check::clock("database clock", ahead)];
    checks.extend(
        app.probed
            .checks(&app.store, &app.settings.env_name)
            .await?,
    );
    Ok(Readiness {
        ready: checks.iter().all(|check| check.outcome != Outcome::Failed),
        checks,
    })
}
