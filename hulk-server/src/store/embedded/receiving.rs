//! Bodies that are being received: one at a time for each object or part, and no more in total than the
//! disk has room for.

use std::{
    collections::HashMap,
    io,
    pin::Pin,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};

use axum::body::Body;
use bytes::Bytes;
use hyper::body::{Body as HttpBody, Frame, SizeHint};
use tokio::{sync::OwnedMutexGuard, time::Instant};

use super::queue::{Queue, Waiting};

/// A body that has stalled for this long is cut off if another one waits: its connection is dead, and the
/// client has started again.
const STALL: Duration = Duration::from_secs(2);
/// Space left free on the disk, for the database and manifests.
pub(crate) const DISK_RESERVE_BYTES: u64 = 16 << 20;

/// The bodies that are being received.
#[derive(Default)]
pub(crate) struct Receiving {
    queues: Mutex<HashMap<String, Arc<Queue>>>,
    /// Bytes that were announced and have not arrived yet.
    expected: AtomicU64,
}

/// The turn of a body, until this is dropped.
pub(crate) struct Receipt {
    receiving: Arc<Receiving>,
    name: String,
    queue: Option<Arc<Queue>>,
    turn: Option<OwnedMutexGuard<()>>,
    left: Arc<AtomicU64>,
}

/// Error for a body while another one of the same name is being received.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Busy;

impl Receiving {
    /// Waits for a body's turn.
    ///
    /// # Errors
    /// If the previous body does not end soon.
    pub(crate) async fn begin(self: &Arc<Self>, name: String) -> Result<Receipt, Busy> {
        let mut receipt = Receipt {
            receiving: self.clone(),
            queue: Some(self.lock().entry(name.clone()).or_default().clone()),
            name,
            turn: None,
            left: Arc::default(),
        };
        // Not cloned: the last holder of the queue removes it.
        if let Some(queue) = &receipt.queue {
            receipt.turn = Some(queue.turn().await.ok_or(Busy)?);
        }
        Ok(receipt)
    }

    /// Expects `size_bytes` more, and returns whether there is room for everything expected.
    fn expect(&self, size_bytes: u64, left: &AtomicU64, free_bytes: Option<u64>) -> bool {
        let before = self.expected.fetch_add(size_bytes, Ordering::AcqRel);
        left.store(size_bytes, Ordering::Release);
        let needed = before
            .saturating_add(size_bytes)
            .saturating_add(DISK_RESERVE_BYTES);
        size_bytes == 0 || free_bytes.is_none_or(|free| free >= needed)
    }

