//! How a file is split into parts: all of the same size except the last, at most 10,000.

use crate::limits::{MAX_FILE_BYTES, MAX_PART_BYTES, MAX_PARTS, MIN_PART_BYTES, PART_BYTES};

/// Granularity of chosen part sizes.
const STEP_BYTES: u64 = 1 << 20;

/// The parts of a file of known length.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PartLayout {
    size_bytes: u64,
    part_size: u64,
}

/// Error for a part size that no store accepts for a file of this length.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("a part must have 5 MiB to 5 GiB, and a file at most 10,000 parts")]
pub struct InvalidPartSize;

impl PartLayout {
    /// Chooses 8 MiB, or more where 10,000 such parts would not suffice. Files are at most 5 TiB.
    pub fn choose(size_bytes: u64) -> Self {
        let needed = size_bytes.min(MAX_FILE_BYTES).div_ceil(MAX_PARTS as u64);
        Self {
            size_bytes,
            part_size: needed.next_multiple_of(STEP_BYTES).max(PART_BYTES),
        }
    }

    /// # Errors
    /// If the parts would be too small, too large or too many.
    pub fn new(size_bytes: u64, part_size: u64) -> Result<Self, InvalidPartSize> {
        let fits = (MIN_PART_BYTES..=MAX_PART_BYTES).contains(&part_size)
            && size_bytes.div_ceil(part_size) <= MAX_PARTS as u64;
        fits.then_some(Self {
            size_bytes,
            part_size,
        })
        .ok_or(InvalidPartSize)
    }

    pub fn part_size(self) -> u64 {
        self.part_size
    }

    /// Number of parts, at least one: an empty file has one empty part.
    pub fn part_count(self) -> u32 {
        let count = self.size_bytes.div_ceil(self.part_size).max(1);
        u32::try_from(count).unwrap_or(u32::MAX)
    }

    /// Offset at which a part begins. Parts are numbered from 1.
    pub fn offset(self, number: u32) -> u64 {
        u64::from(number.saturating_sub(1)).saturating_mul(self.part_size)
    }

    /// Size of a part in bytes; 0 for a number beyond the last part.
    pub fn len(self, number: u32) -> u64 {
        self.size_bytes
            .saturating_sub(self.offset(number))
            .min(self.part_size)
    }
}
