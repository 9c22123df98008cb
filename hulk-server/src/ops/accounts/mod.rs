//! Users, their API keys, and what they store.

pub mod keys;
pub mod usage;
pub mod users;
