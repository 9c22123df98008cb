//! Passwords of shares, and the passes that stand for them.
//!
//! A visitor who gave the password gets a pass, so that later requests need no hashing: the HMAC-SHA256 of
//! the share and a time, keyed with the password's hash, which only the servers have. A pass is valid
//! until its time, or until the password changes. Guesses are counted (`limits::guesses`).

use std::{
    net::{IpAddr, Ipv4Addr},
    time::Duration,
};

use hmac::{Hmac, KeyInit, Mac};
use hulk_proto::{ErrorCode, Password, Timestamp, share::Unlocked};
use sha2::Sha256;

use super::link::ShareCredentials;
use crate::{
    app::App,
    db::shares::ShareRow,
    error::{Error, Result},
    limits::{guesses::Guess, subscriber},
};

const PASS_LIFETIME: Duration = Duration::from_secs(12 * 60 * 60);

/// Whether the visitor has the share's password, or the share has none.
///
/// # Errors
/// `AUTH_INVALID_CREDENTIALS` for a wrong one, `TOO_MANY_REQUESTS`.
pub(super) async fn is_known(
    app: &App,
    share: &ShareRow,
    credentials: &ShareCredentials,
) -> Result<bool> {
    let Some(hash) = &share.password_hash else {
        return Ok(true);
    };
    if credentials
        .passes
        .iter()
        .any(|pass| is_pass(share, hash, pass))
    {
        return Ok(true);
    }
    match &credentials.password {
        Some(password) => check(app, hash, password, credentials.address)
            .await
            .map(|()| true),
        None => Ok(false),
    }
}

/// Returns a pass for a visitor who has the password.
///
/// # Errors
/// `NOT_FOUND`, `SHARE_EXPIRED`, `SHARE_REVOKED`, `AUTH_INVALID_CREDENTIALS`, `TOO_MANY_REQUESTS`.
pub(super) async fn unlock(
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

/// Checks a password. Links created from this one have the same hash, and share its count of guesses.
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
    // A password that was not checked was no guess either.
    if !matches!(right, Ok(false)) {
        app.guesses.uncount(hash, address);
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
