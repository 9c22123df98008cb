//! Sizes as people write them.

use hulk_proto::limits::UNLIMITED_QUOTA_BYTES;

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
    if text == "unlimited" {
        return Ok(UNLIMITED_QUOTA_BYTES);
    }
    parse_size::parse_size(text)
        .map_err(|error| format!("{error}; expected a size such as 50GB, or unlimited"))
}
