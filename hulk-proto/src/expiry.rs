//! How long a file is kept.

use std::{fmt, str::FromStr, time::Duration};

use serde::{Deserialize, Serialize};

use crate::Timestamp;

/// How long a file is kept after its upload; on the wire `infinite` or a number of days such as `7d`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum ExpirationPolicy {
    #[default]
    #[serde(rename = "infinite")]
    Infinite,
    #[serde(rename = "180d")]
    Days180,
    #[serde(rename = "90d")]
    Days90,
    #[serde(rename = "30d")]
    Days30,
    #[serde(rename = "14d")]
    Days14,
    #[serde(rename = "7d")]
    Days7,
    #[serde(rename = "3d")]
    Days3,
    #[serde(rename = "2d")]
    Days2,
    #[serde(rename = "1d")]
    Days1,
}

/// Error for text that is not a policy.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("an expiry is one of 1d, 2d, 3d, 7d, 14d, 30d, 90d, 180d, never")]
pub struct InvalidExpiry;

impl ExpirationPolicy {
    pub const ALL: [Self; 9] = [
        Self::Days1,
        Self::Days2,
        Self::Days3,
        Self::Days7,
        Self::Days14,
        Self::Days30,
        Self::Days90,
        Self::Days180,
        Self::Infinite,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Infinite => "infinite",
            Self::Days180 => "180d",
            Self::Days90 => "90d",
            Self::Days30 => "30d",
            Self::Days14 => "14d",
            Self::Days7 => "7d",
            Self::Days3 => "3d",
            Self::Days2 => "2d",
            Self::Days1 => "1d",
        }
    }

    /// Number of days; `None` for `infinite`.
    pub fn days(self) -> Option<u64> {
        self.as_str().strip_suffix('d')?.parse().ok()
    }

    /// Returns when a file uploaded at `start` expires; `None` if never.
    pub fn expires_at(self, start: Timestamp) -> Option<Timestamp> {
        self.days()
            .map(|days| start.saturating_add(Duration::from_secs(days * 24 * 60 * 60)))
    }
}

impl FromStr for ExpirationPolicy {
    type Err = InvalidExpiry;

    /// Parses the names used on the wire, and `never`, which users type.
    fn from_str(text: &str) -> Result<Self, InvalidExpiry> {
        if text == "never" {
            return Ok(Self::Infinite);
        }
        Self::ALL
            .into_iter()
            .find(|policy| policy.as_str() == text)
            .ok_or(InvalidExpiry)
    }
}

impl fmt::Display for ExpirationPolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
