//! Values of flags and variables, checked when they are parsed.

use std::{fmt, str::FromStr};

use http::HeaderValue;
use hulk_proto::limits::MAX_FILE_BYTES;
use ipnet::IpNet;
use url::Url;

/// An `http` or `https` URL of a host, without path, query or user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicUrl(Url);

impl PublicUrl {
    pub fn as_str(&self) -> &str {
        self.0.as_str().trim_end_matches('/')
    }

    /// Returns HOST or HOST:PORT, as in the Host header.
    pub fn authority(&self) -> &str {
        self.0.authority()
    }

    /// Returns the Host header of requests to it.
    ///
    /// # Errors
    /// If a header cannot contain it.
    pub(crate) fn host_header(&self) -> Result<HeaderValue, &'static str> {
        HeaderValue::from_str(self.authority())
            .map_err(|_| "has a host that is not allowed in a header")
    }

    /// Whether a request with this Host header is for this URL, whatever its case and default port.
    pub(crate) fn has_host(&self, host: &str) -> bool {
        let url: Result<Self, _> = format!("{}://{host}", self.0.scheme()).parse();
        url.is_ok_and(|url| url == *self)
    }

    /// Returns the port, also where the URL names none: that of its scheme.
    pub fn port(&self) -> u16 {
        // Only the two schemes that `from_str` accepts get here, and both have a port.
        self.0.port_or_known_default().unwrap_or_default()
    }
}

impl FromStr for PublicUrl {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let expected = "expected http://HOST[:PORT] or https://HOST[:PORT]";
        let url = Url::parse(text).map_err(|_| expected)?;
        let plain = matches!(url.scheme(), "http" | "https")
            && url.has_host()
            && url.username().is_empty()
            && url.password().is_none()
            && url.query().is_none()
            && url.fragment().is_none()
            && url.path() == "/";
        plain.then_some(Self(url)).ok_or(expected)
    }
}

/// URL of a database. It may contain a password, so `Debug` hides it.
#[derive(Clone)]
pub struct DatabaseUrl(String);

impl DatabaseUrl {
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl FromStr for DatabaseUrl {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DatabaseUrl(…)")
    }
}

/// Who may create an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum SignupMode {
    /// Nobody: the operator creates accounts
    Closed,
    /// Whoever has the code of --invite-code
    Invite,
    /// Everybody
    Open,
}

/// Code that whoever creates an account must know; `Debug` hides it.
#[derive(Clone)]
pub struct InviteCode(String);

impl InviteCode {
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl FromStr for InviteCode {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.trim() {
            "" => Err("expected a code of at least one character"),
            code => Ok(Self(code.to_owned())),
        }
    }
}

impl fmt::Debug for InviteCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("InviteCode(…)")
    }
}

pub(super) fn size(text: &str) -> Result<u64, String> {
    let bytes = parse_size::parse_size(text).map_err(|error| error.to_string())?;
    match i64::try_from(bytes) {
        Ok(_) => Ok(bytes),
        Err(_) => Err("too large".into()),
    }
}

/// Parses a rate of at least 1: a client that moves no bytes at all is always disconnected.
pub(super) fn rate(text: &str) -> Result<u64, String> {
    match size(text)? {
        0 => Err("expected at least 1 byte per second".into()),
        bytes => Ok(bytes),
    }
}

/// Parses `ADDRESS` or `ADDRESS/BITS`.
pub(super) fn network(text: &str) -> Result<IpNet, String> {
    let address = || text.parse::<std::net::IpAddr>().ok().map(IpNet::from);
    text.parse()
        .ok()
        .or_else(address)
        .ok_or_else(|| "expected a network such as 10.0.0.0/8, or an address".into())
}

pub(super) fn file_size(text: &str) -> Result<u64, String> {
    match size(text)? {
        bytes if bytes <= MAX_FILE_BYTES => Ok(bytes),
        _ => Err("expected at most 5TiB".into()),
    }
}

/// Parses a name that can be part of object keys.
pub(super) fn env_name(text: &str) -> Result<String, String> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    match (1..=32).contains(&text.len()) && text.bytes().all(plain) {
        true => Ok(text.to_owned()),
        false => Err("expected 1 to 32 letters, digits, '-' and '_'".into()),
    }
}
