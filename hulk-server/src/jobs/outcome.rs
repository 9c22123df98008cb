//! What becomes of a failed round.

use crate::{
    error::{Error, Result},
    telemetry::chain,
};

pub(super) fn report(job: &str, outcome: Result<()>) {
    if let Err(error) = outcome {
        tracing::warn!(
            job,
            error = chain(&error),
            "a background job failed; it runs again later"
        );
    }
}

/// Why work was not done.
pub(super) enum Failure {
    /// It is tried again later.
    Again(String),
    Permanent(String),
}

pub(super) type Outcome = std::result::Result<(), Failure>;

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Again(chain(&error))
    }
}
