//! Users: how they sign up and log in, their API keys, and what they store.

pub mod deletion;
pub mod device;
pub mod email;
pub mod keys;
pub mod login_links;
pub mod passwords;
pub mod profile;
pub mod refresh;
mod session_tokens;
pub mod sessions;
pub mod sign_up;
pub mod tiers;
pub mod usage;
pub mod users;
