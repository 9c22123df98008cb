//! Does queued work (`db::queue` has the table of states).

use std::time::Duration;

use hulk_proto::Timestamp;

use super::outcome::report;
use crate::{
    app::App,
    auth::tokens::{Token, TokenPrefix},
    db::{
        mail_tokens::{self, MailTokenRow, Purpose},
        queue::{self, QueueRow, Work},
        users::{self, UserRow},
    },
    error::{Error, Result},
    mail::{Message, PasswordChanged, PasswordReset, SendError, Verification},
};

/// How often a replica looks for work that is due again, or whose replica died.
const LOOK_INTERVAL: Duration = Duration::from_secs(10);
/// Work that takes longer is done by another replica too.
const TERM: Duration = Duration::from_secs(5 * 60);
/// Attempts before work fails for good: with these pauses, some two days.
const ATTEMPTS: i64 = 16;
const FIRST_PAUSE: Duration = Duration::from_secs(10);
const LONGEST_PAUSE: Duration = Duration::from_secs(6 * 60 * 60);
/// How long a link in a mail works.
const LINK_LIFE: Duration = Duration::from_secs(60 * 60);

/// Why work was not done.
enum Failure {
    /// It is tried again later.
    Again(String),
    Permanent(String),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Again(crate::telemetry::chain(&error))
    }
}

impl From<SendError> for Failure {
    fn from(error: SendError) -> Self {
        match error.is_permanent() {
            true => Self::Permanent(error.to_string()),
            false => Self::Again(error.to_string()),
        }
    }
}

/// Does work as soon as it is queued or due.
pub(super) async fn run(app: App) {
    let mut look = tokio::time::interval(LOOK_INTERVAL);
    loop {
        tokio::select! {
            () = app.queue.notified() => {}
            _ = look.tick() => {}
        }
        report("queue", run_all_due(&app).await);
    }
}

async fn run_all_due(app: &App) -> Result<()> {
    while let Some(row) = claim(app).await? {
        let (of, work) = (app.clone(), row.clone());
        // In a task of its own: work that panics fails for good, and the rest is still done.
        let performed = tokio::spawn(async move { perform(&of, &work).await });
        let outcome = performed.await;
        let outcome = outcome.unwrap_or_else(|error| Err(Failure::Permanent(error.to_string())));
        conclude(app, &row, outcome).await?;
    }
    Ok(())
}

/// Claims work that is due. Not through `ops::transaction`, like all of this file: it is the server's work.
async fn claim(app: &App) -> Result<Option<QueueRow>> {
    let mut transaction = app.db.write().await?;
    let now = app.db.now(&mut transaction).await?;
    let until = now.saturating_add(TERM);
    let row = queue::claim(&mut transaction, app.replica.as_str(), now, until).await?;
    transaction.commit().await?;
    Ok(row)
}

async fn conclude(
    app: &App,
    row: &QueueRow,
    outcome: std::result::Result<(), Failure>,
) -> Result<()> {
    let of = (row.id.as_str(), app.replica.as_str());
    let mut transaction = app.db.write().await?;
    let now = app.db.now(&mut transaction).await?;
    let result = match outcome {
        Ok(()) => {
            queue::mark_done(&mut transaction, of, now).await?;
            "done"
        }
        Err(Failure::Again(error)) if row.attempts < ATTEMPTS => {
            tracing::warn!(
                work = row.id,
                error,
                "queued work failed; it is tried again"
            );
            let run_at = now.saturating_add(pause(row.attempts));
            queue::retry(&mut transaction, of, run_at, &error).await?;
            "retried"
        }
        Err(Failure::Again(error) | Failure::Permanent(error)) => {
            tracing::error!(work = row.id, error, "queued work failed for good");
            queue::mark_failed(&mut transaction, of, now, &error).await?;
            "failed"
        }
    };
    transaction.commit().await?;
    metrics::counter!("hulk_queue_total", "result" => result).increment(1);
    Ok(())
}

/// Returns how long to wait after this many attempts.
fn pause(attempts: i64) -> Duration {
    let doublings = u32::try_from(attempts - 1).unwrap_or(0).min(16);
    FIRST_PAUSE
        .saturating_mul(1 << doublings)
        .min(LONGEST_PAUSE)
}

async fn perform(app: &App, row: &QueueRow) -> std::result::Result<(), Failure> {
    let work = serde_json::from_str(&row.payload);
    let work: Work = work.map_err(|error| Failure::Permanent(error.to_string()))?;
    let user = match &work {
        Work::PasswordReset { email } => {
            let mut connection = app.db.read().await.map_err(Error::from)?;
            let found = users::find_by_email(&mut connection, email).await;
            found.map_err(Error::from)?
        }
        Work::Verification | Work::PasswordChanged { .. } => {
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
    let message = match work {
        Work::Verification if user.email_verified_at.is_some() => return Ok(()),
        work => message(app, &user, work).await?,
    };
    Ok(app.mailer.send(&message).await?)
}

/// Returns the mail to a user. Its link is new with each attempt: only its digest is stored.
async fn message(app: &App, user: &UserRow, work: Work) -> Result<Message> {
    let name = user.first_name.clone();
    let server = app.settings.host.to_str().unwrap_or_default().to_owned();
    let hours = u32::try_from(LINK_LIFE.as_secs() / 3600).unwrap_or(1);
    let to = user.email.as_str();
    let message = match work {
        Work::Verification => Verification {
            name,
            link: link(app, user, Purpose::Verification, "verify-email").await?,
            hours,
            server,
        }
        .message(to),
        Work::PasswordReset { .. } => PasswordReset {
            name,
            link: link(app, user, Purpose::PasswordReset, "reset-password").await?,
            hours,
            server,
        }
        .message(to),
        Work::PasswordChanged { at, address } => PasswordChanged {
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
