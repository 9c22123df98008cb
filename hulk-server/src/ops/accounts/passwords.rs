//! Changes of passwords: by their users, and by whoever receives a user's mail.

use hulk_proto::{
    ErrorCode, Id, Timestamp,
    account::{ChangePassword, RequestPasswordReset, ResetPassword},
};

use super::{profile::check_self, sign_up};
use crate::{
    app::App,
    audit::{self, Action, Actor},
    auth::{
        Caller, Client,
        tokens::{Token, TokenPrefix},
    },
    db::{
        Write, api_keys, device_codes,
        mail_tokens::{self, Purpose},
        queue::{self, Mail},
        sessions,
        users::{self, UserRow},
    },
    error::{Error, Result},
    limits::attempts::Attempt,
    ops::transaction::transaction,
};

/// Changes the caller's password, and ends all other sessions.
///
/// # Errors
/// `NOT_FOUND` for another user, `AUTH_INVALID_CREDENTIALS` for a wrong current password, `VALIDATION_ERROR`,
/// `TOO_MANY_REQUESTS`.
pub async fn change_password(
    app: &App,
    client: &Client,
    caller: &Caller,
    id: &Id,
    request: ChangePassword,
) -> Result<()> {
    let user = &caller.user;
    check_self(user, id)?;
    // Root does not know it.
    let current = match caller.is_root() {
        true => None,
        false => Some(check_own(app, client, caller, id, &request.current_password).await?),
    };
    let hash = hash(app, user, "new_password", request.new_password).await?;
    let kept = caller.credential.session_id().map(Id::as_str);
    let actor = Actor::from(caller);
    transaction!(&app.db, actor, async |tx| {
        // Another request may have changed it since it was compared.
        if current.is_some() && users::password_hash(tx, &user.id).await? != current {
            return Err(wrong_password());
        }
        audit::record(tx, actor, Action::UserPassword, &user.id).await?;
        set(tx, user, &hash, kept, client.address.to_string()).await
    })?;
    app.queue.notify_one();
    Ok(())
}

/// Fails unless the caller is this user and knows the password, whose hash it returns.
pub(super) async fn check_own(
    app: &App,
    client: &Client,
    caller: &Caller,
    id: &Id,
    password: &hulk_proto::Password,
) -> Result<String> {
    let user = &caller.user;
    check_self(user, id)?;
    Attempt::Login
        .count(
            &app.db,
            &app.settings.rate_limits,
            client.address,
            Some(&user.email),
        )
        .await?;
    let mut connection = app.db.read().await?;
    let hash = users::password_hash(&mut connection, &user.id).await?;
    drop(connection);
    let is_right = app.passwords.is_of_user(hash.as_deref(), password).await?;
    hash.filter(|_| is_right).ok_or_else(wrong_password)
}

fn wrong_password() -> Error {
    Error::new(ErrorCode::AuthInvalidCredentials, "the password is wrong")
}

/// Queues a mail with a link for a new password. The answer is the same, and takes as long, whether an
/// account has the address or not: the account is looked up when the mail is sent. An address that was sent
/// too many mails gets no other one, which the answer does not say either: the mails before it have links too.
///
/// # Errors
/// `VALIDATION_ERROR`; `TOO_MANY_REQUESTS` if the client asks too often, whatever for.
pub async fn request_reset(
    app: &App,
    client: &Client,
    request: RequestPasswordReset,
) -> Result<()> {
    let email = sign_up::email(&request.email)?;
    let limits = &app.settings.rate_limits;
    Attempt::Signup
        .count(&app.db, limits, client.address, None)
        .await?;
    match Attempt::count_mail(&app.db, limits, &email).await {
        Err(error) if error.code() == ErrorCode::TooManyRequests => return Ok(()),
        counted => counted?,
    }
    let work = Mail::PasswordReset { email };
    // Not through `ops::transaction`: it is not known whose it is.
    let mut transaction = app.db.write().await?;
    queue::insert(&mut transaction, Id::random().as_str(), None, work).await?;
    transaction.commit().await?;
    app.queue.notify_one();
    Ok(())
}

/// Sets a new password, and ends all sessions. The address is then verified too; if it was not before, whoever
/// signed up with it may have been somebody else, so that the account's keys are revoked.
///
/// # Errors
/// `BAD_REQUEST` for a token that is unknown, expired or used, `VALIDATION_ERROR`.
pub async fn reset_password(app: &App, client: &Client, request: ResetPassword) -> Result<()> {
    let token = Token::parse(TokenPrefix::Mail, &request.token.0).ok_or_else(no_good)?;
    let (purpose, now) = (Purpose::PasswordReset, Timestamp::now());
    let mut connection = app.db.read().await?;
    let found = mail_tokens::find(&mut connection, purpose, &token.hash(), now).await?;
    let found = found.ok_or_else(no_good)?;
    let user = users::find(&mut connection, &found.user_id).await?;
    drop(connection);
    let user = user.ok_or_else(no_good)?;
    let hash = hash(app, &user, "new_password", request.new_password).await?;
    let user_id = user.id.as_str();
    let actor = Actor::Owner { user_id, client };
    let is_set = transaction!(&app.db, actor, async |tx| {
        // Of two requests with one token, one finds it.
        let found = mail_tokens::find(tx, purpose, &token.hash(), now).await?;
        let Some(found) = found.filter(|found| found.email == user.email) else {
            return Ok(false);
        };
        mail_tokens::delete_all(tx, user_id, purpose).await?;
        let now = users::find(tx, user_id).await?;
        if now.is_none_or(|user| user.email_verified_at.is_none()) {
            api_keys::delete_all(tx, user_id).await?;
        }
        users::verify_email(tx, user_id, &found.email).await?;
        set(tx, &user, &hash, None, client.address.to_string()).await?;
        audit::record(tx, actor, Action::UserPassword, user_id).await?;
        Ok(true)
    })?;
    app.queue.notify_one();
    match is_set {
        true => Ok(()),
        false => Err(no_good()),
    }
}

pub(crate) async fn hash(
    app: &App,
    user: &UserRow,
    field: &'static str,
    password: hulk_proto::Password,
) -> Result<String> {
    let about = [Some(user.email.clone()), user.first_name.clone()];
    let about = about.into_iter().flatten().collect();
    let has_recipe = app.settings.has_password_recipe;
    app.passwords
        .hash_of_user(field, password, has_recipe, about)
        .await
}

/// Sets the password, ends all sessions but `kept`, and queues the mail that says so.
pub(crate) async fn set(
    transaction: &mut Write,
    user: &UserRow,
    hash: &str,
    kept: Option<&str>,
    address: String,
) -> Result<()> {
    users::set_password(transaction, &user.id, hash).await?;
    sessions::delete_others(transaction, &user.id, kept).await?;
    mail_tokens::delete_all(transaction, &user.id, Purpose::PasswordReset).await?;
    // What was approved and not fetched yet could be a thief's.
    device_codes::delete_of(transaction, &user.id).await?;
    let work = Mail::PasswordChanged {
        at: Timestamp::now(),
        address,
    };
    let id = Id::random();
    Ok(queue::insert(transaction, id.as_str(), Some(&user.id), work).await?)
}

fn no_good() -> Error {
    Error::new(
        ErrorCode::BadRequest,
        "this link is not valid any more; ask for another one",
    )
}
