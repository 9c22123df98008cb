//! Behaviour that users and other programs rely on, tested with the real `hulk-server` over a socket.

#![allow(clippy::unwrap_used, clippy::print_stderr, reason = "tests")]
#![allow(
    clippy::too_many_lines,
    reason = "a story or a table of cases is read from top to bottom"
)]

#[path = "../harness/mod.rs"]
#[allow(dead_code, reason = "shared with the benchmark, which uses the rest")]
mod harness;

mod accept;
mod accounts;
mod agree;
mod audit;
mod bad_input;
mod batches;
mod browser;
mod chrome;
mod crash;
mod data_dir;
mod document;
mod drops;
mod edges;
mod engines;
mod faults;
mod files;
mod full_disk;
mod layers;
mod links;
mod lists;
mod load;
mod model;
mod moves;
mod multipart;
mod operating;
mod origins;
mod other_store;
mod path_keys;
mod rate_limits;
mod rights;
mod scale;
mod search;
mod server;
mod shares;
mod signatures;
mod soak;
mod staff;
mod storage;
mod store;
mod strangers;
mod sweeps;
mod tiers;
mod trash;
mod upgrade;
mod upload_keys;
mod versions;
