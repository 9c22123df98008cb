//! The protocol between `hulk` and `hulk-server`: every type here crosses the wire or is printed
//! with `--json`. One file per noun, for both directions. Nothing here does I/O.

pub mod attributes;
pub mod batch;
mod bounded;
pub mod category;
pub mod digest;
pub mod directory;
pub mod download;
pub mod error;
pub mod expiry;
pub mod file;
pub mod health;
pub mod id;
pub mod key;
pub mod limits;
pub mod page;
pub mod parts;
pub mod path;
pub mod permission;
pub mod search;
pub mod share;
pub mod timestamp;
pub mod trash;
pub mod upload;
pub mod usage;
pub mod user;

pub use category::Category;
pub use digest::{Blake3, Md5, Sha256};
pub use directory::Directory;
pub use error::{ErrorBody, ErrorCode, FieldError};
pub use expiry::ExpirationPolicy;
pub use file::{ChangeFile, CreateFile, CreatedFile, File, FileStatus, IfExists, ReportUpload};
pub use id::Id;
pub use key::{ApiKey, ApiKeySecret, CreateApiKey, CreatedApiKey};
pub use page::{ListQuery, Page};
pub use parts::PartLayout;
pub use path::RemotePath;
pub use permission::{KeyPermission, Permission, Right};
pub use share::{Grants, Share, ShareToken};
pub use timestamp::Timestamp;
pub use upload::{Multipart, PartChecksum, PartDigest, StoreDigest, Upload};
pub use usage::Usage;
pub use user::{Credential, Me, Role};
