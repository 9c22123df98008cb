//! Limits that both sides of the wire rely on.

/// The largest file: 10,000 parts of 512 MiB and more fit it into every S3 store.
pub const MAX_FILE_BYTES: u64 = 5 << 40;
/// The largest body of a single PUT that S3 and R2 take.
pub const MAX_SINGLE_PUT_BYTES: u64 = 5 << 30;
/// The least size of a part that is chosen, and the layout on which `part_md5s` are taken. What is
/// not larger is sent in one request.
pub const PART_BYTES: u64 = 8 << 20;
/// Of a file whose length is not known.
pub const OPEN_PART_BYTES: u64 = 16 << 20;
/// S3's least size of a part that is not the last, and the largest of any.
pub const MIN_PART_BYTES: u64 = 5 << 20;
pub const MAX_PART_BYTES: u64 = 5 << 30;
/// S3's largest number of parts.
pub const MAX_PARTS: usize = 10_000;
/// How many files a batch has at most.
pub const MAX_BATCH: usize = 1000;
/// The largest body that a route reads, in bytes.
pub const MAX_BODY_BYTES: usize = 1 << 20;
/// The same for JSON with up to `MAX_BATCH` items.
pub const MAX_BATCH_BYTES: usize = 8 << 20;
/// How many uploads through one share may be planned and unfinished at once, and how many files it
/// takes in all by default.
pub const SHARE_UNFINISHED: u64 = 32;
pub const SHARE_FILES: u64 = 1000;
/// The longest search, in words and in bytes.
pub const MAX_SEARCH_WORDS: usize = 32;
pub const MAX_SEARCH_BYTES: usize = 1024;
/// How many items a list gives at most, and by default over HTTP.
pub const MAX_PAGE: u32 = 1000;
pub const DEFAULT_PAGE: u32 = 10;
/// The longest label of a key, and tag, in bytes.
pub const MAX_LABEL_BYTES: usize = 255;
/// How many tags a file has at most.
pub const MAX_TAGS: usize = 64;
/// The most that tags, description and metadata of a file have together, in bytes: the UTF-8 of
/// tags and description, and metadata as JSON.
pub const MAX_LABELS_BYTES: usize = 4096;
/// How many values `metadata` holds at most, in all its depths.
pub const MAX_METADATA_VALUES: usize = 256;

/// From this on, a quota is none: nobody has so many bytes.
pub const UNLIMITED_QUOTA_BYTES: u64 = 1 << 60;
