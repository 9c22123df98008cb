//! Deletes objects that no row refers to any more.

use super::outcome::report;
use crate::{app::App, db::garbage, error::Result};

/// How many objects are deleted between two transactions.
const BATCH: i64 = 500;

/// Deletes garbage whenever an operation has made some. Without a lease: deleting twice does no harm.
pub(super) async fn run(app: App) {
    loop {
        app.garbage.notified().await;
        report("garbage", run_once(&app).await.map(drop));
    }
}

/// Deletes all garbage that is due. Returns how many objects that was.
pub(super) async fn run_once(app: &App) -> Result<u64> {
    let mut deleted = 0;
    loop {
        let mut connection = app.db.read().await?;
        let now = app.db.now(&mut connection).await?;
        let rows = garbage::due(&mut connection, now, BATCH).await?;
        drop(connection);
        if rows.is_empty() {
            return Ok(deleted);
        }
        for row in &rows {
            if let Some(upload_id) = &row.upload_id {
                app.store
                    .abort_multipart(&row.object_key, upload_id)
                    .await?;
            }
            app.store.delete(&row.object_key).await?;
        }
        // Not through `ops::transaction`: garbage belongs to no user.
        let mut transaction = app.db.write().await?;
        for row in &rows {
            garbage::deleted(&mut transaction, &row.object_key, now).await?;
        }
        transaction.commit().await?;
        deleted += rows.len() as u64;
    }
}
