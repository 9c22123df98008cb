//! Counts downloads in memory and writes them in batches, since a write per redirect would make
//! the database the bound of the hot path. A crash loses the counts of the last few seconds.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Mutex, PoisonError},
};

use crate::db::{Db, entries};

/// Counts by file id that are not in the database yet.
#[derive(Debug, Default)]
pub struct Downloads(Mutex<HashMap<String, i64>>);

impl Downloads {
    pub fn count(&self, file_id: &str) {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match counts.get_mut(file_id) {
            Some(count) => *count += 1,
            None => {
                counts.insert(file_id.to_owned(), 1);
            }
        }
    }

    /// Counted, but not written yet.
    pub fn pending(&self, file_id: &str) -> i64 {
        let counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        counts.get(file_id).copied().unwrap_or(0)
    }

    /// Writes the counts in one transaction; counts that could not be written are kept.
    ///
    /// # Errors
    /// If the database does not take them.
    pub async fn flush(&self, db: &Db) -> sqlx::Result<()> {
        let counts = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        if counts.is_empty() {
            return Ok(());
        }
        let written = write(db, &counts).await;
        if written.is_err() {
            let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            for (file_id, count) in counts {
                *kept.entry(file_id).or_default() += count;
            }
        }
        written
    }
}

async fn write(db: &Db, counts: &HashMap<String, i64>) -> sqlx::Result<()> {
    let mut transaction = db.write().await?;
    // In one order, so that two replicas do not wait for each other.
    let counts: BTreeMap<_, _> = counts.iter().collect();
    for (file_id, count) in counts {
        entries::add_downloads(&mut transaction, file_id, *count).await?;
    }
    transaction.commit().await
}
