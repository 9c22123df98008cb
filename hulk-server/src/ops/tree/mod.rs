//! The tree of directories and files.

pub mod change;
pub mod create;
pub(crate) mod ensure;
pub mod list;
pub(crate) mod names;
pub mod relocate;
