//! The only file that knows SQLite from Postgres.

use std::{str::FromStr, time::Duration};

use sqlx::{
    AnyPool, Executor,
    any::{AnyConnectOptions, AnyPoolOptions},
};

use super::{Location, OpenError};

/// SQLite readers beside the one writer: enough for a few cores, each holds a thread.
const SQLITE_READERS: u32 = 4;
const POSTGRES_CONNECTIONS: u32 = 16;
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(10);

/// Per connection. FULL, not NORMAL: what was acknowledged must survive a power cut.
const SQLITE_SETUP: &str = "PRAGMA journal_mode = WAL;
PRAGMA synchronous = FULL;
PRAGMA busy_timeout = 10000;
PRAGMA foreign_keys = ON;";

/// Which database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    Sqlite,
    Postgres,
}

impl Dialect {
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

    /// (readers, writers)
    pub(super) async fn pools(
        self,
        options: AnyConnectOptions,
    ) -> sqlx::Result<(AnyPool, AnyPool)> {
        match self {
            Self::Sqlite => {
                let pool = |size| {
                    AnyPoolOptions::new()
                        .max_connections(size)
                        .acquire_timeout(ACQUIRE_TIMEOUT)
                        .test_before_acquire(false)
                        .after_connect(|connection, _| {
                            Box::pin(
                                async move { connection.execute(SQLITE_SETUP).await.map(drop) },
                            )
                        })
                };
                let writers = pool(1).connect_with(options.clone()).await?;
                let readers = pool(SQLITE_READERS).connect_with(options).await?;
                Ok((readers, writers))
            }
            Self::Postgres => {
                let pool = AnyPoolOptions::new()
                    .max_connections(POSTGRES_CONNECTIONS)
                    .acquire_timeout(ACQUIRE_TIMEOUT)
                    .connect_with(options)
                    .await?;
                Ok((pool.clone(), pool))
            }
        }
    }

    /// How a writing transaction begins, where a plain BEGIN will not do.
    pub(super) fn begin_write(self) -> Option<&'static str> {
        match self {
            Self::Sqlite => Some("BEGIN IMMEDIATE"),
            Self::Postgres => None,
        }
    }

    /// Orders text by its bytes, as cursors compare it.
    pub(super) fn byte_order(self) -> &'static str {
        match self {
            Self::Sqlite => "COLLATE BINARY",
            Self::Postgres => "COLLATE \"C\"",
        }
    }
}
