//! What becomes of a failed round.

use crate::{error::Result, telemetry::chain};

pub(super) fn report(job: &str, outcome: Result<()>) {
    if let Err(error) = outcome {
        tracing::warn!(
            job,
            error = chain(&error),
            "a background job failed; it runs again later"
        );
    }
}
