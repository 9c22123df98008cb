//! Share links: what they open, what is uploaded through them, and which downloads they count.

pub mod claim;
pub(crate) mod intake;
pub mod link;
pub mod manage;
mod password;
pub mod public;
pub mod unfinished;
pub mod uploads;

use hulk_proto::{ErrorCode, Id, ShareToken, share::ShareAction};

use crate::{
    app::App,
    db::shares,
    error::{Error, Result},
};
use link::{Opened, ShareCredentials, above, check_open, find};

/// How many shares may be created one from another.
const MAX_CHAIN: usize = 8;

/// Opens a share for one action.
///
/// # Errors
/// `NOT_FOUND`, `SHARE_EXPIRED`, `SHARE_REVOKED`; `UNAUTHORIZED` without the password,
/// `AUTH_INVALID_CREDENTIALS` with a wrong one, `TOO_MANY_REQUESTS` after too many of them;
/// `FORBIDDEN` if it does not grant the action.
pub async fn open(
    app: &App,
    token: &ShareToken,
    credentials: &ShareCredentials,
    action: ShareAction,
) -> Result<Opened> {
    let mut opened = find(app, token).await?;
    opened.address = credentials
        .address
        .map(|address| address.to_string())
        .unwrap_or_default();
    if !password::is_known(app, &opened.share, credentials).await? {
        return Err(Error::new(
            ErrorCode::Unauthorized,
            "this link needs a password",
        ));
    }
    opened.allow(action)?;
    Ok(opened)
}

/// # Errors
/// `NOT_FOUND` for an entry that is not in the shared directory.
pub async fn check_within(app: &App, opened: &Opened, id: &Id) -> Result<()> {
    let mut connection = app.db.read().await?;
    opened.check_within(&mut connection, id.as_str()).await
}

/// Whether the share and those that it was created from are neither revoked nor expired.
///
/// # Errors
/// If the database does not answer.
pub(crate) async fn is_open(app: &App, id: &str) -> Result<bool> {
    let mut connection = app.db.read().await?;
    let Some(share) = shares::find(&mut connection, id).await? else {
        return Ok(false);
    };
    let above = above(&mut connection, &share).await?;
    Ok(std::iter::once(&share)
        .chain(&above)
        .all(|share| check_open(share).is_ok()))
}
