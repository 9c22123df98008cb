//! What of a file's system travels with it: in the metadata of files and directories, and with the
//! redirect to a file's bytes.

/// The permission bits of Unix in octal, as `755`.
pub const MODE: &str = "mode";
/// The time of the last modification, in RFC 3339 with up to nine digits of a second.
pub const MODIFIED: &str = "mtime";

/// The same with a redirect to the file's bytes.
pub const MODE_HEADER: &str = "x-file-mode";
pub const MODIFIED_HEADER: &str = "x-file-modified";
