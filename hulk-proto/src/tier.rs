//! Tiers: what users may store and transfer, and requests for another one.

use serde::{Deserialize, Serialize};

use crate::{Id, Timestamp};

/// What the users of a tier may store and transfer. `null` is unlimited.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Tier {
    pub id: Id,
    pub name: String,
    /// Bytes in all, versions and trash included.
    pub storage_bytes: Option<u64>,
    /// Files and directories in all, those in the trash included.
    pub object_count: Option<u64>,
    /// Bytes that may be downloaded in a calendar month (UTC).
    pub monthly_download_bytes: Option<u64>,
    /// Size of the largest file, in bytes.
    pub max_file_size: Option<u64>,
    /// Whether users see it and may ask for it.
    pub is_public: bool,
    /// As it is shown, such as `9 € a month`.
    pub price: Option<String>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

/// `POST /admin/tiers`, and `PUT /admin/tiers/:id`, which replaces all of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SetTier {
    #[cfg_attr(
        feature = "openapi",
        schema(pattern = "^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")
    )]
    pub name: String,
    #[serde(default)]
    pub storage_bytes: Option<u64>,
    #[serde(default)]
    pub object_count: Option<u64>,
    #[serde(default)]
    pub monthly_download_bytes: Option<u64>,
    #[serde(default)]
    pub max_file_size: Option<u64>,
    #[serde(default)]
    pub is_public: bool,
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(max_length = 64))]
    pub price: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum TierRequestState {
    Pending,
    Approved,
    Refused,
}

/// A user's request for another tier.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TierRequest {
    pub id: Id,
    pub user_id: Id,
    /// Name of the tier.
    pub tier: String,
    pub reason: String,
    pub state: TierRequestState,
    /// What whoever decided says about it.
    pub note: Option<String>,
    pub created_at: Timestamp,
    pub decided_at: Option<Timestamp>,
}

/// `POST /tier-requests`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RequestTier {
    /// Name or id of a public tier.
    pub tier: String,
    #[cfg_attr(feature = "openapi", schema(max_length = 1024))]
    pub reason: String,
}

/// `PUT /admin/tier-requests/:id`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DecideTierRequest {
    pub approved: bool,
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(max_length = 1024))]
    pub note: Option<String>,
}
