//! The Hulkastorus server: plans and signs, checks and records; bytes go from the client straight
//! to the store.
//!
//! `routes, pages → http → ops → auth, limits, audit → db | store`, `jobs → ops`, and never back; `db` and
//! `store` import neither each other nor axum (except for the embedded store's front, which is an HTTP
//! service itself). A test checks every `use` against this.

mod app;
pub mod audit;
pub mod auth;
pub mod config;
mod data_dir;
pub mod db;
mod download_counts;
mod error;
mod http;
pub mod jobs;
pub mod limits;
mod listener;
pub mod mail;
mod memory;
pub mod ops;
mod pages;
mod process;
mod routes;
mod serve;
pub mod store;
mod telemetry;

pub use app::{App, Settings, StartError, open_database};
pub use config::Config;
pub use data_dir::DataDirError;
pub use error::Error;
pub use process::keep_files_private;
pub use routes::openapi;
pub use serve::{Server, interrupted};
pub use telemetry::init_logs;
