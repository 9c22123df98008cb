//! Deletes objects that no row refers to any more.

use super::BATCH;
use crate::{app::App, db::garbage, error::Result};

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
        let mut transaction = app.db.write().await?;
        for row in &rows {
            garbage::deleted(&mut transaction, &row.object_key, now).await?;
        }
        transaction.commit().await?;
        deleted += rows.len() as u64;
    }
}
