//! Receives the bodies of one name one after the other.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::Context,
    time::Duration,
};

use futures_util::task::AtomicWaker;
use tokio::sync::{Mutex, OwnedMutexGuard};

/// How long a body waits for the one before it.
const TURN_TIMEOUT: Duration = Duration::from_secs(40);
/// How often a waiting body wakes the one that is being received.
const LOOK: Duration = Duration::from_millis(500);

/// The bodies of one name.
#[derive(Default)]
pub(super) struct Queue {
    turn: Arc<Mutex<()>>,
    waiting: Arc<Waiting>,
}

/// The bodies that wait for the one that is being received.
#[derive(Default)]
pub(super) struct Waiting {
    count: AtomicUsize,
    /// Wakes the task that receives the current body.
    incoming: AtomicWaker,
}

/// Counts as one waiting body until it is dropped.
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

impl Waiting {
    /// Whether a body waits. The task that receives the current body is woken regularly to check again.
    pub(super) fn is_any(&self, context: &Context<'_>) -> bool {
        self.incoming.register(context.waker());
        self.count.load(Ordering::Acquire) > 0
    }
}

impl Queue {
    pub(super) fn waiting(&self) -> &Arc<Waiting> {
        &self.waiting
    }

    /// Waits for the turn of the next body; `None` if it takes too long.
    pub(super) async fn turn(&self) -> Option<OwnedMutexGuard<()>> {
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
