//! Holds what is downloaded of each user's files in a month within the tier. Counted when a link is signed, in full:
//! the store does not tell how much of it was fetched.
//!
//! A write per redirect would make the database the bottleneck. So a replica takes an allowance from the month, in
//! one conditional statement, and hands it out from memory: replicas together never exceed the limit, and fall
//! short of it by one small allowance each at most. What is left of an allowance is given back when nobody has
//! downloaded for a while, and when the replica stops; a crash loses it.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use hulk_proto::{Details, ErrorCode, Timestamp, error::LimitReached};

use crate::{
    db::{Db, transfer},
    error::{Error, Result},
};

/// An allowance is this part of the limit, or one download.
const PARTS: i64 = 400;
/// Allowance of a user without a limit, in bytes.
const OF_UNLIMITED: i64 = 1 << 30;
/// For how long a user whose month is used up is refused without asking the database again.
const REFUSAL: Duration = Duration::from_secs(1);
/// Users whom nobody has downloaded from for so long give their allowance back.
const IDLE: Duration = Duration::from_secs(60);

/// Allowances of this replica.
#[derive(Default)]
pub(crate) struct Transfers {
    users: Mutex<HashMap<String, Allowance>>,
    /// One task at a time asks for more, so that many downloads at once do not each take an allowance.
    turn: tokio::sync::Mutex<()>,
}

#[derive(Clone, Copy)]
struct Allowance {
    /// Number of the month.
    month: i64,
    /// Bytes that the database counts as downloaded, and that are not.
    left: i64,
    used_at: Instant,
    /// When the database refused more, and how much was asked for.
    refused: Option<(Instant, i64)>,
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
        let _turn = self.turn.lock().await;
        // Whoever had the turn before may have taken enough for this one too.
        if let Some(taken) = self.try_take(user_id, bytes, now) {
            return taken;
        }
        let month = number_of(now);
        // Out of reach meanwhile: what is left is spent once.
        let left = self.withdraw(user_id);
        let more = lease(db, user_id, month, bytes - left).await;
        let mut users = self.lock();
        let allowance = users
            .entry(user_id.to_owned())
            .or_insert_with(|| Allowance::of(month));
        if allowance.month != month {
            *allowance = Allowance::of(month);
        }
        allowance.left += left;
        match more? {
            Some(more) => {
                allowance.left += more - bytes;
                allowance.refused = None;
                Ok(())
            }
            None => {
                allowance.refused = Some((Instant::now(), bytes));
                Err(exceeded(now))
            }
        }
    }

    /// Returns what is left of an allowance, and leaves nothing of it.
    fn withdraw(&self, user_id: &str) -> i64 {
        let mut users = self.lock();
        let allowance = users.get_mut(user_id);
        allowance.map_or(0, |allowance| std::mem::take(&mut allowance.left))
    }

    /// Takes back what was counted for a download that did not begin.
    pub(crate) fn give_back(&self, user_id: &str, bytes: i64) {
        let month = number_of(Timestamp::now());
        let mut users = self.lock();
        let allowance = users.get_mut(user_id);
        if let Some(allowance) = allowance.filter(|allowance| allowance.month == month) {
            allowance.left += bytes;
        }
    }

    /// Returns `None` if the database must be asked.
    fn try_take(&self, user_id: &str, bytes: i64, now: Timestamp) -> Option<Result<()>> {
        let mut users = self.lock();
        let allowance = users.get_mut(user_id)?;
        if allowance.month != number_of(now) {
            // What is left of an earlier month is of no use.
            users.remove(user_id);
            return None;
        }
        if bytes <= allowance.left {
            allowance.left -= bytes;
            allowance.used_at = Instant::now();
            return Some(Ok(()));
        }
        let refused = allowance.refused?;
        let is_known = refused.0.elapsed() < REFUSAL && bytes >= refused.1;
        is_known.then(|| Err(exceeded(now)))
    }

    /// Gives back what is left of the allowances that nobody uses; of all, if `is_last`.
    ///
    /// # Errors
    /// If the database does not accept it; then it is tried again.
    pub(crate) async fn return_unused(&self, db: &Db, is_last: bool) -> sqlx::Result<()> {
        let unused = self.begin_return(is_last);
        if unused.is_empty() {
            return Ok(());
        }
        let returned = give_back_all(db, &unused).await;
        if returned.is_err() {
            let mut users = self.lock();
            for (user_id, month, left) in unused {
                let allowance = users.entry(user_id).or_insert_with(|| Allowance::of(month));
                if allowance.month == month {
                    allowance.left += left;
                }
            }
        }
        returned
    }

    /// Returns (user, month, bytes), in the order of the users, so that two replicas do not deadlock.
    fn begin_return(&self, is_last: bool) -> Vec<(String, i64, i64)> {
        let mut users = self.lock();
        let is_over = |allowance: &Allowance| is_last || allowance.used_at.elapsed() > IDLE;
        let mut unused: Vec<_> = users
            .iter()
            .filter(|(_, allowance)| is_over(allowance) && allowance.left > 0)
            .map(|(user_id, allowance)| (user_id.clone(), allowance.month, allowance.left))
            .collect();
        users.retain(|_, allowance| !is_over(allowance));
        unused.sort_unstable();
        unused
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Allowance>> {
        self.users.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Allowance {
    fn of(month: i64) -> Self {
        Self {
            month,
            left: 0,
            used_at: Instant::now(),
            refused: None,
        }
    }
}

/// Takes an allowance of `needed` bytes or more from a month. Returns how much, unless there is not enough.
///
/// Not through `ops::transaction`: it is the server's count, and waits for no change of the user's.
async fn lease(db: &Db, user_id: &str, month: i64, needed: i64) -> Result<Option<i64>> {
    let mut transaction = db.write().await?;
    let limit = transfer::limit_of(&mut transaction, user_id).await?;
    let limit = limit.ok_or_else(|| Error::not_found("file"))?;
    let (most, usual) = match limit {
        Some(most) => (most, most / PARTS),
        None => (i64::MAX, OF_UNLIMITED),
    };
    let mut taken = None;
    for bytes in [needed.max(usual), needed] {
        if transfer::take(&mut transaction, user_id, month, (bytes, most)).await? {
            taken = Some(bytes);
            break;
        }
    }
    transaction.commit().await?;
    Ok(taken)
}

async fn give_back_all(db: &Db, unused: &[(String, i64, i64)]) -> sqlx::Result<()> {
    let mut transaction = db.write().await?;
    for (user_id, month, bytes) in unused {
        transfer::give_back(&mut transaction, user_id, *month, *bytes).await?;
    }
    transaction.commit().await
}

/// Returns the number of a calendar month.
fn number_of(time: Timestamp) -> i64 {
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
        .with_details(Details::Limit(Box::new(LimitReached {
            limit: "monthly_download_bytes".to_owned(),
            resets_on: Some(day),
        })))
        .with_retry_after(Duration::from_millis(u64::try_from(left).unwrap_or(0)))
}
