//! The database: SQLite or Postgres through one SQL.
//!
//! Every change of state is one conditional statement (`UPDATE … WHERE state = … RETURNING`), so
//! that of two racing callers one wins on either database. Rows are plain TEXT and BIGINT.

pub(crate) mod api_keys;
mod dialect;
pub(crate) mod entries;
pub(crate) mod files;
pub(crate) mod garbage;
pub(crate) mod uploads;
pub(crate) mod users;
pub(crate) mod versions;

use std::path::Path;

use sqlx::{Any, AnyPool, Transaction, migrate::MigrateError, pool::PoolConnection};

pub(crate) use dialect::Dialect;

static MIGRATIONS: sqlx::migrate::Migrator = sqlx::migrate!("../migrations");

/// Where the database is.
#[derive(Clone)]
pub enum Location<'a> {
    File(&'a Path),
    /// May hold a password.
    Url(&'a str),
}

/// A pool of readers and the one writer that SQLite allows; on Postgres both are one pool.
#[derive(Clone, Debug)]
pub struct Db {
    readers: AnyPool,
    writers: AnyPool,
    dialect: Dialect,
}

/// Why the database could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error("the database URL is not understood: it starts with sqlite: or postgres:")]
    Url,
    #[error("the database was made by a newer version of this program; use that version or newer")]
    Newer,
    #[error("the database cannot be opened: {0}")]
    Sqlx(#[from] sqlx::Error),
    #[error("the database cannot be brought up to date: {0}")]
    Migrate(MigrateError),
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

    async fn migrate(&self) -> Result<(), OpenError> {
        MIGRATIONS
            .run(&self.writers)
            .await
            .map_err(|error| match error {
                MigrateError::VersionMissing(_) | MigrateError::VersionTooNew(..) => {
                    OpenError::Newer
                }
                other => OpenError::Migrate(other),
            })
    }

    pub async fn read(&self) -> sqlx::Result<PoolConnection<Any>> {
        self.readers.acquire().await
    }

    /// A transaction that may write; on SQLite it holds the write lock from the start, since a
    /// later upgrade from reading to writing fails under contention.
    pub async fn write(&self) -> sqlx::Result<Transaction<'static, Any>> {
        match self.dialect.begin_write() {
            Some(begin) => self.writers.begin_with(begin).await,
            None => self.writers.begin().await,
        }
    }

    /// Whether the database answers.
    pub async fn ping(&self) -> sqlx::Result<()> {
        sqlx::query("SELECT 1")
            .execute(&self.readers)
            .await
            .map(drop)
    }

    pub fn dialect(&self) -> Dialect {
        self.dialect
    }

    /// Closes the pools; SQLite then folds its write-ahead log into the file.
    pub async fn close(&self) {
        self.readers.close().await;
        self.writers.close().await;
    }
}
