//! Sends queued mails.

use std::time::Duration;

use hulk_proto::Timestamp;

use super::outcome::{Failure, Outcome};
use crate::{
    app::App,
    auth::tokens::{Token, TokenPrefix},
    db::{
        mail_tokens::{self, MailTokenRow, Purpose},
        queue::{Mail, QueueRow},
        users::{self, UserRow},
    },
    error::{Error, Result},
    mail::{Message, PasswordChanged, PasswordReset, SendError, Verification},
};

/// Attempts before a mail fails for good: with the queue's pauses, some 23 hours. Each makes a new link, so that
/// a mail that is late has one that works.
const ATTEMPTS: i64 = 15;
/// Attempts for a new password: some 85 minutes. Whoever still waits then, longer than a link works, has asked
/// again or given up.
const RESET_ATTEMPTS: i64 = 10;
/// How long a link in a mail works.
const LINK_LIFE: Duration = Duration::from_secs(60 * 60);

impl From<SendError> for Failure {
    fn from(error: SendError) -> Self {
        match error.is_permanent() {
            true => Self::Permanent(error.to_string()),
            false => Self::Again(error.to_string()),
        }
    }
}

/// Returns how often a mail is tried.
pub(super) fn most_attempts(mail: &Mail) -> i64 {
    match mail {
        Mail::PasswordReset { .. } => RESET_ATTEMPTS,
        Mail::Verification | Mail::PasswordChanged { .. } => ATTEMPTS,
    }
}

/// Makes an attempt to send a mail.
pub(super) async fn send(app: &App, row: &QueueRow, mail: Mail) -> Outcome {
    let user = match &mail {
        Mail::PasswordReset { email } => {
            let mut connection = app.db.read().await.map_err(Error::from)?;
            let found = users::find_by_email(&mut connection, email).await;
            found.map_err(Error::from)?
        }
        Mail::Verification | Mail::PasswordChanged { .. } => {
            let mut connection = app.db.read().await.map_err(Error::from)?;
            let id = row.user_id.as_deref().unwrap_or_default();
            let found = users::find(&mut connection, id).await;
            found.map_err(Error::from)?
        }
    };
    // An account that was deleted meanwhile, or an address that no account has.
    let Some(user) = user else {
        return Ok(());
    };
    let message = match mail {
        Mail::Verification if user.email_verified_at.is_some() => return Ok(()),
        mail => message(app, &user, mail).await?,
    };
    Ok(app.mailer.send(&row.id, &message).await?)
}

/// Returns the mail to a user. Its link is new with each attempt: only its digest is stored.
async fn message(app: &App, user: &UserRow, mail: Mail) -> Result<Message> {
    let name = user.first_name.clone();
    let server = app.settings.host.to_str().unwrap_or_default().to_owned();
    let hours = u32::try_from(LINK_LIFE.as_secs() / 3600).unwrap_or(1);
    let to = user.email.as_str();
    let message = match mail {
        Mail::Verification => Verification {
            name,
            link: link(app, user, Purpose::Verification, "verify-email").await?,
            hours,
            server,
        }
        .message(to),
        Mail::PasswordReset { .. } => PasswordReset {
            name,
            link: link(app, user, Purpose::PasswordReset, "reset-password").await?,
            hours,
            server,
        }
        .message(to),
        Mail::PasswordChanged { at, address } => PasswordChanged {
            name,
            server,
            at: at.to_string(),
            address,
        }
        .message(to),
    };
    message.map_err(Error::internal)
}

/// Returns a link with a new token to a page.
async fn link(app: &App, user: &UserRow, purpose: Purpose, page: &str) -> Result<String> {
    let token = Token::random(TokenPrefix::Mail);
    let of = MailTokenRow {
        user_id: user.id.clone(),
        email: user.email.clone(),
    };
    let expires_at = Timestamp::now().saturating_add(LINK_LIFE).unix_millis();
    let mut transaction = app.db.write().await?;
    mail_tokens::insert(&mut transaction, purpose, &token.hash(), &of, expires_at).await?;
    transaction.commit().await?;
    let public_url = &app.settings.public_url;
    Ok(format!("{public_url}/{page}?token={}", token.reveal()))
}
