//! Batches: many items in one request, each of which succeeds or fails alone.

use hulk_proto::batch::{Batch, BatchItem};

use crate::error::{Error, Result};

/// How many requests to the store one request to the server makes at a time.
pub(super) const IN_FLIGHT: usize = 8;

/// Returns the answer to a batch.
pub(super) fn batch<T>(outcomes: Vec<Result<T>>) -> Batch<T> {
    let item = |outcome: Result<T>| match outcome {
        Ok(done) => BatchItem::Done(done),
        Err(error) => BatchItem::Failed(error.into_body()),
    };
    Batch {
        items: outcomes.into_iter().map(item).collect(),
    }
}

/// Returns the error for an item of a batch without an outcome, which is a bug of the server.
pub(super) fn missing<T>() -> Result<T> {
    Err(Error::internal("an item of a batch has no outcome"))
}
