//! Memory for the blocks of all transfers, whose buffers are used again.

use std::sync::{Mutex, PoisonError};

use crate::limits::memory::{Memory, Taken};

/// Of all blocks.
static BLOCKS: Memory = Memory::new(16 << 20, 4 << 10, 8);
/// Buffers that are kept for the next block, and of what size: memory that the system gives anew costs
/// more than what is read into it.
const KEPT: usize = 16;
const KEPT_BYTES: usize = 64 << 10;

static BUFFERS: Mutex<Vec<Vec<u8>>> = Mutex::new(Vec::new());

/// The room that one block has; free again once this is dropped.
pub(super) struct Room(Taken);

impl Room {
    /// At most `most` bytes, a power of two.
    pub(super) fn take(most: usize) -> Self {
        Self(BLOCKS.take(most))
    }

    pub(super) fn bytes(&self) -> usize {
        self.0.bytes()
    }

    /// Whether a block may be read before it is asked for.
    pub(super) fn is_plenty() -> bool {
        BLOCKS.is_plenty()
    }

    /// An empty buffer of the room's size.
    pub(super) fn buffer(self) -> Block {
        let kept = {
            let mut buffers = BUFFERS.lock().unwrap_or_else(PoisonError::into_inner);
            let found = buffers
                .iter()
                .rposition(|buffer| buffer.capacity() == self.bytes());
            found.map(|index| buffers.swap_remove(index))
        };
        Block {
            bytes: kept.unwrap_or_else(|| Vec::with_capacity(self.bytes())),
            room: self,
        }
    }
}

/// The bytes of a block, and their room until they are out.
pub(super) struct Block {
    pub(super) bytes: Vec<u8>,
    room: Room,
}

impl Block {
    /// Bytes that there is room for.
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
