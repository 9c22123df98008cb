//! The only file that distinguishes SQLite from Postgres.

use std::{borrow::Cow, str::FromStr, time::Duration};

use sqlx::{
    AnyPool, Connection, Executor, SqlSafeStr,
    any::{AnyConnectOptions, AnyPoolOptions},
    error::DatabaseError,
    migrate::{Migration, Migrator},
    postgres::PgDatabaseError,
};

use super::location::{Location, OpenError};

/// SQLite readers beside the one writer: enough for a few cores; each holds a thread.
const SQLITE_READERS: u32 = 4;
/// Connections of each replica; Postgres allows 100 in total by default.
const POSTGRES_CONNECTIONS: u32 = 16;
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(10);

/// Per connection. FULL, not NORMAL: what was acknowledged must survive a power cut.
const SQLITE_SETUP: &str = "PRAGMA journal_mode = WAL;
PRAGMA synchronous = FULL;
PRAGMA busy_timeout = 10000;
PRAGMA foreign_keys = ON;";

/// Per connection. No request waits longer than this, and a replica that hangs within a transaction does not
/// block the rows for the others.
const POSTGRES_SETUP: &str = "SET statement_timeout = '30s';
SET lock_timeout = '10s';
SET idle_in_transaction_session_timeout = '60s';
SET synchronous_commit = on;";

/// The kind of database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dialect {
    Sqlite,
    Postgres,
}

/// What an error of the database means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The transaction collided with another one and can be retried at once.
    Collision,
    /// The database does not answer, is overloaded or is shutting down.
    Unavailable,
    /// The database's disk is full.
    Full,
    /// A unique value already exists.
    Taken,
    Other,
}

impl Fault {
    /// Name of the fault in metrics.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Collision => "collision",
            Self::Unavailable => "unavailable",
            Self::Full => "full",
            Self::Taken => "taken",
            Self::Other => "other",
        }
    }
}

impl Dialect {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Sqlite => "sqlite",
            Self::Postgres => "postgres",
        }
    }

    pub(super) fn detect(location: Location<'_>) -> Result<(Self, AnyConnectOptions), OpenError> {
        let url = match location {
            Location::File(path) => {
                let mut url = url::Url::from_file_path(path).map_err(|()| OpenError::Url)?;
                url.set_query(Some("mode=rwc"));
                url.as_str().replacen("file:", "sqlite:", 1)
            }
            Location::Url(url) => url.to_owned(),
        };
        let dialect = match url.split(':').next() {
            Some("sqlite") => Self::Sqlite,
            Some("postgres" | "postgresql") => Self::Postgres,
            _ => return Err(OpenError::Url),
        };
        let options = AnyConnectOptions::from_str(&url).map_err(|_| OpenError::Url)?;
        Ok((dialect, options))
    }

    /// Opens the pools: (readers, writers).
    pub(super) async fn pools(
        self,
        options: AnyConnectOptions,
    ) -> sqlx::Result<(AnyPool, AnyPool)> {
        match self {
            Self::Sqlite => {
                let pool = |size| self.pool(size).test_before_acquire(false);
                let writers = pool(1).connect_with(options.clone()).await?;
                let readers = pool(SQLITE_READERS).connect_with(options).await?;
                Ok((readers, writers))
            }
            Self::Postgres => {
                let pool = self.pool(POSTGRES_CONNECTIONS).connect_with(options);
                let pool = pool.await?;
                Ok((pool.clone(), pool))
            }
        }
    }

    fn pool(self, size: u32) -> AnyPoolOptions {
        let setup = match self {
            Self::Sqlite => SQLITE_SETUP,
            Self::Postgres => POSTGRES_SETUP,
        };
        AnyPoolOptions::new()
            .max_connections(size)
            .acquire_timeout(ACQUIRE_TIMEOUT)
            .after_connect(move |connection, _| {
                Box::pin(async move { connection.execute(setup).await.map(drop) })
            })
            // SQLite ends a transaction automatically when the disk is full; the driver then considers the
            // connection to be in one for ever.
            .after_release(|connection, _| {
                Box::pin(async move {
                    connection.ping().await?;
                    Ok(!connection.is_in_transaction())
                })
            })
    }

    /// Returns the migrations with the SQL that is only for this database.
    pub(super) fn migrator(self, migrations: &Migrator) -> Migrator {
        let own = |migration: &Migration| {
            let sql = match self {
                Self::Sqlite => return migration.clone(),
                Self::Postgres => uncomment(migration.sql.as_str(), "postgres"),
            };
            Migration {
                sql: sqlx::AssertSqlSafe(sql).into_sql_str(),
                ..migration.clone()
            }
        };
        Migrator {
            migrations: Cow::Owned(migrations.iter().map(own).collect()),
            ..Migrator::DEFAULT
        }
    }

    /// Settings for statements that may take long, such as an index of millions of rows.
    pub(super) fn without_timeouts(self) -> Option<&'static str> {
        match self {
            Self::Sqlite => None,
            Self::Postgres => Some("SET statement_timeout = 0; SET lock_timeout = 0"),
        }
    }

    /// Statement that begins a writing transaction, if a plain BEGIN is not enough.
    pub(super) fn begin_write(self) -> Option<&'static str> {
        match self {
            Self::Sqlite => Some("BEGIN IMMEDIATE"),
            Self::Postgres => None,
        }
    }

    /// Statement that locks a user's row until the transaction ends, if a transaction does not lock the whole
    /// database.
    pub(super) fn lock_user(self) -> Option<&'static str> {
        match self {
            Self::Sqlite => None,
            Self::Postgres => Some("SELECT id FROM users WHERE id = $1 FOR NO KEY UPDATE"),
        }
    }

    /// Query for the time by the database's clock, in unix milliseconds.
    pub(super) fn now(self) -> &'static str {
        match self {
            Self::Sqlite => "SELECT CAST(unixepoch('subsec') * 1000 AS INTEGER)",
            Self::Postgres => "SELECT CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT)",
        }
    }
}

