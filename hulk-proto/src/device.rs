//! Logging in from a terminal: the device authorization grant (RFC 8628).

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::Password;

/// `POST /device-codes`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RequestDeviceCode {
    /// What the user is shown, and the label of the key: such as the name of the host.
    #[cfg_attr(feature = "openapi", schema(min_length = 1, max_length = 255))]
    pub client_name: String,
}

/// The answer to `POST /device-codes`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DeviceCode {
    /// For the program; a secret.
    pub device_code: String,
    /// For the user to type.
    #[cfg_attr(
        feature = "openapi",
        schema(pattern = "^[BCDFGHJKLMNPQRSTVWXZ]{4}-[BCDFGHJKLMNPQRSTVWXZ]{4}$")
    )]
    pub user_code: String,
    /// Where the user types it.
    pub verification_uri: String,
    /// Seconds for which both codes are valid.
    pub expires_in: u64,
    /// Seconds to wait between two polls.
    pub interval: u64,
}

impl fmt::Debug for DeviceCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DeviceCode")
            .field("verification_uri", &self.verification_uri)
            .finish_non_exhaustive()
    }
}

/// `POST /device-codes/token`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RedeemDeviceCode {
    pub device_code: Password,
}

/// The answer to `POST /device-codes/token` once the user has agreed.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DeviceKey {
    pub api_key: String,
}

impl fmt::Debug for DeviceKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DeviceKey(…)")
    }
}
