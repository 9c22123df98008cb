//! What requests have in common, whatever their route.

pub(crate) mod accept;
pub(crate) mod answers;
pub(crate) mod body;
pub(crate) mod client_ip;
