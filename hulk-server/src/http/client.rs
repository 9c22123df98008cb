//! The client of a request, as it is recorded.

use std::{convert::Infallible, net::IpAddr};

use axum::extract::FromRequestParts;
use http::{header::USER_AGENT, request::Parts};

use super::client_ip::ClientIp;
use crate::{app::App, auth::Client};

/// Longest name of a client that is recorded, in characters.
const MAX_NAME: usize = 200;

impl FromRequestParts<App> for Client {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, Infallible> {
        let client = parts.extensions.get::<ClientIp>();
        let name = parts.headers.get(USER_AGENT);
        let name = name.and_then(|name| name.to_str().ok()).unwrap_or_default();
        Ok(Self {
            // A request without an address came through no socket.
            address: client.map_or(IpAddr::from([127, 0, 0, 1]), |client| client.address),
            name: name.chars().take(MAX_NAME).collect(),
        })
    }
}
