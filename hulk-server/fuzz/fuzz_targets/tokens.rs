//! For any text: a key or a token is refused, or stays as it is; and no header makes a client somebody else
//! than its proxy says.

#![no_main]

use std::net::IpAddr;

use http::{HeaderMap, HeaderValue};
use hulk_proto::{ApiKeySecret, Id};
use ipnet::IpNet;
use libfuzzer_sys::fuzz_target;

#[path = "../../src/http/client_ip.rs"]
mod client_ip;
#[path = "../../src/auth/tokens.rs"]
#[allow(dead_code, reason = "the server uses the rest")]
mod tokens;

/// Stands in for the server's errors, which need all of the server.
mod error {
    #[derive(Debug)]
    pub(crate) struct Error;

    pub(crate) type Result<T> = std::result::Result<T, Error>;

    impl Error {
        pub(crate) fn internal<E>(_: E) -> Self {
            Self
        }
    }
}

use client_ip::TrustedProxies;
use tokens::{Token, TokenPrefix};

const FORWARDED_FOR: &str = "x-forwarded-for";
const PROXY: &str = "10.0.0.1";
const CLIENT: &str = "198.51.100.7";
const PREFIXES: [TokenPrefix; 5] = [
    TokenPrefix::Access,
    TokenPrefix::Refresh,
    TokenPrefix::Mail,
    TokenPrefix::Device,
    TokenPrefix::Once,
];

// A text; the secret of a key, and where the text replaces a character of it; a peer, and its headers.
type Input = (String, [u8; 32], u8, [u8; 16], Vec<Vec<u8>>);

fuzz_target!(|input: Input| {
    let (text, secret, place, peer, lines) = input;
    check_keys(&text, &secret, place);
    check_tokens(&text);
    check_clients(peer.into(), &lines);
});

fn check_keys(text: &str, secret: &[u8; 32], place: u8) {
    if let Ok(key) = text.parse::<ApiKeySecret>() {
        assert_eq!(key.reveal(), text);
    }
    let id: Id = "V1StGXR8Z5jd".parse().unwrap();
    let key = ApiKeySecret::derived(id, secret).reveal();
    let place = usize::from(place) % key.len();
    let changed = format!("{}{text}{}", &key[..place], &key[place + 1..]);
    assert_eq!(changed.parse::<ApiKeySecret>().is_ok(), changed == key);
}

fn check_tokens(text: &str) {
    // The input unchanged, and after each prefix, since random input would not begin with one.
    let prefixes = ["", "hulka_", "hulkr_", "hulkm_", "hulkd_", "hulko_"];
    for text in prefixes.map(|prefix| format!("{prefix}{text}")) {
        let parsed = PREFIXES.map(|prefix| Token::parse(prefix, &text));
        assert!(parsed.iter().flatten().count() <= 1);
        for token in parsed.iter().flatten() {
            assert_eq!(token.reveal(), text);
        }
    }
}

fn check_clients(peer: IpAddr, lines: &[Vec<u8>]) {
    let mut headers = HeaderMap::new();
    for line in lines.iter().flat_map(|line| HeaderValue::from_bytes(line)) {
        headers.append(FORWARDED_FOR, line);
    }
    let found = TrustedProxies::default().client(peer, &headers);
    assert_eq!(found.address, peer.to_canonical());
    assert!(headers.is_empty() || !found.is_local);

    // Whatever the client wrote, its proxy appends the address that it saw.
    headers.append(FORWARDED_FOR, HeaderValue::from_static(CLIENT));
    let proxy: IpAddr = PROXY.parse().unwrap();
    let trusted = TrustedProxies::new(vec![proxy.into()]);
    assert_eq!(trusted.client(proxy, &headers).address.to_string(), CLIENT);
    let everything: [IpNet; 2] = ["0.0.0.0/0", "::/0"].map(|network| network.parse().unwrap());
    TrustedProxies::new(everything.to_vec()).client(peer, &headers);
}
