//! The database: SQLite or Postgres through one SQL.
//!
//! Every change of state is one conditional statement (`UPDATE … WHERE state = … RETURNING`), so
//! that of two racing callers one wins on either database. Rows are plain TEXT and BIGINT.

pub(crate) mod api_keys;
pub(crate) mod attempts;
pub(crate) mod audit;
mod columns;
mod connection;
pub(crate) mod contents;
pub(crate) mod deletion;
pub(crate) mod device_codes;
mod dialect;
pub(crate) mod download_claims;
pub(crate) mod entries;
mod expired;
pub(crate) mod files;
pub(crate) mod garbage;
pub(crate) mod leases;
pub(crate) mod lists;
mod location;
pub(crate) mod login_links;
pub(crate) mod mail_tokens;
mod page;
pub(crate) mod queue;
pub(crate) mod quota;
pub(crate) mod sessions;
pub(crate) mod shares;
pub(crate) mod tiers;
pub(crate) mod transfer;
pub(crate) mod trash;
pub(crate) mod tree;
pub(crate) mod upkeep;
pub(crate) mod uploads;
pub(crate) mod usage;
pub(crate) mod users;
pub(crate) mod versions;

use std::time::Instant;

use hulk_proto::Timestamp;
use sqlx::{AnyConnection, AnyPool, Executor, migrate::MigrateError};

pub use connection::{Read, Write};
use dialect::Dialect;
pub(crate) use dialect::{Fault, fault};
pub use location::{Location, OpenError};

static MIGRATIONS: sqlx::migrate::Migrator = sqlx::migrate!("../migrations");

/// A pool of readers and the one writer that SQLite allows; on Postgres both are one pool.
#[derive(Clone, Debug)]
pub struct Db {
    readers: AnyPool,
    writers: AnyPool,
    dialect: Dialect,
}

impl Db {
    /// Opens the database, creating an SQLite file that does not exist, and runs the migrations.
    ///
    /// # Errors
    /// If it cannot be reached, written or migrated, or a newer version of this program made it.
    pub async fn open(location: Location<'_>) -> Result<Self, OpenError> {
        sqlx::any::install_default_drivers();
        let (dialect, options) = Dialect::detect(location)?;
        let (readers, writers) = dialect.pools(options).await?;
        let db = Self {
            readers,
            writers,
            dialect,
        };
        db.migrate().await?;
        Ok(db)
    }

    /// Runs the migrations. If several replicas do this at once, Postgres admits one at a time, and the
    /// others wait as long as it takes.
    async fn migrate(&self) -> Result<(), OpenError> {
        let mut connection = self.writers.acquire().await?;
        if let Some(settings) = self.dialect.without_timeouts() {
            connection.execute(settings).await?;
        }
        let migrator = self.dialect.migrator(&MIGRATIONS);
        let migrated = migrator.run(&mut *connection).await;
        // That also ends its settings.
        connection.close().await?;
        migrated.map_err(|error| match error {
            MigrateError::VersionMissing(_) | MigrateError::VersionTooNew(..) => OpenError::Newer,
            other => OpenError::Migrate(other),
        })
    }

    pub async fn read(&self) -> sqlx::Result<Read> {
        let start = Instant::now();
        Ok(Read::new(self.readers.acquire().await?, start))
    }

    /// Begins a transaction that may write anything except files: keys, garbage, jobs.
    ///
    /// On SQLite it holds the write lock from the start, since a later upgrade from reading to
    /// writing fails under contention.
    pub async fn write(&self) -> sqlx::Result<Write> {
        let start = Instant::now();
        let transaction = match self.dialect.begin_write() {
            Some(begin) => self.writers.begin_with(begin).await?,
            None => self.writers.begin().await?,
        };
        Ok(Write::new(transaction, start))
    }

    /// Begins a transaction that may write files of one user. The transactions of a user run one after
    /// another: what one of them reads stays true until it ends, and since each takes this lock first, they
    /// do not deadlock.
    pub async fn write_for(&self, user_id: &str) -> sqlx::Result<Write> {
        let mut transaction = self.write().await?;
        self.lock_user(&mut transaction, user_id).await?;
        Ok(transaction)
    }

    /// Like `write_for`, in a transaction that has begun. A caller that locks several users does so in the
    /// order of their ids.
    pub async fn lock_user(
        &self,
        connection: &mut AnyConnection,
        user_id: &str,
    ) -> sqlx::Result<()> {
        match self.dialect.lock_user() {
            None => Ok(()),
            Some(lock) => {
                let locked = sqlx::query(lock).bind(user_id).execute(connection);
                locked.await.map(drop)
            }
        }
    }

    /// Returns `sqlite` or `postgres`.
    pub(crate) fn kind(&self) -> &'static str {
        self.dialect.name()
    }

    /// Returns the time by the database's clock, which all replicas share.
    pub async fn now(&self, connection: &mut AnyConnection) -> sqlx::Result<Timestamp> {
        let now = sqlx::query_scalar(self.dialect.now());
        let millis: i64 = now.fetch_one(connection).await?;
        Timestamp::from_unix_millis(millis).map_err(|error| sqlx::Error::Decode(error.into()))
    }

    /// Fails if the database does not answer.
    pub async fn ping(&self) -> sqlx::Result<()> {
        sqlx::query("SELECT 1")
            .execute(&self.readers)
            .await
            .map(drop)
    }

    /// Closes the pools; SQLite then folds its write-ahead log into the file.
    pub async fn close(&self) {
        self.readers.close().await;
        self.writers.close().await;
    }
}
