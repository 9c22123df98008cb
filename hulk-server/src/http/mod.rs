//! What requests have in common, whatever their route: extractors, cookies, negotiation, bodies, origins.

pub(crate) mod answers;
mod body;
pub(crate) mod caller;
pub(crate) mod challenge;
mod client;
pub(crate) mod client_ip;
pub(crate) mod cookies;
pub(crate) mod cors;
pub(crate) mod extract;
pub(crate) mod negotiate;
pub(crate) mod origins;
pub(crate) mod rate_limit;
pub(crate) mod same_origin;
pub(crate) mod security;
pub(crate) mod share_access;
pub(crate) mod staff;
