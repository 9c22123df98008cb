//! The URLs under which clients reach this server.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};

use super::{Config, PublicUrl};

/// Where clients reach this server.
pub(crate) struct Urls {
    /// Where pages, API and uploads are.
    pub(crate) public: PublicUrl,
    /// Where the embedded store's downloads are, if they have an origin of their own.
    pub(crate) content: Option<PublicUrl>,
}

/// A URL that clients could not use.
#[derive(Debug, thiserror::Error)]
pub enum UrlError {
    #[error("--public-url {0}")]
    Public(&'static str),
    #[error("--content-url {0}")]
    Content(&'static str),
}

impl Urls {
    /// Returns the configured URLs. `listening` is the address for clients if no public URL is set.
    ///
    /// # Errors
    /// If the content URL cannot be told from the public one, or nothing would be there.
    pub(crate) fn of(config: &Config, listening: SocketAddr) -> Result<Self, UrlError> {
        let public: PublicUrl = match &config.public_url {
            Some(url) => url.clone(),
            None => format!("http://{}", reachable(listening))
                .parse()
                .map_err(UrlError::Public)?,
        };
        let content = content(config, &public).map_err(UrlError::Content)?;
        Ok(Self { public, content })
    }

    /// Returns URLs for a store that serves no client.
    ///
    /// # Errors
    /// If the placeholder is no URL.
    pub(crate) fn unused() -> Result<Self, UrlError> {
        Ok(Self {
            public: "http://127.0.0.1".parse().map_err(UrlError::Public)?,
            content: None,
        })
    }
}

fn content(config: &Config, public: &PublicUrl) -> Result<Option<PublicUrl>, &'static str> {
    let given = config.content_url.as_ref();
    match given.filter(|url| *url != public) {
        None => Ok(None),
        Some(_) if config.s3_endpoint.is_some() => Err(
            "is for the embedded store: leave it out with --s3-endpoint, from where downloads then come",
        ),
        // Requests to the two differ only in their Host header.
        Some(url) if url.authority() == public.authority() => Err(
            "has the host and port of --public-url; use another host, or the same URL for one origin",
        ),
        Some(url) => Ok(Some(url.clone())),
    }
}

/// Returns an address at which others reach a server that listens on all addresses: the one from which this
/// machine would send to another network. Nothing is sent.
fn reachable(listening: SocketAddr) -> SocketAddr {
    if !listening.ip().is_unspecified() {
        return listening;
    }
    // Addresses for documentation (RFC 5737, RFC 3849): no route is better than the default one.
    let (own, elsewhere) = match listening.is_ipv4() {
        true => ("0.0.0.0:0", "192.0.2.1:9"),
        false => ("[::]:0", "[2001:db8::1]:9"),
    };
    let socket = UdpSocket::bind(own);
    let found = socket.and_then(|socket| socket.connect(elsewhere).and(socket.local_addr()));
    let ip = found.map(|found| found.ip()).ok();
    let loopback = match listening.is_ipv4() {
        true => IpAddr::from(Ipv4Addr::LOCALHOST),
        false => IpAddr::from(Ipv6Addr::LOCALHOST),
    };
    let ip = ip.filter(|ip| !ip.is_unspecified()).unwrap_or(loopback);
    let address = SocketAddr::new(ip, listening.port());
    tracing::warn!(
        "links begin with http://{address}; set --public-url if clients reach the server by another name"
    );
    address
}
