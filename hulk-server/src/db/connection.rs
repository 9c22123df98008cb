//! Borrowed connections, and how long requests waited for them and held them.

use std::{
    ops::{Deref, DerefMut},
    time::Instant,
};

use sqlx::{Any, AnyConnection, Transaction, pool::PoolConnection};

/// Records how long a connection was held when it is dropped.
struct Held {
    purpose: &'static str,
    since: Instant,
}

impl Held {
    fn new(purpose: &'static str, asked_at: Instant) -> Self {
        let since = Instant::now();
        metrics::histogram!("hulk_database_wait_seconds", "purpose" => purpose)
            .record((since - asked_at).as_secs_f64());
        Self { purpose, since }
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        metrics::histogram!("hulk_database_held_seconds", "purpose" => self.purpose)
            .record(self.since.elapsed().as_secs_f64());
    }
}

/// A connection for reading, without a transaction.
pub struct Read {
    connection: PoolConnection<Any>,
    _held: Held,
}

impl Read {
    pub(crate) fn new(connection: PoolConnection<Any>, asked_at: Instant) -> Self {
        Self {
            connection,
            _held: Held::new("read", asked_at),
        }
    }
}

impl Deref for Read {
    type Target = AnyConnection;

    fn deref(&self) -> &AnyConnection {
        &self.connection
    }
}

impl DerefMut for Read {
    fn deref_mut(&mut self) -> &mut AnyConnection {
        &mut self.connection
    }
}

/// A transaction for writing; it has no effect if it is dropped without `commit`.
pub struct Write {
    transaction: Transaction<'static, Any>,
    _held: Held,
}

impl Write {
    pub(crate) fn new(transaction: Transaction<'static, Any>, asked_at: Instant) -> Self {
        Self {
            transaction,
            _held: Held::new("write", asked_at),
        }
    }

    /// # Errors
    /// If the database does not accept it; after a lost connection it may still have been committed.
    pub async fn commit(self) -> sqlx::Result<()> {
        self.transaction.commit().await
    }
}

impl Deref for Write {
    type Target = AnyConnection;

    fn deref(&self) -> &AnyConnection {
        &self.transaction
    }
}

impl DerefMut for Write {
    fn deref_mut(&mut self) -> &mut AnyConnection {
        &mut self.transaction
    }
}
