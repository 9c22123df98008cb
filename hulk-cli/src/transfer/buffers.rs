//! Reusable buffers for parts: memory that was freed is expensive to allocate again.

use std::sync::{Arc, Condvar, Mutex, PoisonError};

use bytes::Bytes;

/// A fixed number of buffers.
pub(crate) struct Pool {
    state: Mutex<State>,
    returned: Condvar,
}

struct State {
    free: Vec<Vec<u8>>,
    /// Number of buffers that may still be created.
    unmade: usize,
}

impl Pool {
    pub(crate) fn new(buffers: usize) -> Arc<Self> {
        Arc::new(Self {
            state: Mutex::new(State {
                free: Vec::new(),
                unmade: buffers.max(1),
            }),
            returned: Condvar::new(),
        })
    }

    /// Returns an empty buffer; blocks until there is one.
    pub(crate) fn take(self: &Arc<Self>) -> Lease {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            if let Some(mut buffer) = state.free.pop() {
                buffer.clear();
                return self.lease(buffer);
            }
            if state.unmade > 0 {
                state.unmade -= 1;
                return self.lease(Vec::new());
            }
            state = self
                .returned
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Returns an empty buffer, a new one if none is free: for callers that limit their number themselves.
    pub(crate) fn take_or_make(self: &Arc<Self>) -> Lease {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let mut buffer = state.free.pop().unwrap_or_default();
        buffer.clear();
        self.lease(buffer)
    }

    fn lease(self: &Arc<Self>, buffer: Vec<u8>) -> Lease {
        Lease {
            buffer,
            pool: self.clone(),
        }
    }
}

/// A buffer that returns to its pool when it is dropped.
pub(crate) struct Lease {
    pub(crate) buffer: Vec<u8>,
    pool: Arc<Pool>,
}

impl Lease {
    /// Makes the buffer shared; it returns to its pool when the last copy is dropped.
    pub(crate) fn into_bytes(self) -> Bytes {
        Bytes::from_owner(self)
    }
}

impl AsRef<[u8]> for Lease {
    fn as_ref(&self) -> &[u8] {
        &self.buffer
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        let mut state = self
            .pool
            .state
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        state.free.push(std::mem::take(&mut self.buffer));
        self.pool.returned.notify_one();
    }
}
