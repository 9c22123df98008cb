//! Finished files.

pub mod change;
pub mod download;
pub mod list;
pub(crate) mod lost;
pub mod versions;
