//! Fetches the parts of a file in parallel and returns them in order.

use std::{collections::VecDeque, sync::Arc};

use bytes::Bytes;
use tokio_util::task::AbortOnDropHandle;

use super::fetch::Fetcher;
use crate::{
    error::{Error, Result},
    transfer::{MEMORY_BYTES, RANGE_BYTES, concurrency::Concurrency},
};

type Fetching = AbortOnDropHandle<Result<Bytes>>;

/// Reads from some byte to the end.
pub(crate) struct ReadAhead {
    fetcher: Arc<Fetcher>,
    size_bytes: u64,
    /// Start of the next part to request.
    next: u64,
    first: Option<Bytes>,
    window: VecDeque<Fetching>,
    concurrency: Concurrency,
}

impl ReadAhead {
    /// Starts at `start`. `first` are the bytes from 0 that have already arrived, used if `start` is 0.
    pub(crate) fn new(
        fetcher: Arc<Fetcher>,
        start: u64,
        size_bytes: u64,
        first: Bytes,
        parallel: Option<usize>,
    ) -> Self {
        let first = Some(first).filter(|first| start == 0 && !first.is_empty());
        Self {
            fetcher,
            size_bytes,
            next: start + first.as_ref().map_or(0, |first| first.len() as u64),
            first,
            window: VecDeque::new(),
            concurrency: Concurrency::new(parallel),
        }
    }

    /// Returns the next bytes; `None` at the end.
    pub(crate) async fn next(&mut self) -> Result<Option<Bytes>> {
        // Parts that have arrived but were not taken yet count too: they are held in memory.
        let most = self
            .concurrency
            .limit()
            .min((MEMORY_BYTES / RANGE_BYTES) as usize);
        while self.window.len() < most && self.next < self.size_bytes {
            let (start, end) = (self.next, self.size_bytes.min(self.next + RANGE_BYTES));
            let fetcher = self.fetcher.clone();
            let fetching = tokio::spawn(async move { fetcher.range(start, end).await });
            self.window.push_back(AbortOnDropHandle::new(fetching));
            self.next = end;
        }
        if let Some(first) = self.first.take() {
            return Ok(Some(first));
        }
        let Some(fetching) = self.window.pop_front() else {
            return Ok(None);
        };
        let fetched = fetching.await;
        let part =
            fetched.map_err(|error| Error::failed(format!("fetching failed: {error}")))??;
        self.concurrency.moved(part.len() as u64);
        Ok(Some(part))
    }
}
