//! How a client gets a file's bytes into the store.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// What is left to send.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Upload {
    /// Nothing: the store has these bytes already.
    None,
    /// The whole file in one request.
    Single {
        method: String,
        /// Presigned for exactly `size_bytes`; it grants the upload without a key.
        url: String,
        /// To be sent as they are.
        headers: BTreeMap<String, String>,
        /// What the store can say of the bytes it got.
        store_digest: StoreDigest,
    },
}

/// The digest by which a store can attest what it holds. A client that wants its upload checked
/// end to end reports this one, besides the SHA-256 that is kept with the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum StoreDigest {
    Sha256,
    Md5,
}
