//! API keys: `hulk_<id>_<secret>_<checksum>`, base62 throughout.
//!
//! The scheme is GitHub's (prefix, random part, CRC32 in base62): a scanner, or the command line
//! before it contacts a server, can recognise a mangled key.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::{Id, KeyPermission, RemotePath, Timestamp, id::BASE62};

const PREFIX: &str = "hulk";
/// 32 base62 characters are 190 bits.
const SECRET_LENGTH: usize = 32;
const CHECKSUM_LENGTH: usize = 6;

/// A complete API key with its secret, which only `reveal` shows, never `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct ApiKeySecret {
    id: Id,
    secret: String,
}

/// Error for text that is not a complete, undamaged key. It does not repeat the refused text.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum InvalidKey {
    #[error("an API key looks like hulk_<id>_<secret>_<checksum>; this does not")]
    Shape,
    #[error("the API key is damaged (its checksum does not match): copy the whole key again")]
    Checksum,
}

impl ApiKeySecret {
    /// Generates a key from the operating system's random numbers.
    pub fn random() -> Self {
        Self {
            id: Id::random(),
            secret: nanoid::nanoid!(SECRET_LENGTH, &BASE62),
        }
    }

    /// Returns the key with this id whose secret is determined by `bytes`, which are random to others.
    pub fn derived(id: Id, bytes: &[u8; SECRET_LENGTH]) -> Self {
        let digits = bytes
            .iter()
            .map(|byte| BASE62[usize::from(*byte) % BASE62.len()]);
        Self {
            id,
            secret: digits.collect(),
        }
    }

    /// Returns the public part, by which the server finds the key.
    pub fn id(&self) -> &Id {
        &self.id
    }

    /// Returns the secret part, of which the server stores only a hash.
    pub fn secret(&self) -> &str {
        &self.secret
    }

    /// Returns the full text of the key, as the user stores it.
    pub fn reveal(&self) -> String {
        let body = format!("{PREFIX}_{}_{}", self.id, self.secret);
        let checksum = checksum(&body);
        format!("{body}_{checksum}")
    }
}

fn checksum(body: &str) -> String {
    let mut rest = crc32fast::hash(body.as_bytes());
    let mut digits = [BASE62[0]; CHECKSUM_LENGTH];
    for digit in digits.iter_mut().rev() {
        *digit = BASE62[(rest % 62) as usize];
        rest /= 62;
    }
    digits.iter().collect()
}

impl FromStr for ApiKeySecret {
    type Err = InvalidKey;

    fn from_str(text: &str) -> Result<Self, InvalidKey> {
        let (body, found) = text.rsplit_once('_').ok_or(InvalidKey::Shape)?;
        let mut parts = body.split('_');
        let (Some(PREFIX), Some(id), Some(secret), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(InvalidKey::Shape);
        };
        let base62 = |text: &str| text.bytes().all(|byte| byte.is_ascii_alphanumeric());
        let id = id.parse().map_err(|_| InvalidKey::Shape)?;
        if secret.len() != SECRET_LENGTH || !base62(secret) || !base62(found) {
            return Err(InvalidKey::Shape);
        }
        if checksum(body) != found {
            return Err(InvalidKey::Checksum);
        }
        Ok(Self {
            id,
            secret: secret.to_owned(),
        })
    }
}

impl fmt::Debug for ApiKeySecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ApiKeySecret({}, …)", self.id)
    }
}

/// An API key without its secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ApiKey {
    pub id: Id,
    pub label: String,
    pub permissions: KeyPermission,
    pub expires_at: Option<Timestamp>,
    /// Path of the directory that the key is bound to: it sees and changes nothing outside of it. `null` if it
    /// is bound to none.
    #[serde(default)]
    pub path: Option<RemotePath>,
    /// Time of the last use; `null` if the key was never used.
    pub last_used_at: Option<Timestamp>,
    /// Address of the client that used it last.
    #[serde(default)]
    pub last_used_from: Option<String>,
    pub created_at: Timestamp,
}

/// `POST /api-keys`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CreateApiKey {
    #[cfg_attr(feature = "openapi", schema(min_length = 1, max_length = 255))]
    pub label: String,
    pub permissions: KeyPermission,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
    /// Directory to bind the key to; it is created if it does not exist. The key stays bound to this directory
    /// when it is renamed or moved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<RemotePath>,
}

/// The answer to `POST /api-keys`: the only answer that contains the key itself.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CreatedApiKey {
    #[serde(flatten)]
    pub api_key: ApiKey,
    #[cfg_attr(
        feature = "openapi",
        schema(pattern = "^hulk_[A-Za-z0-9]{12}_[A-Za-z0-9]{32}_[A-Za-z0-9]{6}$")
    )]
    pub key: String,
}

impl fmt::Debug for CreatedApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CreatedApiKey")
            .field("api_key", &self.api_key)
            .finish_non_exhaustive()
    }
}
