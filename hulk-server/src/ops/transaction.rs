//! The one door to a write: `transaction!(&app.db, actor, async |tx| …)`.
//!
//! A macro, because the future of an async closure that borrows its argument cannot be declared `Send` in a
//! function's bounds, and handlers have to be (<https://github.com/rust-lang/rust/issues/109417>).

use crate::{
    audit::Actor,
    db::{Db, Write},
    error::{Error, Result},
};

/// How often a transaction that collides is run.
const ATTEMPTS: u32 = 5;

/// Runs the body in a transaction that holds the row of the actor's user, commits it, and returns the body's
/// value.
///
/// Writes to what belongs to one user come one after the other: what the body reads holds until the commit.
/// Where the database aborts the transaction because of another one, the body is run again from the start,
/// so it changes nothing outside of the database. If it fails, nothing is written.
macro_rules! transaction {
    ($db:expr, $actor:expr, async |$tx:ident| $body:expr) => {{
        let (db, actor): (&crate::db::Db, crate::audit::Actor<'_>) = ($db, $actor);
        let mut attempts = crate::ops::transaction::Attempts::default();
        loop {
            let outcome = async {
                let mut transaction = crate::ops::transaction::begin(db, actor).await?;
                let $tx: &mut crate::db::Write = &mut transaction;
                let done: crate::error::Result<_> = async { $body }.await;
                let done = done?;
                crate::ops::transaction::commit(transaction).await?;
                crate::error::Result::Ok(done)
            };
            match outcome.await {
                Err(error) if attempts.may_repeat(&error) => {}
                outcome => break outcome,
            }
        }
    }};
}

pub(crate) use transaction;

/// For the macro alone.
pub(crate) async fn begin(db: &Db, actor: Actor<'_>) -> Result<Write> {
    Ok(db.write_for(actor.user_id()).await?)
}

/// For the macro alone. An audit row belongs here, before the commit.
pub(crate) async fn commit(transaction: Write) -> Result<()> {
    Ok(transaction.commit().await?)
}

/// How often a transaction was run. For the macro alone.
#[derive(Default)]
pub(crate) struct Attempts(u32);

impl Attempts {
    /// Whether the transaction is to be run again after this error.
    pub(crate) fn may_repeat(&mut self, error: &Error) -> bool {
        self.0 += 1;
        let may_repeat = error.is_collision() && self.0 < ATTEMPTS;
        if may_repeat {
            let attempt = self.0;
            tracing::info!(
                attempt,
                "a transaction collided with another and is run again"
            );
        }
        may_repeat
    }
}
