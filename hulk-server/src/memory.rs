//! Memory that many tasks share: a fixed amount in all, however many there are.

use std::sync::atomic::{AtomicUsize, Ordering};

/// Bytes for all tasks, of which each takes a part of what is free, so that a few have much and many fit:
/// bytes that are held leave less to the other tasks, but never less than the least.
pub(crate) struct Memory {
    /// Bytes for all tasks together, apart from the least that each has.
    all: usize,
    least: usize,
    /// Into how many parts the free bytes are divided; each task gets one.
    parts: usize,
    taken: AtomicUsize,
}

/// Bytes that are free again once this is dropped.
pub(crate) struct Taken {
    memory: &'static Memory,
    bytes: usize,
}

impl Memory {
    pub(crate) const fn new(all: usize, least: usize, parts: usize) -> Self {
        Self {
            all,
            least,
            parts,
            taken: AtomicUsize::new(0),
        }
    }

    /// Takes at most `most` bytes, a power of two.
    pub(crate) fn take(&'static self, most: usize) -> Taken {
        let mut bytes = self.least;
        let take = |taken: usize| {
            let part = self.all.saturating_sub(taken) / self.parts;
            bytes = 1 << part.clamp(self.least, most).ilog2();
            Some(taken + bytes)
        };
        // It always returns a value.
        let _ = self
            .taken
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, take);
        Taken {
            memory: self,
            bytes,
        }
    }

    /// Whether more than half of it is free.
    pub(crate) fn is_plenty(&self) -> bool {
        self.taken.load(Ordering::Relaxed) < self.all / 2
    }
}

impl Taken {
    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        self.memory.taken.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LEAST: usize = 4 << 10;
    static MEMORY: Memory = Memory::new(16 << 20, LEAST, 8);

    #[test]
    fn few_have_much_and_many_fit() {
        let first = MEMORY.take(256 << 10);
        assert_eq!(first.bytes(), 256 << 10);
        let many: Vec<Taken> = (0..2000).map(|_| MEMORY.take(256 << 10)).collect();
        assert_eq!(many.last().map(Taken::bytes), Some(LEAST));
        let taken: usize = many.iter().map(Taken::bytes).sum();
        assert!(taken <= (16 << 20) + many.len() * LEAST);
        assert!(!MEMORY.is_plenty());
        drop(many);
        assert!(MEMORY.is_plenty());
    }
}
