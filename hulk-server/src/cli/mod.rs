//! The operator's commands.

pub(crate) mod accounts;
pub(crate) mod args;
pub(crate) mod output;
pub(crate) mod upkeep;
