//! The operator's key, which is in the environment and in no database.

use std::net::IpAddr;

use ipnet::IpNet;
use sha2::{Digest, Sha256};

/// Shortest key, in characters.
const MIN_LENGTH: usize = 32;

/// The digest of the operator's key, and the networks that it may be used from.
pub struct RootKey {
    digest: [u8; 32],
    /// Empty for all.
    networks: Vec<IpNet>,
}

/// Error for a key that is too short or cannot be sent in a header.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("needs {MIN_LENGTH} characters at least, visible ASCII only")]
pub struct InvalidRootKey;

impl RootKey {
    /// # Errors
    /// For a key that could be guessed, or not be sent.
    pub fn new(key: &str, networks: Vec<IpNet>) -> Result<Self, InvalidRootKey> {
        match key.len() >= MIN_LENGTH && key.bytes().all(|byte| byte.is_ascii_graphic()) {
            true => Ok(Self {
                digest: Sha256::digest(key).into(),
                networks,
            }),
            false => Err(InvalidRootKey),
        }
    }

    /// Whether this is the key, sent from where it may be used. Digests are compared, so that the time does
    /// not reveal how much is equal; elsewhere the right key is answered like a wrong one.
    pub(crate) fn admits(&self, key: &str, address: Option<IpAddr>) -> bool {
        let digest: [u8; 32] = Sha256::digest(key).into();
        let is_within = |address: IpAddr| self.networks.iter().any(|net| net.contains(&address));
        digest == self.digest && (self.networks.is_empty() || address.is_some_and(is_within))
    }
}
