//! The S3 store. The same calls reach R2, AWS S3, Garage or the embedded store.

mod capabilities;
mod client;
pub(crate) mod embedded;
mod endpoint;
mod error;
mod listing;
mod multipart;
pub(crate) mod object_key;
mod observe;
mod presign;
mod probe;
mod probed;
mod setup;
mod unsigned;

pub use capabilities::Capabilities;
pub(crate) use capabilities::URL_LIFETIME;
pub use client::{Attested, Store};
pub(crate) use embedded::receiving::DISK_RESERVE_BYTES;
pub use endpoint::Endpoint;
pub use error::{StoreError, StoreErrorKind};
pub(crate) use listing::ListedObject;
pub(crate) use multipart::{Completed, SourceRange};
pub(crate) use object_key::ObjectKey;
pub(crate) use presign::{Disposition, Guard, PartToSign, Presigned};
pub use probed::Probed;
