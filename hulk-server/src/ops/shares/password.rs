//! Passwords of shares: argon2id, off the async threads, guesses counted (`guesses`).
//!
//! Who gave the password gets a pass, so that not each request has to hash: the HMAC-SHA256 of the
//! share and a time, keyed with the password's hash, which no one but the servers has. A pass ends
//! with its time, and with the password.

use std::{
    net::{IpAddr, Ipv4Addr},
    sync::Arc,
    time::Duration,
};

use argon2::{Argon2, PasswordHasher, PasswordVerifier, password_hash::phc::PasswordHash};
use hmac::{Hmac, KeyInit, Mac};
use hulk_proto::{
    ErrorCode, ShareToken, Timestamp,
    share::{Password, Unlocked},
};
use sha2::Sha256;
use tokio::{sync::Semaphore, task::spawn_blocking};

use super::Visit;
use crate::{
    app::App,
    db::shares::ShareRow,
    error::{Error, Result},
    limits::{guesses::Guess, subscriber},
};

const PASS_LIFETIME: Duration = Duration::from_secs(12 * 60 * 60);
/// Each takes 19 MiB and a core.
const HASHED_AT_ONCE: usize = 2;
/// Those that wait for their turn.
const WAITING: usize = 64;
/// More is no password, but work for the server.
const MAX_PASSWORD_BYTES: usize = 1024;

/// How many passwords may be hashed at a time, and how many may wait for it.
#[derive(Clone, Debug)]
pub struct Passwords {
    hashing: Arc<Semaphore>,
    waiting: Arc<Semaphore>,
}

impl Default for Passwords {
    fn default() -> Self {
        Self {
            hashing: Arc::new(Semaphore::new(HASHED_AT_ONCE)),
            waiting: Arc::new(Semaphore::new(WAITING)),
        }
    }
}

impl Passwords {
    /// Runs what hashes, in its turn.
    ///
    /// # Errors
    /// `TOO_MANY_REQUESTS` with 503 if too many wait already.
    pub(in crate::ops) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let busy = |_| {
            Error::new(
                ErrorCode::TooManyRequests,
                "the server has too many passwords to check at the moment; try again",
            )
            .with_status(http::StatusCode::SERVICE_UNAVAILABLE)
            .with_retry_after(Duration::from_secs(2))
        };
        let waiting = self.waiting.clone().try_acquire_owned().map_err(busy)?;
        let hashing = self.hashing.clone().acquire_owned().await;
        let hashing = hashing.map_err(Error::internal)?;
        // Who asked may be gone before it is done: the thread has the permits.
        let work = move || {
            let _permits = (waiting, hashing);
            work()
        };
        spawn_blocking(work).await.map_err(Error::internal)?
    }

    /// The hash of a password, as it is kept.
    pub(in crate::ops) async fn hash(&self, password: String) -> Result<String> {
        self.run(move || {
            let hash = Argon2::default().hash_password(password.as_bytes());
            hash.map(|hash| hash.to_string())
                .map_err(|error| Error::internal(error.to_string()))
        })
        .await
    }
}

/// The hash that is kept.
pub(super) async fn hash(app: &App, password: Password) -> Result<String> {
    if password.0.is_empty() || password.0.len() > MAX_PASSWORD_BYTES {
        return Err(Error::validation(
            "password",
            format!("a password has 1 to {MAX_PASSWORD_BYTES} bytes"),
        ));
    }
    app.passwords.hash(password.0).await
}

/// Whether the visitor has the share's password, or it has none.
///
/// # Errors
/// `AUTH_INVALID_CREDENTIALS` for a wrong one, `TOO_MANY_REQUESTS`.
pub(super) async fn is_known(app: &App, share: &ShareRow, visit: &Visit) -> Result<bool> {
    let Some(hash) = &share.password_hash else {
        return Ok(true);
    };
    if visit.passes.iter().any(|pass| is_pass(share, hash, pass)) {
        return Ok(true);
    }
    match &visit.password {
        Some(password) => check(app, hash, password, visit.address)
            .await
            .map(|()| true),
        None => Ok(false),
    }
}

