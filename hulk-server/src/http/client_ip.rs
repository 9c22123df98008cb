//! The address of the client behind a connection.
//!
//! It is the peer's, or, if the peer is a proxy that the operator trusts, the rightmost address of
//! `X-Forwarded-For` that is not such a proxy: everything left of it was written by the client.

use std::{
    net::{IpAddr, SocketAddr},
    str::FromStr,
    sync::Once,
};

use http::HeaderMap;
use ipnet::IpNet;

const FORWARDED_FOR: &str = "x-forwarded-for";
/// Beginnings of the headers that show that a request was forwarded by a proxy.
const FORWARDING: [&str; 13] = [
    "cdn-loop",
    "cf-",
    "client-ip",
    "fastly-",
    "forwarded",
    "true-client-ip",
    "via",
    "x-client-ip",
    "x-cluster-client-ip",
    "x-forwarded",
    "x-original-",
    "x-real-",
    "x-scheme",
];

/// Whether the log says that a proxy is not trusted. Once is enough: its requests are all alike.
static WARNED: Once = Once::new();

/// Proxies that are trusted to report their clients' addresses.
#[derive(Clone, Debug, Default)]
pub(crate) struct TrustedProxies(Vec<IpNet>);

/// Client of a request; it is in the extensions of every request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ClientIp {
    pub(crate) address: IpAddr,
    /// Whether it is a program on this machine, with no proxy in between.
    pub(crate) is_local: bool,
}

impl TrustedProxies {
    pub(crate) fn new(networks: Vec<IpNet>) -> Self {
        Self(networks)
    }

    pub(crate) fn covers(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.contains(&address))
    }

    /// Returns the client of a request that arrived over a connection from `peer`.
    pub(crate) fn client(&self, peer: IpAddr, headers: &HeaderMap) -> ClientIp {
        let peer = peer.to_canonical();
        if headers.contains_key(FORWARDED_FOR) && !self.covers(peer) {
            WARNED.call_once(|| warn(peer));
        }
        let is_forwarded = headers.keys().any(|name| {
            let name = name.as_str();
            FORWARDING.iter().any(|prefix| name.starts_with(prefix))
        });
        ClientIp {
            address: self.behind(peer, headers),
            is_local: peer.is_loopback() && !is_forwarded,
        }
    }

    fn behind(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let mut nearest = peer;
        let lines = headers.get_all(FORWARDED_FOR).iter().rev();
        let hops = lines.flat_map(|line| line.to_str().unwrap_or_default().rsplit(','));
        for hop in hops {
            if !self.covers(nearest) {
                break;
            }
            match parse(hop.trim()) {
                Some(address) => nearest = address,
                // Whatever is left of it cannot be attributed.
                None => break,
            }
        }
        nearest
    }
}

fn warn(peer: IpAddr) {
    tracing::warn!(
        "X-Forwarded-For of {peer} is not believed: to the limits, all clients of a proxy are one; if \
         {peer} is your proxy, start the server with --trusted-proxies {peer}"
    );
}

/// Parses `ADDRESS`, `V4:PORT` or `[V6]:PORT`.
fn parse(hop: &str) -> Option<IpAddr> {
    let bare = hop.trim_start_matches('[').trim_end_matches(']');
    let address = IpAddr::from_str(bare)
        .ok()
        .or_else(|| SocketAddr::from_str(hop).ok().map(|socket| socket.ip()));
    address.map(|address| address.to_canonical())
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use http::HeaderValue;
    use proptest::{collection::vec, prelude::*};

    use super::*;

    proptest! {
        #[test]
        fn what_the_client_writes_changes_nothing(
            lines in vec("[ -~]{0,40}", 0..4),
            left in "[ -~]{0,40}",
            address in any::<IpAddr>(),
        ) {
            let address = address.to_canonical();
            let network: IpNet = "10.0.0.0/8".parse().unwrap();
            prop_assume!(!network.contains(&address));
            let appended = format!("{left}, {address}");
            let mut lines: Vec<&str> = lines.iter().map(String::as_str).collect();
            lines.push(&appended);
            let found = client(&["10.0.0.0/8"], "10.0.0.1", &lines);
            prop_assert_eq!(found, address.to_string());
            prop_assert_eq!(client(&["10.0.0.0/8"], "192.0.2.1", &lines), "192.0.2.1");
        }

        #[test]
        fn an_address_is_read_as_proxies_write_it(address in any::<IpAddr>(), port in any::<u16>()) {
            let socket = SocketAddr::new(address, port).to_string();
            for text in [address.to_string(), format!("[{address}]"), socket] {
                prop_assert_eq!(parse(&text), Some(address.to_canonical()), "{}", text);
            }
        }

        #[test]
        fn any_bytes_are_answered(
            peer in any::<IpAddr>(),
            lines in vec(vec(any::<u8>(), 0..40), 0..4),
        ) {
            let mut headers = HeaderMap::new();
            for line in lines.iter().flat_map(|line| HeaderValue::from_bytes(line)) {
                headers.append(FORWARDED_FOR, line);
            }
            let all: [IpNet; 2] = ["0.0.0.0/0", "::/0"].map(|network| network.parse().unwrap());
            let found = TrustedProxies::new(all.to_vec()).client(peer, &headers);
            prop_assert!(headers.is_empty() || !found.is_local);
            let found = TrustedProxies::default().client(peer, &headers);
            prop_assert_eq!(found.address, peer.to_canonical());
        }
    }

    fn client(trusted: &[&str], peer: &str, lines: &[&str]) -> String {
        let networks = trusted.iter().map(|text| text.parse().unwrap()).collect();
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(FORWARDED_FOR, line.parse().unwrap());
        }
        let found = TrustedProxies::new(networks).client(peer.parse().unwrap(), &headers);
        found.address.to_string()
    }

    #[test]
    fn nobody_is_believed_by_default() {
        assert_eq!(client(&[], "192.0.2.1", &["198.51.100.7"]), "192.0.2.1");
    }

    #[test]
    fn from_the_right_trusted_proxies_are_skipped() {
        let trusted = ["10.0.0.0/8", "2001:db8::/32"];
        for (peer, lines, expected) in [
            ("10.0.0.1", &["198.51.100.7"][..], "198.51.100.7"),
            ("10.0.0.1", &["6.6.6.6, 198.51.100.7"], "198.51.100.7"),
            (
                "10.0.0.1",
                &["6.6.6.6, 198.51.100.7, 10.0.0.2"],
                "198.51.100.7",
            ),
            (
                "10.0.0.1",
                &["6.6.6.6", "198.51.100.7, 10.0.0.2"],
                "198.51.100.7",
            ),
            ("10.0.0.1", &["198.51.100.7:1234"], "198.51.100.7"),
            ("10.0.0.1", &["[2a00::1]:1234"], "2a00::1"),
            ("2001:db8::1", &["2a00::1"], "2a00::1"),
            ("::ffff:10.0.0.1", &["198.51.100.7"], "198.51.100.7"),
            ("10.0.0.1", &["6.6.6.6, unknown"], "10.0.0.1"),
            ("10.0.0.1", &[""], "10.0.0.1"),
            ("10.0.0.1", &[], "10.0.0.1"),
            ("192.0.2.1", &["198.51.100.7"], "192.0.2.1"),
        ] {
            assert_eq!(client(&trusted, peer, lines), expected, "{peer} {lines:?}");
        }
    }
}
