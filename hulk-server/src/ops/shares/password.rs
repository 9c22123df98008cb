//! Passwords of shares: argon2id, off the async threads, guesses counted.
//!
//! Who gave the password gets a pass, so that not each request has to hash: the HMAC-SHA256 of the
//! share and a time, keyed with the password's hash, which no one but the servers has. A pass ends
//! with its time, and with the password.

use std::{sync::Arc, time::Duration};

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
    db::shares::{self, ShareRow},
    error::{Error, Result},
};

/// Wrong passwords of one share in this time; then nobody may try until it is over.
const MOST_GUESSES: i64 = 10;
const GUESS_WINDOW: Duration = Duration::from_secs(10 * 60);
const PASS_LIFETIME: Duration = Duration::from_secs(12 * 60 * 60);
/// Each takes 19 MiB and a core.
const HASHED_AT_ONCE: usize = 2;
/// More is no password, but work for the server.
const MAX_PASSWORD_BYTES: usize = 1024;

/// How many passwords may be hashed at a time.
#[derive(Clone, Debug)]
pub struct Passwords(Arc<Semaphore>);

impl Default for Passwords {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(HASHED_AT_ONCE)))
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
    let _permit = app.passwords.0.acquire().await.map_err(Error::internal)?;
    let hash = move || {
        let hash = Argon2::default().hash_password(password.0.as_bytes());
        hash.map(|hash| hash.to_string())
    };
    spawn_blocking(hash)
        .await
        .map_err(Error::internal)?
        .map_err(|error| Error::internal(error.to_string()))
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
        Some(password) => check(app, share, hash, password).await.map(|()| true),
        None => Ok(false),
    }
}

/// A pass for who has the password.
///
/// # Errors
/// `NOT_FOUND`, `SHARE_EXPIRED`, `SHARE_REVOKED`, `AUTH_INVALID_CREDENTIALS`, `TOO_MANY_REQUESTS`.
pub(super) async fn unlock(app: &App, share: &ShareRow, password: &Password) -> Result<Unlocked> {
    let hash = share.password_hash.as_ref();
    let hash = hash.ok_or_else(|| Error::validation("password", "this link has no password"))?;
    check(app, share, hash, password).await?;
    let expires_at = Timestamp::now().saturating_add(PASS_LIFETIME);
    Ok(Unlocked {
        pass: pass(share, hash, expires_at.unix_millis()),
        expires_at,
    })
}

async fn check(app: &App, share: &ShareRow, hash: &str, password: &Password) -> Result<()> {
    let window = i64::try_from(GUESS_WINDOW.as_millis()).unwrap_or(i64::MAX);
    let since = Timestamp::now().unix_millis() - window;
    let mut transaction = app.db.write().await?;
    let may = shares::guess(&mut transaction, &share.id, MOST_GUESSES, since).await?;
    transaction.commit().await?;
    if !may {
        return Err(Error::new(
            ErrorCode::TooManyRequests,
            "too many wrong passwords were given for this link; try again later",
        )
        .with_retry_after(GUESS_WINDOW));
    }
    if !is_right(app, hash, password).await? {
        return Err(Error::new(
            ErrorCode::AuthInvalidCredentials,
            "this is not the link's password",
        ));
    }
    let mut transaction = app.db.write().await?;
    shares::forgive(&mut transaction, &share.id).await?;
    Ok(transaction.commit().await?)
}

async fn is_right(app: &App, hash: &str, password: &Password) -> Result<bool> {
    if password.0.len() > MAX_PASSWORD_BYTES {
        return Ok(false);
    }
    let _permit = app.passwords.0.acquire().await.map_err(Error::internal)?;
    let (hash, password) = (hash.to_owned(), password.clone());
    let verify = move || {
        let hash = PasswordHash::new(&hash).map_err(|error| Error::internal(error.to_string()))?;
        let verified = Argon2::default().verify_password(password.0.as_bytes(), &hash);
        Ok(verified.is_ok())
    };
    spawn_blocking(verify).await.map_err(Error::internal)?
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
) -> Result<(ShareRow, Unlocked)> {
    let opened = super::find(app, token).await?;
    let unlocked = unlock(app, &opened.share, password).await?;
    Ok((opened.share, unlocked))
}
