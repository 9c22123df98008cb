//! The operations of the product, one folder per noun. Handlers and jobs call them; they call the database
//! and the store, and know nothing of HTTP.

pub mod accounts;
pub mod admin;
mod batch;
pub mod browse;
pub mod files;
mod page;
mod present;
pub mod readiness;
pub mod shares;
pub mod store_events;
pub(crate) mod store_gate;
pub(crate) mod transaction;
pub mod trash;
pub mod tree;
pub mod uploads;
mod validate;
