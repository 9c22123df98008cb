//! The only way to write: `transaction!(&app.db, actor, async |tx| …)`.
//!
//! A macro, because the future of an async closure that borrows its argument cannot be declared `Send` in a
//! function's bounds, and handlers have to be (<https://github.com/rust-lang/rust/issues/109417>).

use crate::{
    audit::Actor,
    db::{Db, Write},
    error::{Error, Result},
};

/// How often a transaction that collides with others is run at most.
const ATTEMPTS: u32 = 5;

/// Runs the body in a transaction that holds the row of the actor's user, commits it, and returns the body's
/// value.
///
/// Writes to the data of one user are serialized: what the body reads stays true until the commit. If the
/// database aborts the transaction because of another one, the body is run again from the start, so it must
/// change nothing outside of the database. If it fails, nothing is written.
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

/// Begins a transaction. Only for the macro.
pub(crate) async fn begin(db: &Db, actor: Actor<'_>) -> Result<Write> {
    Ok(db.write_for(actor.user_id()).await?)
}

/// Commits a transaction. Only for the macro. An audit row belongs here, before the commit.
pub(crate) async fn commit(transaction: Write) -> Result<()> {
    Ok(transaction.commit().await?)
}

/// How often a transaction was run. Only for the macro.
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
