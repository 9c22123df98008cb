//! Passwords of shares: argon2id, off the async threads, guesses counted (`guesses`).
//!
//! Who gave the password gets a pass, so that not each request has to hash: the HMAC-SHA256 of the
//! share and a time, keyed with the password's hash, which no one but the servers has. A pass ends
//! with its time, and with the password.

use std::{
    net::{IpAddr, Ipv4Addr},
    panic::AssertUnwindSafe,
    sync::{Arc, mpsc::Sender},
    time::Duration,
};

use argon2::{Argon2, PasswordHasher, PasswordVerifier, password_hash::phc::PasswordHash};
use hmac::{Hmac, KeyInit, Mac};
use hulk_proto::{
    ErrorCode, ShareToken, Timestamp,
    share::{Password, Unlocked},
};
use sha2::Sha256;
use tokio::sync::Semaphore;

use super::Visit;
use crate::{
    app::App,
    db::shares::ShareRow,
    error::{Error, Result},
    limits::{guesses::Guess, subscriber},
};

const PASS_LIFETIME: Duration = Duration::from_secs(12 * 60 * 60);
/// Passwords that wait for their turn: to be compared, and to be set. Whoever may make links could
/// keep the one thread busy, so they do not wait for each other's places.
const COMPARED: usize = 64;
const SET: usize = 16;
/// More is no password, but work for the server.
const MAX_PASSWORD_BYTES: usize = 1024;

type Job = Box<dyn FnOnce() + Send>;

/// Hashes passwords on one thread, one at a time: each takes 19 MiB and a core, and the system's allocator
/// keeps that memory for every thread that ever did it.
#[derive(Clone, Debug)]
pub struct Passwords {
    jobs: Sender<Job>,
    compared: Arc<Semaphore>,
    set: Arc<Semaphore>,
}

impl Default for Passwords {
    fn default() -> Self {
        let (jobs, coming) = std::sync::mpsc::channel::<Job>();
        let work = move || {
            for job in coming {
                // A job that panics answers nothing, and those behind it are done.
                let _ = std::panic::catch_unwind(AssertUnwindSafe(job));
            }
        };
        // Without the thread, sending a job fails.
        let _ = std::thread::Builder::new()
            .name("passwords".to_owned())
            .spawn(work);
        Self {
            jobs,
            compared: Arc::new(Semaphore::new(COMPARED)),
            set: Arc::new(Semaphore::new(SET)),
        }
    }
}

impl Passwords {
    /// Runs what hashes, in its turn; not at all if nobody waits for it any more.
    async fn run<T: Send + 'static>(
        &self,
        places: &Arc<Semaphore>,
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
        let place = places.clone().try_acquire_owned().map_err(busy)?;
        let (done, answer) = tokio::sync::oneshot::channel();
        let job = move || {
            let _place = place;
            if !done.is_closed() {
                let _ = done.send(work());
            }
        };
        self.jobs
            .send(Box::new(job))
            .map_err(|_| Error::internal("there is no thread for passwords"))?;
        answer.await.map_err(Error::internal)?
    }

    /// The hash of a password, as it is kept.
    ///
    /// # Errors
    /// `TOO_MANY_REQUESTS` with 503 if too many wait already.
    pub(in crate::ops) async fn hash(&self, password: String) -> Result<String> {
        self.run(&self.set, move || {
            let hash = Argon2::default().hash_password(password.as_bytes());
            hash.map(|hash| hash.to_string())
                .map_err(|error| Error::internal(error.to_string()))
        })
        .await
    }

    /// Whether the hash is the password's.
    ///
    /// # Errors
    /// As `hash`.
    async fn is_of(&self, hash: &str, password: &Password) -> Result<bool> {
        if password.0.len() > MAX_PASSWORD_BYTES {
            return Ok(false);
        }
        let (hash, password) = (hash.to_owned(), password.clone());
        self.run(&self.compared, move || {
            let hash =
                PasswordHash::new(&hash).map_err(|error| Error::internal(error.to_string()))?;
            let verified = Argon2::default().verify_password(password.0.as_bytes(), &hash);
            Ok(verified.is_ok())
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
    let right = app.passwords.is_of(hash, password).await;
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
