//! Limits attempts to log in and to sign up. Counted in the database, so that replicas share them; per
//! address and per account, so that neither many accounts nor many addresses give an attacker more guesses.

use std::{net::IpAddr, time::Duration};

use hulk_proto::{ErrorCode, Timestamp};

use super::subscriber;
use crate::{
    db::{Db, attempts},
    error::{Error, Result},
};

/// A kind of attempt, with its limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Attempt {
    Login,
    Signup,
    /// To get codes for a program.
    DeviceCode,
    /// To type such a code.
    DeviceGuess,
}

const WINDOW: Duration = Duration::from_secs(15 * 60);

impl Attempt {
    fn name(self) -> &'static str {
        match self {
            Self::Login => "login",
            Self::Signup => "signup",
            Self::DeviceCode => "device-code",
            Self::DeviceGuess => "device-guess",
        }
    }

    fn most(self) -> i64 {
        match self {
            Self::Login => 10,
            Self::Signup => 5,
            Self::DeviceCode => 60,
            // With 20^8 codes, of which few wait at a time, nobody finds one.
            Self::DeviceGuess => 20,
        }
    }

    /// Counts an attempt for each subject, before it is made: attempts at once are counted too.
    ///
    /// # Errors
    /// `TOO_MANY_REQUESTS` if one of the subjects has made too many.
    pub(crate) async fn count(self, db: &Db, address: IpAddr, account: &str) -> Result<()> {
        let subjects = [subscriber(address).to_string(), account.to_owned()];
        let now = Timestamp::now();
        let window_start = now.saturating_sub(WINDOW);
        let mut longest = Duration::ZERO;
        // Not through `ops::transaction`: attempts belong to no user yet.
        let mut transaction = db.write().await?;
        for subject in &subjects {
            let row =
                attempts::count(&mut transaction, self.name(), subject, now, window_start).await?;
            if row.count > self.most() {
                let age = now.unix_millis() - row.started_at;
                let age = Duration::from_millis(u64::try_from(age).unwrap_or(0));
                longest = longest.max(WINDOW.saturating_sub(age).max(Duration::from_secs(1)));
            }
        }
        transaction.commit().await?;
        match longest.is_zero() {
            true => Ok(()),
            false => Err(Error::new(
                ErrorCode::TooManyRequests,
                format!(
                    "too many attempts; try again in {} minutes",
                    longest.as_secs().div_ceil(60)
                ),
            )
            .with_retry_after(longest)),
        }
    }
}
