//! Buffers for parts, used again and again: memory that is given back costs dearly to get anew.

use std::sync::{Arc, Condvar, Mutex, PoisonError};

use bytes::Bytes;

/// A fixed number of buffers.
pub(crate) struct Pool {
    state: Mutex<State>,
    returned: Condvar,
}

struct State {
    free: Vec<Vec<u8>>,
    /// That may still be made.
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

    /// An empty buffer; blocks until there is one.
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

    /// An empty buffer, one more than there were if need be: for who bounds them otherwise.
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

/// A buffer that goes back to its pool.
pub(crate) struct Lease {
    pub(crate) buffer: Vec<u8>,
    pool: Arc<Pool>,
}

impl Lease {
    /// Shared; it goes back when the last share does.
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
