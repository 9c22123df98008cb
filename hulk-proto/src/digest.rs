//! Digests as lower-case hex.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// Error for text that does not have the digest's number of hex digits.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("expected {digits} hexadecimal digits")]
pub struct InvalidDigest {
    digits: usize,
}

fn parse_hex<const N: usize>(text: &str) -> Result<[u8; N], InvalidDigest> {
    let invalid = InvalidDigest { digits: 2 * N };
    if text.len() != 2 * N || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(invalid);
    }
    let mut bytes = [0; N];
    for (index, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&text[2 * index..2 * index + 2], 16)
            .map_err(|_| InvalidDigest { digits: 2 * N })?;
    }
    Ok(bytes)
}

macro_rules! digest {
    ($(#[$doc:meta])* $name:ident, $bytes:literal, $pattern:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        #[cfg_attr(
            feature = "openapi",
            derive(utoipa::ToSchema),
            schema(value_type = String, pattern = $pattern)
        )]
        pub struct $name(pub [u8; $bytes]);

        impl FromStr for $name {
            type Err = InvalidDigest;

            fn from_str(text: &str) -> Result<Self, InvalidDigest> {
                parse_hex(text).map(Self)
            }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidDigest;

            fn try_from(text: String) -> Result<Self, InvalidDigest> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(digest: $name) -> Self {
                digest.to_string()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
            }
        }
    };
}

digest!(
    /// The SHA-256 of a whole file, 64 hex digits.
    Sha256,
    32,
    "^[0-9a-f]{64}$"
);
digest!(
    /// The BLAKE3 of a part, 64 hex digits: the ETag of a part in the embedded store.
    Blake3,
    32,
    "^[0-9a-f]{64}$"
);
digest!(
    /// The MD5 of a whole file or of a part, 32 hex digits, which every S3 store can check.
    Md5,
    16,
    "^[0-9a-f]{32}$"
);
