//! Behaviour of the `hulk` command that users and scripts rely on, with real servers and sockets.

#![allow(clippy::unwrap_used, clippy::print_stderr, reason = "tests")]
#![allow(
    clippy::too_many_lines,
    reason = "a story or a table of cases is read from top to bottom"
)]
#![cfg(feature = "serve")]

#[path = "../../../hulk-server/tests/harness/mod.rs"]
#[expect(
    dead_code,
    reason = "shared with the server's tests, which use the rest"
)]
mod harness;

mod accounts;
mod admin;
mod doctor;
mod endless;
mod engines;
mod faults;
mod generated;
mod get;
mod home;
mod keeping;
mod limits;
mod lines;
mod planted;
mod proxy;
mod put;
mod resume;
mod serve;
mod shares;
mod strange;
mod team;
mod together;
mod tour;
mod trees;
