//! Bodies that are coming in: one at a time for each object or part, and no more of them than the
//! disk has room for.

use std::{
    collections::HashMap,
    io,
    pin::Pin,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};

use axum::body::Body;
use bytes::Bytes;
use futures_util::task::AtomicWaker;
use hyper::body::{Body as HttpBody, Frame, SizeHint};
use tokio::{sync::OwnedMutexGuard, time::Instant};

/// How long a body waits for the one before it.
const TURN_TIMEOUT: Duration = Duration::from_secs(40);
/// A body of which nothing came for so long is cut off if another waits: its connection is dead, and the
/// client has begun anew.
const STALL: Duration = Duration::from_secs(2);
/// How often the one that waits looks.
const LOOK: Duration = Duration::from_millis(500);
/// Left free on the disk, for the database and manifests.
pub(crate) const DISK_RESERVE_BYTES: u64 = 16 << 20;

/// The bodies of one name.
#[derive(Default)]
struct Queue {
    turn: Arc<tokio::sync::Mutex<()>>,
    waiting: Arc<Waiting>,
}

/// Those that wait for the one that is coming in.
#[derive(Default)]
struct Waiting {
    count: AtomicUsize,
    /// Of the task that the other body comes in with.
    incoming: AtomicWaker,
}

/// One of those that wait, while it lives.
struct Wait(Arc<Waiting>);

impl Wait {
    fn begin(waiting: &Arc<Waiting>) -> Self {
        waiting.count.fetch_add(1, Ordering::AcqRel);
        Self(waiting.clone())
    }
}

impl Drop for Wait {
    fn drop(&mut self) {
        self.0.count.fetch_sub(1, Ordering::AcqRel);
    }
}

impl Queue {
    /// The turn of the next body, if it comes soon.
    async fn turn(&self) -> Option<OwnedMutexGuard<()>> {
        let wait = Wait::begin(&self.waiting);
        let turn = async {
            let mut turn = std::pin::pin!(self.turn.clone().lock_owned());
            loop {
                match tokio::time::timeout(LOOK, turn.as_mut()).await {
                    Ok(turn) => return turn,
                    Err(_) => wait.0.incoming.wake(),
                }
            }
        };
        tokio::time::timeout(TURN_TIMEOUT, turn).await.ok()
    }
}

/// What is coming in.
#[derive(Default)]
pub(crate) struct Receiving {
    queues: Mutex<HashMap<String, Arc<Queue>>>,
    /// Bytes that were announced and have not come yet.
    expected: AtomicU64,
}

/// A body's turn, and its place on the disk, until it is dropped.
pub(crate) struct Receipt {
    receiving: Arc<Receiving>,
    name: String,
    queue: Option<Arc<Queue>>,
    turn: Option<OwnedMutexGuard<()>>,
    left: Arc<AtomicU64>,
}

/// Why a body cannot come in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NoReceipt {
    /// Another body of the same name is coming in.
    Busy,
    /// The disk has no room.
    Full,
}

impl Receiving {
    /// Waits for the turn of a body of `size_bytes`; `free_bytes` are free on the disk, if that is
    /// known.
    ///
    /// # Errors
    /// If the one before does not end soon, or there is no room.
    pub(crate) async fn begin(
        self: &Arc<Self>,
        name: String,
        size_bytes: u64,
        free_bytes: impl FnOnce() -> Option<u64>,
    ) -> Result<Receipt, NoReceipt> {
        let mut receipt = Receipt {
            receiving: self.clone(),
            queue: Some(self.lock().entry(name.clone()).or_default().clone()),
            name,
            turn: None,
            left: Arc::default(),
        };
        // Not cloned: the last one that has the queue removes it.
        if let Some(queue) = &receipt.queue {
            receipt.turn = Some(queue.turn().await.ok_or(NoReceipt::Busy)?);
        }
        let before = self.expected.fetch_add(size_bytes, Ordering::AcqRel);
        receipt.left.store(size_bytes, Ordering::Release);
        let needed = before
            .saturating_add(size_bytes)
            .saturating_add(DISK_RESERVE_BYTES);
        match free_bytes() {
            Some(free) if free < needed && size_bytes > 0 => Err(NoReceipt::Full),
            _ => Ok(receipt),
        }
    }

