//! Memory for the blocks of all transfers; buffers are reused.

use std::sync::{Mutex, PoisonError};

use crate::memory::{Memory, Taken};

/// Memory for all blocks.
static BLOCKS: Memory = Memory::new(16 << 20, 4 << 10, 8);
/// Number and minimum size of the buffers that are kept for reuse: new memory from the system costs more
/// than reading into it.
const KEPT: usize = 16;
const KEPT_BYTES: usize = 64 << 10;

static BUFFERS: Mutex<Vec<Vec<u8>>> = Mutex::new(Vec::new());

/// Memory of one block, released when this is dropped.
pub(super) struct Room(Taken);

impl Room {
    /// Takes a power of two, at most `most` bytes.
    pub(super) fn take(most: usize) -> Self {
        Self(BLOCKS.take(most))
    }

    pub(super) fn bytes(&self) -> usize {
        self.0.bytes()
    }

    /// Whether there is enough memory to read a block ahead.
    pub(super) fn is_plenty() -> bool {
        BLOCKS.is_plenty()
    }

    /// Returns an empty buffer of this size.
    pub(super) fn buffer(self) -> Block {
        let free = {
            let mut buffers = BUFFERS.lock().unwrap_or_else(PoisonError::into_inner);
            let found = buffers
                .iter()
                .rposition(|buffer| buffer.capacity() == self.bytes());
            found.map(|index| buffers.swap_remove(index))
        };
        Block {
            bytes: free.unwrap_or_else(|| Vec::with_capacity(self.bytes())),
            room: self,
        }
    }
}

/// The bytes of a block, and their memory until they have been sent.
pub(super) struct Block {
    pub(super) bytes: Vec<u8>,
    room: Room,
}

impl Block {
    /// Capacity of the block in bytes.
    pub(super) fn most(&self) -> usize {
        self.room.bytes()
    }
}

impl AsRef<[u8]> for Block {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl Drop for Block {
    fn drop(&mut self) {
        if self.bytes.capacity() < KEPT_BYTES {
            return;
        }
        let mut buffers = BUFFERS.lock().unwrap_or_else(PoisonError::into_inner);
        if buffers.len() < KEPT {
            self.bytes.clear();
            buffers.push(std::mem::take(&mut self.bytes));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_buffer_that_is_used_again_is_empty() {
        let mut block = Room::take(256 << 10).buffer();
        block.bytes.push(1);
        drop(block);
        assert!(Room::take(256 << 10).buffer().bytes.is_empty());
    }
}
