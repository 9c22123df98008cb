//! Where the database is, and why it cannot be opened.

use std::path::Path;

use sqlx::migrate::MigrateError;

/// Where the database is.
#[derive(Clone)]
pub enum Location<'a> {
    File(&'a Path),
    /// May hold a password.
    Url(&'a str),
}

/// Why the database could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error("the database URL is invalid: it must start with sqlite: or postgres:")]
    Url,
    #[error("the database was made by a newer version of this program; use that version or newer")]
    Newer,
    #[error("the database cannot be opened: {0}")]
    Sqlx(#[from] sqlx::Error),
    #[error("the database cannot be brought up to date: {0}")]
    Migrate(MigrateError),
}