/// Removes the comment signs around SQL for the database of this name.
fn uncomment(sql: &str, name: &str) -> String {
    let mut rest = sql;
    let mut out = String::with_capacity(sql.len());
    let opening = format!("/*{name}");
    while let Some((before, after)) = rest.split_once(&opening) {
        let (inside, behind) = after.split_once("*/").unwrap_or((after, ""));
        out.push_str(before);
        out.push_str(inside);
        rest = behind;
    }
    out + rest
}

pub(crate) fn fault(error: &dyn DatabaseError) -> Fault {
    let code = error.code().unwrap_or_default();
    if error.is_unique_violation() {
        Fault::Taken
    } else if error.try_downcast_ref::<PgDatabaseError>().is_some() {
        postgres_fault(&code)
    } else {
        sqlite_fault(code.parse().unwrap_or(0))
    }
}

/// <https://www.postgresql.org/docs/current/errcodes-appendix.html>: the first two characters are
/// a class.
fn postgres_fault(code: &str) -> Fault {
    match (code.get(..2).unwrap_or_default(), code) {
        // serialization_failure, deadlock_detected
        (_, "40001" | "40P01") => Fault::Collision,
        // disk_full
        (_, "53100") => Fault::Full,
        // Connections, resources, shutdowns and time-outs; lock_not_available; a server that was promoted or
        // demoted; idle in a transaction for too long.
        ("08" | "53" | "57", _) | (_, "55P03" | "25006" | "25P03") => Fault::Unavailable,
        _ => Fault::Other,
    }
}

/// <https://www.sqlite.org/rescode.html>: the low byte is the primary code.
fn sqlite_fault(code: u32) -> Fault {
    /// Code for a disk that is too full to grow the shared-memory file.
    const IOERR_SHMSIZE: u32 = 4874;
    match (code & 0xff, code) {
        (13, _) | (_, IOERR_SHMSIZE) => Fault::Full,
        // BUSY, IOERR
        (5 | 10, _) => Fault::Unavailable,
        _ => Fault::Other,
    }
}
