//! Uploads: from the request to the published version.
//!
//! Every `POST /files` takes the same steps: `begin` parses the request into a `NewFile`, `plan` reserves a
//! version (which `draft` describes), `dedupe` copies bytes that are already stored, `transfer` signs URLs
//! for the rest. `complete` takes the report, `finish` checks the store, and `publish` makes the version
//! current.
//! `db::versions` has the table of states, and what a crash leaves in each.

mod assemble;
pub mod begin;
pub mod cancel;
pub mod complete;
pub(crate) mod dedupe;
pub mod destination;
pub(crate) mod draft;
pub(crate) mod expiration;
pub(crate) mod finish;
mod incoming_name;
mod new_file;
pub mod parts;
mod plan;
pub(crate) mod publish;
pub(crate) mod refusals;
pub(crate) mod release;
mod reuse;
pub mod show;
mod transfer;
mod upload_only;
