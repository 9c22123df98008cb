//! Limits attempts to log in and to sign up. Counted in the database, so that replicas share them; per
//! address and per account, so that neither many accounts nor many addresses give an attacker more guesses.

use std::{net::IpAddr, time::Duration};

use hulk_proto::{ErrorCode, Timestamp};
use sha2::{Digest, Sha256};

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

    /// Counts an attempt from an address, and for an account if one is named, before it is made: attempts at
    /// once are counted too. An address that has made too many counts against no account any more.
    ///
    /// # Errors
    /// `TOO_MANY_REQUESTS` if the address or the account has too many.
    pub(crate) async fn count(self, db: &Db, address: IpAddr, account: Option<&str>) -> Result<()> {
        let address = format!("address:{}", subscriber(address));
        self.count_subject(db, &address).await?;
        match account {
            Some(account) => self.count_subject(db, &format!("account:{account}")).await,
            None => Ok(()),
        }
    }

    /// Counts an attempt for one subject, in a transaction of its own, so that no two wait for each other.
    async fn count_subject(self, db: &Db, subject: &str) -> Result<()> {
        // Of one length, whatever a client sends.
        let subject = hulk_proto::Sha256(Sha256::digest(subject).into()).to_string();
        let now = Timestamp::now();
        let window_start = now.saturating_sub(WINDOW);
        // Not through `ops::transaction`: attempts belong to no user yet.
        let mut transaction = db.write().await?;
        let row = attempts::count(&mut transaction, self.name(), &subject, now, window_start);
        let row = row.await?;
        transaction.commit().await?;
        if row.count <= self.most() {
            return Ok(());
        }
        let age = now.unix_millis() - row.started_at;
        let age = Duration::from_millis(u64::try_from(age).unwrap_or(0));
        let wait = WINDOW.saturating_sub(age).max(Duration::from_secs(1));
        let minutes = wait.as_secs().div_ceil(60);
        Err(Error::new(
            ErrorCode::TooManyRequests,
            format!("too many attempts; try again in {minutes} minutes"),
        )
        .with_retry_after(wait))
    }
}
