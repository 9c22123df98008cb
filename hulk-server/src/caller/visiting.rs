//! Who comes with the token of a share.

use std::{convert::Infallible, net::SocketAddr};

use axum::extract::{ConnectInfo, FromRequestParts};
use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
use http::request::Parts;
use hulk_proto::share::{CLAIM_HEADER, PASS_HEADER, Password};
use sha2::{Digest, Sha256};

use super::cookies::{PASS_COOKIE, cookies};
use crate::{app::App, ops::shares::Visit};

/// Whoever comes with a share's token, and what else they bring.
pub(crate) struct Visiting(pub Visit);

impl FromRequestParts<App> for Visiting {
    type Rejection = Infallible;

    async fn from_request_parts(
        parts: &mut Parts,
        _: &App,
    ) -> std::result::Result<Self, Infallible> {
        let header = |name: &str| parts.headers.get(name)?.to_str().ok();
        let cookies = cookies(&parts.headers);
        let passes = cookies
            .iter()
            .filter(|(name, _)| name.starts_with(PASS_COOKIE))
            .map(|(_, value)| value.clone());
        Ok(Self(Visit {
            passes: passes
                .chain(header(PASS_HEADER).map(str::to_owned))
                .collect(),
            password: header("authorization").and_then(basic_password),
            client: client(parts),
            claim: header(CLAIM_HEADER).map(str::to_owned),
            is_continuation: header("range").is_some_and(is_rest),
        }))
    }
}

/// The password of RFC 7617; the name does not matter.
fn basic_password(header: &str) -> Option<Password> {
    let (scheme, encoded) = header.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let decoded = String::from_utf8(BASE64.decode(encoded.trim()).ok()?).ok()?;
    let (_, password) = decoded.split_once(':')?;
    Some(Password(password.to_owned()))
}

/// A digest of the address and the program, by which a download that was broken off is known again.
/// Behind a proxy the address is what that says; who forges it must know whose to forge.
fn client(parts: &Parts) -> String {
    let header = |name: &str| parts.headers.get(name)?.to_str().ok();
    let forwarded = header("x-forwarded-for").and_then(|list| list.split(',').next());
    let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>();
    let address = match forwarded {
        Some(address) => address.trim().to_owned(),
        None => peer.map_or_else(String::new, |peer| peer.0.ip().to_string()),
    };
    let program = header("user-agent").unwrap_or_default();
    hulk_proto::Sha256(Sha256::digest(format!("{address}\n{program}")).into()).to_string()
}

/// Whether a Range is not from the start.
fn is_rest(range: &str) -> bool {
    let first = range
        .strip_prefix("bytes=")
        .and_then(|rest| rest.split('-').next());
    first.is_some_and(|first| first.parse::<u64>().is_ok_and(|first| first > 0))
}
