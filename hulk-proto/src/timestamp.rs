//! Points in time: Unix milliseconds internally, RFC 3339 UTC on the wire.

use std::{fmt, str::FromStr, time::Duration};

use serde::{Deserialize, Serialize};
use time::{OffsetDateTime, UtcOffset, format_description::well_known::Rfc3339};

/// A point in time with millisecond resolution, in the years 1 to 9999.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(value_type = String, format = DateTime, example = "2026-01-31T12:00:00.000Z"))]
pub struct Timestamp(OffsetDateTime);

/// Error for text that is not an RFC 3339 date and time, or a time that is out of range.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("not an RFC 3339 date and time")]
pub struct InvalidTimestamp;

impl Timestamp {
    pub fn now() -> Self {
        let now = OffsetDateTime::now_utc();
        Self(now.replace_millisecond(now.millisecond()).unwrap_or(now))
    }

    /// # Errors
    /// If the year is outside 1 to 9999.
    pub fn from_unix_millis(millis: i64) -> Result<Self, InvalidTimestamp> {
        OffsetDateTime::from_unix_timestamp_nanos(i128::from(millis) * 1_000_000)
            .ok()
            .filter(|time| (1..=9999).contains(&time.year()))
            .map(Self)
            .ok_or(InvalidTimestamp)
    }

    pub fn unix_millis(self) -> i64 {
        // Years 1 to 9999 are within ±2.6e14 ms.
        i64::try_from(self.0.unix_timestamp_nanos() / 1_000_000).unwrap_or(i64::MAX)
    }

    /// Adds `duration`, up to the end of the year 9999.
    pub fn saturating_sub(self, duration: Duration) -> Self {
        Self(
            self.0
                .saturating_sub(time::Duration::try_from(duration).unwrap_or(time::Duration::MAX)),
        )
    }

    pub fn saturating_add(self, duration: Duration) -> Self {
        Self(
            self.0
                .saturating_add(time::Duration::try_from(duration).unwrap_or(time::Duration::MAX)),
        )
    }

    pub fn date_time(self) -> OffsetDateTime {
        self.0
    }
}

impl FromStr for Timestamp {
    type Err = InvalidTimestamp;

    fn from_str(text: &str) -> Result<Self, InvalidTimestamp> {
        OffsetDateTime::parse(text, &Rfc3339)
            .map(|time| Self(time.to_offset(UtcOffset::UTC)))
            .map_err(|_| InvalidTimestamp)
    }
}

impl TryFrom<String> for Timestamp {
    type Error = InvalidTimestamp;

    fn try_from(text: String) -> Result<Self, InvalidTimestamp> {
        text.parse()
    }
}

impl From<Timestamp> for String {
    fn from(time: Timestamp) -> Self {
        time.to_string()
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let time = self.0;
        write!(
            f,
            "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z",
            time.year(),
            u8::from(time.month()),
            time.day(),
            time.hour(),
            time.minute(),
            time.second(),
            time.millisecond()
        )
    }
}