    /// Whether a body is being received for the object, or for a part of it.
    pub(crate) fn has(&self, key: &str) -> bool {
        self.lock().keys().any(|name| {
            let rest = name.strip_prefix(key);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(PART_MARK))
        })
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Arc<Queue>>> {
        self.queues.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Separates key and part; it does not occur in keys.
const PART_MARK: char = '\0';

/// Returns the name under which a body is received.
pub(crate) fn name_of(key: &str, part: Option<&str>) -> String {
    match part {
        Some(part) => format!("{key}{PART_MARK}{part}"),
        None => key.to_owned(),
    }
}

impl Receipt {
    /// Wraps the body so that it fails with `StorageFull` if the disk has no room for its `size_bytes`, and
    /// so that bytes are no longer expected once they have arrived. Room is taken when the body is first
    /// read, which is after its signature was verified; `free_bytes` returns what is free then, if known.
    pub(crate) fn counted(
        &self,
        body: Body,
        size_bytes: u64,
        free_bytes: impl Fn() -> Option<u64> + Send + Unpin + 'static,
    ) -> Body {
        Body::new(Counted {
            body,
            size_bytes,
            free_bytes: Some(free_bytes),
            receiving: self.receiving.clone(),
            left: self.left.clone(),
            waiting: self.queue.as_ref().map(|queue| queue.waiting().clone()),
            stalled_since: None,
        })
    }
}

impl Drop for Receipt {
    fn drop(&mut self) {
        let left = self.left.swap(0, Ordering::AcqRel);
        self.receiving.expected.fetch_sub(left, Ordering::AcqRel);
        (self.turn, self.queue) = (None, None);
        let mut queues = self.receiving.lock();
        // No other body holds the queue or waits in it: each has a clone, made under this lock.
        if queues
            .get(&self.name)
            .is_some_and(|queue| Arc::strong_count(queue) == 1)
        {
            queues.remove(&self.name);
        }
    }
}

struct Counted<F> {
    body: Body,
    size_bytes: u64,
    /// `None` once it was called.
    free_bytes: Option<F>,
    receiving: Arc<Receiving>,
    left: Arc<AtomicU64>,
    waiting: Option<Arc<Waiting>>,
    stalled_since: Option<Instant>,
}

impl<F> Counted<F> {
    /// Whether no bytes have arrived for long, and another body waits.
    fn is_given_up(&mut self, context: &mut Context<'_>) -> bool {
        let since = *self.stalled_since.get_or_insert_with(Instant::now);
        let Some(waiting) = &self.waiting else {
            return false;
        };
        waiting.is_any(context) && since.elapsed() >= STALL
    }
}

impl<F: Fn() -> Option<u64> + Unpin> HttpBody for Counted<F> {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let failed = |kind: io::ErrorKind, why: &'static str| {
            Poll::Ready(Some(Err(axum::Error::new(io::Error::new(kind, why)))))
        };
        if let Some(free_bytes) = self.free_bytes.take()
            && !self
                .receiving
                .expect(self.size_bytes, &self.left, free_bytes())
        {
            return failed(
                io::ErrorKind::StorageFull,
                "the disk has no room for the upload",
            );
        }
        let frame = Pin::new(&mut self.body).poll_frame(context);
        if frame.is_pending() {
            return match self.is_given_up(context) {
                true => failed(
                    io::ErrorKind::TimedOut,
                    "the upload stalled and was started again",
                ),
                false => Poll::Pending,
            };
        }
        self.stalled_since = None;
        if let Poll::Ready(Some(Ok(frame))) = &frame {
            let came = frame.data_ref().map_or(0, Bytes::len) as u64;
            let take = |left: u64| Some(left.saturating_sub(came));
            let before = self
                .left
                .fetch_update(Ordering::AcqRel, Ordering::Acquire, take)
                .unwrap_or(0);
            let came = came.min(before);
            self.receiving.expected.fetch_sub(came, Ordering::AcqRel);
        }
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use futures_util::FutureExt;
    use http_body_util::BodyExt;

    use super::*;

    async fn begin(receiving: &Arc<Receiving>, name: &str) -> Result<Receipt, Busy> {
        receiving.begin(name.to_owned()).await
    }

    fn counted(receipt: &Receipt, body: Body, bytes: u64) -> Body {
        receipt.counted(body, bytes, || Some(DISK_RESERVE_BYTES + 100))
    }

    /// Whether the body is received in full.
    async fn comes(receipt: &Receipt, bytes: usize) -> bool {
        let body = counted(receipt, Body::from(vec![0; bytes]), bytes as u64);
        body.collect().await.is_ok()
    }

    #[tokio::test(start_paused = true)]
    async fn one_body_at_a_time_and_none_without_room() {
        let receiving = Arc::new(Receiving::default());
        let first = begin(&receiving, "key").await.unwrap();
        assert!(receiving.has("key") && !receiving.has("ke"));
        assert_eq!(begin(&receiving, "key").await.err(), Some(Busy));
        let mut slow = counted(&first, Body::from_stream(nothing()), 60);
        assert!(slow.frame().now_or_never().is_none());
        let other = begin(&receiving, "other").await.unwrap();
        assert!(!comes(&other, 41).await, "60 are expected already");
        drop(other);
        let part = begin(&receiving, &name_of("other", Some("1")))
            .await
            .unwrap();
        assert!(receiving.has("other") && comes(&part, 40).await);
        drop((slow, first, part));
        assert_eq!(receiving.expected.load(Ordering::Relaxed), 0);
        assert!(receiving.lock().is_empty());
        let whole = begin(&receiving, "key").await.unwrap();
        assert!(comes(&whole, 100).await && !comes(&whole, 101).await);
    }

    fn nothing() -> impl futures_util::Stream<Item = io::Result<Bytes>> {
        futures_util::stream::pending()
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_stalls_makes_room_for_the_one_that_waits() {
        let receiving = Arc::new(Receiving::default());
        let come = |body: Body| {
            let receiving = receiving.clone();
            async move {
                let receipt = begin(&receiving, "key").await.unwrap();
                counted(&receipt, body, 60).collect().await.map(drop)
            }
        };
        let begun = Instant::now();
        let stalled = tokio::spawn(come(Body::from_stream(nothing())));
        tokio::time::sleep(STALL * 10).await;
        assert!(!stalled.is_finished(), "nobody else wants to send");
        come(Body::from(vec![0; 60])).await.unwrap();
        assert!(stalled.await.unwrap().is_err());
        assert!(begun.elapsed() < STALL * 12);
    }
}
