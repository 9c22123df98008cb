//! Limits that both sides of the wire rely on.

/// Size of the largest file: in 10,000 parts of 512 MiB or more it fits into every S3 store.
pub const MAX_FILE_BYTES: u64 = 5 << 40;
/// Size of the largest single PUT that S3 and R2 accept.
pub const MAX_SINGLE_PUT_BYTES: u64 = 5 << 30;
/// Smallest part size that is chosen, and the size of the pieces whose digests `part_md5s` are. A file
/// that is not larger is sent in one request.
pub const PART_BYTES: u64 = 8 << 20;
/// Part size of a file whose length is unknown.
pub const OPEN_PART_BYTES: u64 = 16 << 20;
/// S3's smallest size of a part that is not the last, and its largest size of any part.
pub const MIN_PART_BYTES: u64 = 5 << 20;
pub const MAX_PART_BYTES: u64 = 5 << 30;
/// S3's largest number of parts.
pub const MAX_PARTS: usize = 10_000;
/// Largest number of items in a batch.
pub const MAX_BATCH: usize = 1000;
/// Size of the largest body that a route reads.
pub const MAX_BODY_BYTES: usize = 1 << 20;
/// Size of the largest JSON body with up to `MAX_BATCH` items.
pub const MAX_BATCH_BYTES: usize = 8 << 20;
/// Number of uploads through one share that may be planned and unfinished at once, and the default for
/// the total number of files that it accepts.
pub const SHARE_UNFINISHED: u64 = 32;
pub const SHARE_FILES: u64 = 1000;
/// The longest search, in words and in bytes.
pub const MAX_SEARCH_WORDS: usize = 32;
pub const MAX_SEARCH_BYTES: usize = 1024;
/// Largest number of items on a page of a list, and the default over HTTP.
pub const MAX_PAGE: u32 = 1000;
pub const DEFAULT_PAGE: u32 = 10;
/// The longest label of a key and the longest tag, in bytes.
pub const MAX_LABEL_BYTES: usize = 255;
/// Largest number of tags of a file.
pub const MAX_TAGS: usize = 64;
/// Largest size of the tags, description and metadata of a file together, in bytes: tags and
/// description as UTF-8, metadata as JSON.
pub const MAX_LABELS_BYTES: usize = 4096;
/// Largest number of values in `metadata`, at all depths together.
pub const MAX_METADATA_VALUES: usize = 256;

/// Quotas from this size on count as unlimited: no store has this many bytes.
pub const UNLIMITED_QUOTA_BYTES: u64 = 1 << 60;
