//! Counts downloads in memory and writes them in batches, since a write per redirect would make the database
//! the bottleneck of the hot path. A crash loses the counts of the last few seconds.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Mutex, MutexGuard, PoisonError},
};

use hulk_proto::Timestamp;

use crate::db::{Db, entries, shares};

/// Downloads that are not in the database yet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pending {
    pub count: i64,
    /// When the last one began, in unix milliseconds; `None` for none.
    pub last_at: Option<i64>,
}

impl Pending {
    fn add(&mut self, other: Self) {
        self.count += other.count;
        self.last_at = self.last_at.max(other.last_at);
    }
}

#[derive(Clone, Debug, Default)]
struct Counts {
    files: HashMap<String, Pending>,
    /// Downloads of shares that do not limit them.
    shares: HashMap<String, i64>,
}

/// Counts that are not in the database yet.
#[derive(Debug, Default)]
pub struct Downloads(Mutex<Counts>);

impl Downloads {
    pub fn count(&self, file_id: &str) {
        let one = Pending {
            count: 1,
            last_at: Some(Timestamp::now().unix_millis()),
        };
        let mut counts = self.lock();
        match counts.files.get_mut(file_id) {
            Some(pending) => pending.add(one),
            None => {
                counts.files.insert(file_id.to_owned(), one);
            }
        }
    }

    pub fn count_share(&self, share_id: &str) {
        *self.lock().shares.entry(share_id.to_owned()).or_default() += 1;
    }

    /// Returns the downloads of a file that are not in the database yet.
    pub fn pending(&self, file_id: &str) -> Pending {
        self.lock().files.get(file_id).copied().unwrap_or_default()
    }

    /// Returns the downloads of a share that are not in the database yet.
    pub fn pending_of_share(&self, share_id: &str) -> i64 {
        self.lock().shares.get(share_id).copied().unwrap_or(0)
    }

    /// Writes the counts in one transaction; counts that could not be written are kept.
    ///
    /// # Errors
    /// If the database does not accept them.
    pub async fn flush(&self, db: &Db) -> sqlx::Result<()> {
        let counts = std::mem::take(&mut *self.lock());
        if counts.files.is_empty() && counts.shares.is_empty() {
            return Ok(());
        }
        let written = write(db, &counts).await;
        if written.is_err() {
            let mut now = self.lock();
            for (file_id, pending) in counts.files {
                now.files.entry(file_id).or_default().add(pending);
            }
            for (share_id, count) in counts.shares {
                *now.shares.entry(share_id).or_default() += count;
            }
        }
        written
    }

    fn lock(&self) -> MutexGuard<'_, Counts> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn write(db: &Db, counts: &Counts) -> sqlx::Result<()> {
    // Not through `ops::transaction`: counters of many users, which are only added to.
    let mut transaction = db.write().await?;
    // In one order, so that two replicas do not wait for each other.
    let files: BTreeMap<_, _> = counts.files.iter().collect();
    for (file_id, pending) in files {
        let last_at = pending.last_at.unwrap_or(0);
        entries::add_downloads(&mut transaction, file_id, pending.count, last_at).await?;
    }
    let shares: BTreeMap<_, _> = counts.shares.iter().collect();
    for (share_id, count) in shares {
        shares::add_downloads(&mut transaction, share_id, *count).await?;
    }
    transaction.commit().await
}
