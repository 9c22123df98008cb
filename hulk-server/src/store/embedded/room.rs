//! Memory for the blocks of all transfers: so much, however many there are.

use std::sync::{
    Mutex, PoisonError,
    atomic::{AtomicUsize, Ordering},
};

/// What all blocks come to, but for the least that each has.
const BLOCKS_BYTES: usize = 16 << 20;
const LEAST_BLOCK_BYTES: usize = 4 << 10;
/// Of what is free, a block gets one part of so many.
const PARTS: usize = 8;
/// Buffers that are kept for the next block, and of what size: memory that the system gives anew costs
/// more than what is read into it.
const KEPT: usize = 16;
const KEPT_BYTES: usize = 64 << 10;

static TAKEN: AtomicUsize = AtomicUsize::new(0);
static BUFFERS: Mutex<Vec<Vec<u8>>> = Mutex::new(Vec::new());

/// The room that one block has; free again once this is dropped.
///
/// A block gets a part of what is free, so that few transfers are fast and many fit: those that stall
/// hold their blocks, and leave less to the others, but never nothing.
pub(super) struct Room(usize);

impl Room {
    /// At most `most` bytes, a power of two.
    pub(super) fn take(most: usize) -> Self {
        let mut room = LEAST_BLOCK_BYTES;
        let take = |taken: usize| {
            let part = BLOCKS_BYTES.saturating_sub(taken) / PARTS;
            let part = part.clamp(LEAST_BLOCK_BYTES, most);
            room = 1 << part.ilog2();
            Some(taken + room)
        };
        // It always has an answer.
        let _ = TAKEN.fetch_update(Ordering::Relaxed, Ordering::Relaxed, take);
        Self(room)
    }

    pub(super) fn bytes(&self) -> usize {
        self.0
    }

    /// Whether a block may be read before it is asked for.
    pub(super) fn is_plenty() -> bool {
        TAKEN.load(Ordering::Relaxed) < BLOCKS_BYTES / 2
    }

    /// An empty buffer of the room's size.
    pub(super) fn buffer(self) -> Block {
        let kept = {
            let mut buffers = BUFFERS.lock().unwrap_or_else(PoisonError::into_inner);
            let found = buffers
                .iter()
                .rposition(|buffer| buffer.capacity() == self.0);
            found.map(|index| buffers.swap_remove(index))
        };
        Block {
            bytes: kept.unwrap_or_else(|| Vec::with_capacity(self.0)),
            room: self,
        }
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        TAKEN.fetch_sub(self.0, Ordering::Relaxed);
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
    fn few_blocks_are_large_and_many_fit() {
        let first = Room::take(256 << 10);
        assert_eq!(first.bytes(), 256 << 10);
        let rooms: Vec<Room> = (0..2000).map(|_| Room::take(256 << 10)).collect();
        assert_eq!(rooms.last().map(Room::bytes), Some(LEAST_BLOCK_BYTES));
        let taken: usize = rooms.iter().map(Room::bytes).sum();
        assert!(taken <= BLOCKS_BYTES + rooms.len() * LEAST_BLOCK_BYTES);
        assert!(!Room::is_plenty());
        drop(rooms);
        assert!(Room::is_plenty());
        let mut block = Room::take(256 << 10).buffer();
        block.bytes.push(1);
        drop(block);
        assert!(Room::take(256 << 10).buffer().bytes.is_empty());
    }
}