    /// Whether a body is coming in for the object, or for a part of it.
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

/// No key has it.
const PART_MARK: char = '\0';

/// The name under which a body comes in.
pub(crate) fn name_of(key: &str, part: Option<&str>) -> String {
    match part {
        Some(part) => format!("{key}{PART_MARK}{part}"),
        None => key.to_owned(),
    }
}

impl Receipt {
    /// The body, whose bytes are expected no more once they came.
    pub(crate) fn counted(&self, body: Body) -> Body {
        Body::new(Counted {
            body,
            receiving: self.receiving.clone(),
            left: self.left.clone(),
            waiting: self.queue.as_ref().map(|queue| queue.waiting.clone()),
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
        // Nobody else has it or waits for it: whoever does has a copy, made under this lock.
        if queues
            .get(&self.name)
            .is_some_and(|queue| Arc::strong_count(queue) == 1)
        {
            queues.remove(&self.name);
        }
    }
}

struct Counted {
    body: Body,
    receiving: Arc<Receiving>,
    left: Arc<AtomicU64>,
    waiting: Option<Arc<Waiting>>,
    stalled_since: Option<Instant>,
}

impl Counted {
    /// Whether nothing came for long, and another waits.
    fn is_given_up(&mut self, context: &mut Context<'_>) -> bool {
        let since = *self.stalled_since.get_or_insert_with(Instant::now);
        let Some(waiting) = &self.waiting else {
            return false;
        };
        waiting.incoming.register(context.waker());
        waiting.count.load(Ordering::Acquire) > 0 && since.elapsed() >= STALL
    }
}

impl HttpBody for Counted {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let frame = Pin::new(&mut self.body).poll_frame(context);
        if frame.is_pending() {
            return match self.is_given_up(context) {
                true => Poll::Ready(Some(Err(axum::Error::new(io::Error::new(
                    io::ErrorKind::TimedOut,
                    "the upload stalled and was begun anew",
                ))))),
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
    use http_body_util::BodyExt;

    use super::*;

    async fn begin(
        receiving: &Arc<Receiving>,
        name: &str,
        bytes: u64,
    ) -> Result<Receipt, NoReceipt> {
        let room = || Some(DISK_RESERVE_BYTES + 100);
        receiving.begin(name.to_owned(), bytes, room).await
    }

    #[tokio::test(start_paused = true)]
    async fn one_body_at_a_time_and_none_without_room() {
        let receiving = Arc::new(Receiving::default());
        let first = begin(&receiving, "key", 60).await.unwrap();
        assert!(receiving.has("key") && !receiving.has("ke"));
        assert_eq!(
            begin(&receiving, "key", 1).await.err(),
            Some(NoReceipt::Busy)
        );
        assert_eq!(
            begin(&receiving, "other", 41).await.err(),
            Some(NoReceipt::Full)
        );
        let part = begin(&receiving, &name_of("other", Some("1")), 40)
            .await
            .unwrap();
        assert!(receiving.has("other"));
        let body = first.counted(Body::from(vec![0; 60]));
        body.collect().await.unwrap();
        let second = begin(&receiving, "second", 60).await.unwrap();
        drop((first, part, second));
        assert_eq!(receiving.expected.load(Ordering::Relaxed), 0);
        assert!(receiving.lock().is_empty());
        begin(&receiving, "key", 100).await.unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_stalls_makes_room_for_the_one_that_waits() {
        let receiving = Arc::new(Receiving::default());
        let come = |body: Body| {
            let receiving = receiving.clone();
            async move {
                let receipt = begin(&receiving, "key", 60).await.unwrap();
                receipt.counted(body).collect().await.map(drop)
            }
        };
        let nothing = || Body::from_stream(futures_util::stream::pending::<io::Result<Bytes>>());
        let begun = Instant::now();
        let stalled = tokio::spawn(come(nothing()));
        tokio::time::sleep(STALL * 10).await;
        assert!(!stalled.is_finished(), "nobody else wants to send");
        come(Body::from(vec![0; 60])).await.unwrap();
        assert!(stalled.await.unwrap().is_err());
        assert!(begun.elapsed() < STALL * 12);
    }
}
