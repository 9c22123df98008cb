//! Limits attempts to log in and to sign up, and mails. Counted in the database, so that replicas share them;
//! per address and per account, so that neither many accounts nor many addresses give an attacker more guesses.

use std::{net::IpAddr, time::Duration};

use hulk_proto::Timestamp;
use sha2::{Digest, Sha256};

use super::{standing::Standing, subscriber};
use crate::{
    config::{Rate, RateClass, RateLimits},
    db::{Db, attempts},
    error::Result,
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
    /// To have a mail sent to an address, whoever asks for it.
    Mail,
}

impl Attempt {
    fn name(self) -> &'static str {
        match self {
            Self::Login => "login",
            Self::Signup => "signup",
            Self::DeviceCode => "device-code",
            Self::DeviceGuess => "device-guess",
            Self::Mail => "mail",
        }
    }

    /// Returns the limit; `None` if there is none.
    fn rate(self, limits: &RateLimits) -> Option<Rate> {
        match self {
            Self::Login => limits.of(RateClass::Login),
            Self::Signup => limits.of(RateClass::Signup),
            Self::DeviceCode => Some(Rate::per_minutes(60, 15)),
            // With 20^8 codes, of which few wait at a time, nobody finds one.
            Self::DeviceGuess => Some(Rate::per_minutes(20, 15)),
            Self::Mail => Some(Rate::per_minutes(3, 60)),
        }
    }

    /// Counts an attempt from an address, and for an account if one is named, before it is made: attempts at
    /// once are counted too. An address that has made too many counts against no account any more.
    ///
    /// # Errors
    /// `TOO_MANY_REQUESTS` if the address or the account has too many.
    pub(crate) async fn count(
        self,
        db: &Db,
        limits: &RateLimits,
        address: IpAddr,
        account: Option<&str>,
    ) -> Result<()> {
        for subject in subjects(address, account) {
            self.count_subject(db, limits, &subject).await?;
        }
        Ok(())
    }

    /// Takes back an attempt that was counted for the same address and account, because it was no guess.
    ///
    /// # Errors
    /// If the database does not answer.
    pub(crate) async fn uncount(
        self,
        db: &Db,
        address: IpAddr,
        account: Option<&str>,
    ) -> Result<()> {
        for subject in subjects(address, account) {
            let mut transaction = db.write().await?;
            attempts::uncount(&mut transaction, self.name(), &subject).await?;
            transaction.commit().await?;
        }
        Ok(())
    }

    /// Counts a mail to this email address, before it is queued.
    ///
    /// # Errors
    /// `TOO_MANY_REQUESTS` if it was sent too many.
    pub(crate) async fn count_mail(db: &Db, limits: &RateLimits, recipient: &str) -> Result<()> {
        let subject = format!("recipient:{recipient}");
        Self::Mail.count_subject(db, limits, &subject).await
    }

    /// Counts an attempt for one subject, in a transaction of its own, so that no two wait for each other.
    async fn count_subject(self, db: &Db, limits: &RateLimits, subject: &str) -> Result<()> {
        let Some(rate) = self.rate(limits) else {
            return Ok(());
        };
        let now = Timestamp::now();
        let window_start = now.saturating_sub(rate.window);
        // Not through `ops::transaction`: attempts belong to no user yet.
        let mut transaction = db.write().await?;
        let row = attempts::count(&mut transaction, self.name(), subject, now, window_start);
        let row = row.await?;
        transaction.commit().await?;
        if row.count <= i64::from(rate.most) {
            return Ok(());
        }
        let age = now.unix_millis() - row.started_at;
        let age = Duration::from_millis(u64::try_from(age).unwrap_or(0));
        let wait = rate.window.saturating_sub(age).max(Duration::from_secs(1));
        let standing = Standing {
            class: self.name(),
            rate,
            remaining: 0,
            next: wait,
            reset: wait,
        };
        let what = match self {
            Self::Mail => "mails to this address",
            _ => "attempts",
        };
        Err(standing.refusal(what))
    }
}

/// Returns the subjects whose attempts are counted, the address first. All have one length, whatever a client
/// sends.
fn subjects(address: IpAddr, account: Option<&str>) -> Vec<String> {
    let address = format!("address:{}", subscriber(address));
    let account = account.map(|account| format!("account:{account}"));
    let subjects = std::iter::once(address).chain(account);
    subjects
        .map(|subject| hulk_proto::Sha256(Sha256::digest(subject).into()).to_string())
        .collect()
}
