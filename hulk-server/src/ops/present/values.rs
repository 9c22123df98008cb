//! Single values of rows.

use hulk_proto::Timestamp;

use crate::error::{Error, Result};

pub(crate) fn id(text: &str) -> Result<hulk_proto::Id> {
    text.parse().map_err(Error::internal)
}

pub(crate) fn time(millis: i64) -> Result<Timestamp> {
    Timestamp::from_unix_millis(millis).map_err(Error::internal)
}

/// The database's numbers are signed; none of ours is negative.
pub(crate) fn unsigned(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}