/// A pass for who has the password.
///
/// # Errors
/// `NOT_FOUND`, `SHARE_EXPIRED`, `SHARE_REVOKED`, `AUTH_INVALID_CREDENTIALS`, `TOO_MANY_REQUESTS`.
async fn unlock(
    app: &App,
    share: &ShareRow,
    password: &Password,
    address: Option<IpAddr>,
) -> Result<Unlocked> {
    let hash = share.password_hash.as_ref();
    let hash = hash.ok_or_else(|| Error::validation("password", "this link has no password"))?;
    check(app, hash, password, address).await?;
    let expires_at = Timestamp::now().saturating_add(PASS_LIFETIME);
    Ok(Unlocked {
        pass: pass(share, hash, expires_at.unix_millis()),
        expires_at,
    })
}

/// Links that were made with this one have its hash, and so its guesses.
async fn check(app: &App, hash: &str, password: &Password, address: Option<IpAddr>) -> Result<()> {
    let address = subscriber(address.unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED)));
    match app.guesses.begin(hash, address) {
        Guess::Now => {}
        Guess::After(delay) => tokio::time::sleep(delay).await,
        Guess::Refused(wait) => {
            return Err(Error::new(
                ErrorCode::TooManyRequests,
                "too many wrong passwords came from your address; try again later",
            )
            .with_retry_after(wait));
        }
    }
    let right = is_right(app, hash, password).await;
    // What was not looked at was no guess either.
    if !matches!(right, Ok(false)) {
        app.guesses.forgive(hash, address);
    }
    if !right? {
        return Err(Error::new(
            ErrorCode::AuthInvalidCredentials,
            "this is not the link's password",
        ));
    }
    Ok(())
}

async fn is_right(app: &App, hash: &str, password: &Password) -> Result<bool> {
    if password.0.len() > MAX_PASSWORD_BYTES {
        return Ok(false);
    }
    let (hash, password) = (hash.to_owned(), password.clone());
    let verify = move || {
        let hash = PasswordHash::new(&hash).map_err(|error| Error::internal(error.to_string()))?;
        let verified = Argon2::default().verify_password(password.0.as_bytes(), &hash);
        Ok(verified.is_ok())
    };
    app.passwords.run(verify).await
}

/// `<unix milliseconds>.<hex>`
fn pass(share: &ShareRow, hash: &str, expires_at: i64) -> String {
    let tag = mac(share, hash, expires_at).finalize().into_bytes();
    let hex: String = tag.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{expires_at}.{hex}")
}

fn is_pass(share: &ShareRow, hash: &str, text: &str) -> bool {
    let Some((expires_at, hex)) = text.split_once('.') else {
        return false;
    };
    let Ok(expires_at) = expires_at.parse::<i64>() else {
        return false;
    };
    let tag: Option<hulk_proto::Sha256> = hex.parse().ok();
    expires_at > Timestamp::now().unix_millis()
        && tag.is_some_and(|tag| mac(share, hash, expires_at).verify_slice(&tag.0).is_ok())
}

fn mac(share: &ShareRow, hash: &str, expires_at: i64) -> Hmac<Sha256> {
    // HMAC takes keys of any length, RFC 2104.
    let mut mac = Hmac::<Sha256>::new_from_slice(hash.as_bytes())
        .unwrap_or_else(|_| unreachable!("HMAC takes keys of any length"));
    mac.update(format!("share-pass {} {expires_at}", share.id).as_bytes());
    mac
}

/// What was made for a token's share.
///
/// # Errors
/// As `unlock`.
pub(super) async fn unlock_token(
    app: &App,
    token: &ShareToken,
    password: &Password,
    address: Option<IpAddr>,
) -> Result<(ShareRow, Unlocked)> {
    let opened = super::find(app, token).await?;
    let unlocked = unlock(app, &opened.share, password, address).await?;
    Ok((opened.share, unlocked))
}
