//! Counts what is downloaded of each user's files in a month, and holds it within the tier. Counted when a link
//! is signed, in full: the store does not tell how much of it was fetched. In memory, and written in batches, since
//! a write per redirect would make the database the bottleneck; replicas see each other's bytes with the next
//! batch, which comes early when much of the limit is not written yet.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use hulk_proto::{ErrorCode, Timestamp};
use tokio::sync::Notify;

use super::reached;
use crate::{
    db::{
        Db,
        transfer::{self, TransferRow},
    },
    error::{Error, Result},
};

/// How long the limit and the sum of a month are taken to be as they were read.
const FRESH: Duration = Duration::from_secs(2);
/// Users whom nobody has downloaded from for so long are forgotten.
const IDLE: Duration = Duration::from_secs(60);
/// This part of a limit is written at once.
const EARLY: i64 = 200;

/// Downloaded bytes of the current month.
#[derive(Default)]
pub(crate) struct Transfers {
    users: Mutex<HashMap<String, Month>>,
    /// Notified when much is not written yet.
    pub(crate) is_much: Notify,
}

#[derive(Clone, Copy)]
struct Month {
    number: i64,
    limit: Option<i64>,
    /// The sum that the database had last.
    written: i64,
    /// What is being written.
    writing: i64,
    pending: i64,
    read_at: Instant,
}

impl Month {
    fn sum(&self) -> i64 {
        self.written + self.writing + self.pending
    }
}

impl Transfers {
    /// Counts the bytes of a download.
    ///
    /// # Errors
    /// `TRANSFER_EXCEEDED` if the month does not have room for them.
    pub(crate) async fn take(&self, db: &Db, user_id: &str, bytes: i64) -> Result<()> {
        let now = Timestamp::now();
        if let Some(taken) = self.try_take(user_id, bytes, now) {
            return taken;
        }
        let mut connection = db.read().await?;
        let row = transfer::find(&mut connection, user_id).await?;
        drop(connection);
        let row = row.ok_or_else(|| Error::not_found("file"))?;
        self.refresh(user_id, row, now);
        self.try_take(user_id, bytes, now).unwrap_or(Ok(()))
    }

    /// Takes back what was counted for a download that did not begin.
    pub(crate) fn give_back(&self, user_id: &str, bytes: i64) {
        if let Some(month) = self.lock().get_mut(user_id) {
            month.pending -= bytes;
        }
    }

    /// Returns `None` if the limit must be read first.
    fn try_take(&self, user_id: &str, bytes: i64, now: Timestamp) -> Option<Result<()>> {
        let mut users = self.lock();
        let month = users.get_mut(user_id)?;
        if month.number != number_of(now) || month.read_at.elapsed() > FRESH {
            return None;
        }
        if month
            .limit
            .is_some_and(|limit| month.sum().saturating_add(bytes) > limit)
        {
            return Some(Err(exceeded(now)));
        }
        month.pending += bytes;
        if month
            .limit
            .is_some_and(|limit| month.pending > limit / EARLY)
        {
            self.is_much.notify_one();
        }
        Some(Ok(()))
    }

    fn refresh(&self, user_id: &str, row: TransferRow, now: Timestamp) {
        let number = number_of(now);
        let written = if row.month == number {
            row.month_bytes
        } else {
            0
        };
        let fresh = Month {
            number,
            limit: row.monthly_download_bytes,
            written,
            writing: 0,
            pending: 0,
            read_at: Instant::now(),
        };
        let mut users = self.lock();
        match users
            .get_mut(user_id)
            .filter(|month| month.number == number)
        {
            Some(month) => {
                month.limit = fresh.limit;
                // It was read before what this process has written since.
                month.written = month.written.max(written);
                month.read_at = fresh.read_at;
            }
            // What is pending of an earlier month limits nothing any more.
            None => drop(users.insert(user_id.to_owned(), fresh)),
        }
    }

    /// Writes the sums in one transaction; those that could not be written are kept.
    ///
    /// # Errors
    /// If the database does not accept them.
    pub(crate) async fn flush(&self, db: &Db) -> sqlx::Result<()> {
        let batch = self.begin_flush();
        if batch.is_empty() {
            return Ok(());
        }
        let written = write(db, &batch).await;
        let mut users = self.lock();
        for (index, (user_id, _, bytes)) in batch.iter().enumerate() {
            let Some(month) = users.get_mut(user_id) else {
                continue;
            };
            month.writing -= bytes;
            match &written {
                Ok(sums) => {
                    month.written = sums.get(index).copied().flatten().unwrap_or(month.written)
                }
                Err(_) => month.pending += bytes,
            }
        }
        written.map(drop)
    }

    /// Returns (user, month, bytes) to write, in the order of the users, so that two replicas do not deadlock.
    fn begin_flush(&self) -> Vec<(String, i64, i64)> {
        let mut users = self.lock();
        users.retain(|_, month| {
            month.pending != 0 || month.writing != 0 || month.read_at.elapsed() < IDLE
        });
        let mut batch = Vec::new();
        for (user_id, month) in users.iter_mut().filter(|(_, month)| month.pending != 0) {
            month.writing += month.pending;
            batch.push((user_id.clone(), month.number, month.pending));
            month.pending = 0;
        }
        batch.sort_unstable();
        batch
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Month>> {
        self.users.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Not through `ops::transaction`: it is the server's count, of many users.
async fn write(db: &Db, batch: &[(String, i64, i64)]) -> sqlx::Result<Vec<Option<i64>>> {
    let mut transaction = db.write().await?;
    let mut sums = Vec::with_capacity(batch.len());
    for (user_id, month, bytes) in batch {
        sums.push(transfer::add(&mut transaction, user_id, *month, *bytes).await?);
    }
    transaction.commit().await?;
    Ok(sums)
}

/// Returns the number of a calendar month.
pub(crate) fn number_of(time: Timestamp) -> i64 {
    let time = time.date_time();
    i64::from(time.year()) * 12 + i64::from(u8::from(time.month())) - 1
}

fn exceeded(now: Timestamp) -> Error {
    let next = number_of(now) + 1;
    let day = format!("{:04}-{:02}-01", next / 12, next % 12 + 1);
    let begin = format!("{day}T00:00:00Z").parse::<Timestamp>();
    let left = begin.map_or(0, |begin| begin.unix_millis() - now.unix_millis());
    let error = Error::new(
        ErrorCode::TransferExceeded,
        format!(
            "what may be downloaded of this account's files in a month is used up; it begins anew on {day}"
        ),
    );
    error
        .with_details(reached("monthly_download_bytes"))
        .with_retry_after(Duration::from_millis(u64::try_from(left).unwrap_or(0)))
}
