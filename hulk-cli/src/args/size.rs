//! Sizes as people write them.

use hulk_proto::limits::UNLIMITED_QUOTA_BYTES;

const UNLIMITED: &str = "unlimited";

/// A limit of a tier; `None` is unlimited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Limit(pub(crate) Option<u64>);

/// Parses `500KiB` or `2MB` into bytes, at least 1.
///
/// # Errors
/// For zero and for text that is not a size.
pub(super) fn size(text: &str) -> Result<u64, String> {
    match parse_size::parse_size(text) {
        Ok(0) => Err("expected more than 0".to_owned()),
        Ok(bytes) => Ok(bytes),
        Err(error) => Err(format!("{error}; expected a size such as 500KiB or 2MB")),
    }
}

/// Parses a quota into bytes: a size, 0 included, or `unlimited`.
///
/// # Errors
/// For other text.
pub(super) fn quota(text: &str) -> Result<u64, String> {
    byte_limit(text).map(|limit| limit.0.unwrap_or(UNLIMITED_QUOTA_BYTES))
}

/// Parses a limit of bytes: a size, 0 included, or `unlimited`.
///
/// # Errors
/// For other text.
pub(super) fn byte_limit(text: &str) -> Result<Limit, String> {
    if text == UNLIMITED {
        return Ok(Limit(None));
    }
    let bytes = parse_size::parse_size(text);
    bytes
        .map(|bytes| Limit(Some(bytes)))
        .map_err(|error| format!("{error}; expected a size such as 50GB, or unlimited"))
}

/// Parses a limit of a number: a whole number, 0 included, or `unlimited`.
///
/// # Errors
/// For other text.
pub(super) fn count_limit(text: &str) -> Result<Limit, String> {
    if text == UNLIMITED {
        return Ok(Limit(None));
    }
    let count = text.parse::<u64>();
    count
        .map(|count| Limit(Some(count)))
        .map_err(|_| "expected a whole number, or unlimited".to_owned())
}
