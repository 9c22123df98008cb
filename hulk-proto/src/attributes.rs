//! Attributes from the file system of the uploading client: stored in the metadata of files and
//! directories, and sent with the redirect to a file's bytes.

/// Metadata field with the Unix permission bits in octal, such as `755`.
pub const MODE: &str = "mode";
/// Metadata field with the modification time, in RFC 3339 with up to nine fractional digits.
pub const MODIFIED: &str = "mtime";

/// Headers with the same values, sent with a redirect to the file's bytes.
pub const MODE_HEADER: &str = "x-file-mode";
pub const MODIFIED_HEADER: &str = "x-file-modified";
