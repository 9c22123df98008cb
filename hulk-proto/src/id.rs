//! Ids: NanoIDs of 12 letters and digits (71 bits), unguessable and never changed.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// Number of characters of an id.
pub const ID_LENGTH: usize = 12;

/// Letters and digits, so that a double click selects a whole id and a URL needs no escaping.
pub(crate) const BASE62: [char; 62] = [
    '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'A', 'B', 'C', 'D', 'E', 'F', 'G', 'H', 'I',
    'J', 'K', 'L', 'M', 'N', 'O', 'P', 'Q', 'R', 'S', 'T', 'U', 'V', 'W', 'X', 'Y', 'Z', 'a', 'b',
    'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j', 'k', 'l', 'm', 'n', 'o', 'p', 'q', 'r', 's', 't', 'u',
    'v', 'w', 'x', 'y', 'z',
];

/// Id of a user, file, directory, key or share.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
#[cfg_attr(
    feature = "openapi",
    derive(utoipa::ToSchema),
    schema(value_type = String, pattern = "^[A-Za-z0-9]{12}$", example = "V1StGXR8Z5jd")
)]
pub struct Id(String);

/// Error for text that is not 12 letters and digits.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("an id is {ID_LENGTH} letters and digits")]
pub struct InvalidId;

impl Id {
    /// Generates an id from the operating system's random numbers.
    pub fn random() -> Self {
        Self(nanoid::nanoid!(ID_LENGTH, &BASE62))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Id {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        let well_formed =
            text.len() == ID_LENGTH && text.bytes().all(|byte| byte.is_ascii_alphanumeric());
        well_formed.then(|| Self(text.to_owned())).ok_or(InvalidId)
    }
}

impl TryFrom<String> for Id {
    type Error = InvalidId;

    fn try_from(text: String) -> Result<Self, InvalidId> {
        text.parse()
    }
}

impl From<Id> for String {
    fn from(id: Id) -> Self {
        id.0
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
