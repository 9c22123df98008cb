//! Verifies email addresses, by links that are sent to them.

use hulk_proto::{ErrorCode, Id, Timestamp};

use super::profile::check_self;
use crate::{
    app::App,
    audit::{self, Action, Actor},
    auth::{
        Caller, Client,
        tokens::{Token, TokenPrefix},
    },
    db::{
        mail_tokens::{self, Purpose},
        queue::{self, Mail},
        users,
    },
    error::{Error, Result},
    limits::attempts::Attempt,
    ops::transaction::transaction,
};

/// Sends the mail with the link again; does nothing for a verified address.
///
/// # Errors
/// `NOT_FOUND` for another user, `TOO_MANY_REQUESTS`.
pub async fn send_verification(app: &App, client: &Client, caller: &Caller, id: &Id) -> Result<()> {
    let user = &caller.user;
    check_self(user, id)?;
    if user.email_verified_at.is_some() {
        return Ok(());
    }
    let limits = &app.settings.rate_limits;
    Attempt::Signup
        .count(&app.db, limits, client.address, None)
        .await?;
    Attempt::count_mail(&app.db, limits, &user.email).await?;
    transaction!(&app.db, Actor::from(caller), async |tx| {
        let work = Mail::Verification;
        Ok(queue::insert(tx, Id::random().as_str(), Some(&user.id), work).await?)
    })?;
    app.queue.notify_one();
    Ok(())
}

/// Marks the address as verified to which the token was sent; of the user `id`, if it is given.
///
/// # Errors
/// `BAD_REQUEST` for a token that is unknown, expired, or was sent to another address.
pub async fn verify(app: &App, client: &Client, id: Option<&Id>, text: &str) -> Result<()> {
    let token = Token::parse(TokenPrefix::Mail, text).ok_or_else(no_good)?;
    let (purpose, now) = (Purpose::Verification, Timestamp::now());
    let mut connection = app.db.read().await?;
    let found = mail_tokens::find(&mut connection, purpose, &token.hash(), now).await?;
    drop(connection);
    let found = found
        .filter(|found| id.is_none_or(|id| found.user_id == id.as_str()))
        .ok_or_else(no_good)?;
    let user_id = found.user_id.as_str();
    let actor = Actor::Owner { user_id, client };
    let is_verified = transaction!(&app.db, actor, async |tx| {
        mail_tokens::delete_all(tx, user_id, purpose).await?;
        audit::record(tx, actor, Action::UserVerify, user_id).await?;
        Ok(users::verify_email(tx, user_id, &found.email).await?)
    })?;
    match is_verified {
        true => Ok(()),
        false => Err(no_good()),
    }
}

fn no_good() -> Error {
    Error::new(
        ErrorCode::BadRequest,
        "this link is not valid any more; log in and send another one",
    )
}
