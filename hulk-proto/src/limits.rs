//! Limits that both sides of the wire rely on.

/// The largest file: 10,000 parts of 512 MiB and more fit it into every S3 store.
pub const MAX_FILE_BYTES: u64 = 5 << 40;
/// The largest body of a single PUT that S3 and R2 take.
pub const MAX_SINGLE_PUT_BYTES: u64 = 5 << 30;
/// The least size of a part that is chosen, and the grid on which `part_md5s` are taken. What is
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
/// The largest JSON body that the API reads.
pub const MAX_JSON_BYTES: usize = 1 << 20;
/// How many items a list gives at most, and by default over HTTP.
pub const MAX_PAGE: u32 = 1000;
pub const DEFAULT_PAGE: u32 = 10;
/// The longest label of a key, description of a file, and tag, in bytes.
pub const MAX_LABEL_BYTES: usize = 255;
pub const MAX_DESCRIPTION_BYTES: usize = 4096;
/// How many tags a file has at most.
pub const MAX_TAGS: usize = 64;
/// The largest `metadata` of a file, in bytes of JSON.
pub const MAX_METADATA_BYTES: usize = 16 << 10;
