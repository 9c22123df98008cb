//! Deletes objects that no row refers to any more.

use hulk_proto::Timestamp;

use super::BATCH;
use crate::{app::App, db::garbage, error::Result};

pub(super) async fn run_once(app: &App) -> Result<u64> {
    let mut deleted = 0;
    loop {
        let now = Timestamp::now();
        let mut connection = app.db.read().await?;
        let keys = garbage::due(&mut connection, now, BATCH).await?;
        drop(connection);
        if keys.is_empty() {
            return Ok(deleted);
        }
        for key in &keys {
            app.store.delete(key).await?;
        }
        let mut transaction = app.db.write().await?;
        for key in &keys {
            garbage::deleted(&mut transaction, key, now).await?;
        }
        transaction.commit().await?;
        deleted += keys.len() as u64;
    }
}
