//! Why a request to the store failed.

use std::{error::Error as StdError, fmt};

use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};

type Source = Box<dyn StdError + Send + Sync>;

/// A request to the store that failed. The source is only for the log.
#[derive(Debug)]
pub struct StoreError {
    /// Name of the operation in the S3 API.
    pub operation: &'static str,
    /// Empty for an operation on the bucket.
    pub key: String,
    pub kind: StoreErrorKind,
    source: Option<Source>,
}

/// Kinds of failures between which callers distinguish.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StoreErrorKind {
    /// The object does not exist, or is no longer the one that was meant.
    Missing,
    /// The store is full.
    Full,
    /// The store does not implement the operation.
    Unsupported,
    /// The store could not be reached, timed out or refused.
    Unavailable,
}

impl StoreError {
    pub(crate) fn new(operation: &'static str, key: &str, kind: StoreErrorKind) -> Self {
        Self {
            operation,
            key: key.to_owned(),
            kind,
            source: None,
        }
    }

    /// Returns an unavailable store whatever it answered, because no answer to this operation means more.
    pub(super) fn unavailable(
        operation: &'static str,
        key: &str,
        source: impl Into<Source>,
    ) -> Self {
        Self {
            source: Some(source.into()),
            ..Self::new(operation, key, StoreErrorKind::Unavailable)
        }
    }

    /// Returns an error of the kind that the store's answer means.
    pub(super) fn answered<E>(operation: &'static str, key: &str, error: SdkError<E>) -> Self
    where
        E: StdError + ProvideErrorMetadata + Send + Sync + 'static,
    {
        let kind = match (status_of(&error), error.code()) {
            (Some(404 | 412), _) => StoreErrorKind::Missing,
            (Some(507), _) => StoreErrorKind::Full,
            (Some(501), _) | (_, Some("NotImplemented")) => StoreErrorKind::Unsupported,
            _ => StoreErrorKind::Unavailable,
        };
        Self {
            kind,
            ..Self::unavailable(operation, key, error)
        }
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let why = match self.kind {
            StoreErrorKind::Missing => "the object does not exist or has changed",
            StoreErrorKind::Full => "the store is full",
            StoreErrorKind::Unsupported => "the store does not implement this",
            StoreErrorKind::Unavailable => "the store did not answer, or refused",
        };
        match self.key.as_str() {
            "" => write!(f, "{}: {why}", self.operation),
            key => write!(f, "{} of {key}: {why}", self.operation),
        }
    }
}

impl StdError for StoreError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        let source = self.source.as_deref()?;
        Some(source)
    }
}

/// Returns the HTTP status of the answer; `None` without an answer.
pub(super) fn status_of<E>(error: &SdkError<E>) -> Option<u16> {
    let response = error.raw_response();
    response.map(|response| response.status().as_u16())
}
