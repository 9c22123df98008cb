//! Programs that wait for a user to let them log in (RFC 8628).
//!
//! | from | to | when |
//! |---|---|---|
//! | – | pending | the program asks for codes |
//! | pending | approved | a user types the code and agrees |
//! | pending | denied | a user types the code and refuses |
//! | approved | claimed | the program asks for its key: the key is created |
//! | claimed | claimed | the program asks again, because it did not receive the answer: the same key |
//! | any | gone | `expires_at` has passed |
//!
//! The key's secret is derived from the program's code, of which only the digest is stored.

use hulk_proto::{KeyPermission, Timestamp};
use sqlx::AnyConnection;

use super::{
    columns::{OptionalText, Text},
    expired,
};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DeviceState {
    Pending,
    Approved,
    Denied,
    Claimed,
}

impl DeviceState {
    fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Approved => "approved",
            Self::Denied => "denied",
            Self::Claimed => "claimed",
        }
    }
}

/// Error for text that is not a state.
#[derive(Debug, thiserror::Error)]
#[error("a device code is pending, approved, denied or claimed")]
pub(crate) struct InvalidDeviceState;

impl std::str::FromStr for DeviceState {
    type Err = InvalidDeviceState;

    fn from_str(text: &str) -> Result<Self, InvalidDeviceState> {
        [Self::Pending, Self::Approved, Self::Denied, Self::Claimed]
            .into_iter()
            .find(|state| state.as_str() == text)
            .ok_or(InvalidDeviceState)
    }
}

impl From<Text<DeviceState>> for DeviceState {
    fn from(text: Text<DeviceState>) -> Self {
        text.0
    }
}

#[derive(Clone, sqlx::FromRow)]
pub(crate) struct DeviceCodeRow {
    pub device_hash: String,
    pub user_code: String,
    pub client: String,
    pub address: String,
    #[sqlx(try_from = "Text<DeviceState>")]
    pub state: DeviceState,
    pub user_id: Option<String>,
    #[sqlx(try_from = "OptionalText<KeyPermission>")]
    pub permissions: Option<KeyPermission>,
    /// Id that the key gets.
    pub key_id: String,
    pub token_key: String,
    /// Shortest time between two polls.
    pub pause_millis: i64,
    pub polled_at: i64,
    pub created_at: i64,
    pub expires_at: i64,
}

macro_rules! columns {
    () => {
        "device_hash, user_code, client, address, state, user_id, permissions, key_id, token_key,
         pause_millis, polled_at, created_at, expires_at"
    };
}

/// Inserts a pending code. Returns false if the user code is in use.
pub(crate) async fn insert(
    connection: &mut AnyConnection,
    code: &DeviceCodeRow,
) -> sqlx::Result<bool> {
    let result = sqlx::query(concat!(
        "INSERT INTO device_codes (",
        columns!(),
        ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
         ON CONFLICT (user_code) DO NOTHING"
    ))
    .bind(&code.device_hash)
    .bind(&code.user_code)
    .bind(&code.client)
    .bind(&code.address)
    .bind(code.state.as_str())
    .bind(&code.user_id)
    .bind(code.permissions.map(KeyPermission::as_str))
    .bind(&code.key_id)
    .bind(&code.token_key)
    .bind(code.pause_millis)
    .bind(code.polled_at)
    .bind(code.created_at)
    .bind(code.expires_at)
    .execute(connection)
    .await?;
    Ok(result.rows_affected() == 1)
}

/// Finds a code by its digest, whether it has expired or not.
pub(crate) async fn find(
    connection: &mut AnyConnection,
    device_hash: &str,
) -> sqlx::Result<Option<DeviceCodeRow>> {
    sqlx::query_as(concat!(
        "SELECT ",
        columns!(),
        " FROM device_codes WHERE device_hash = $1"
    ))
    .bind(device_hash)
    .fetch_optional(connection)
    .await
}

/// Finds what waits for a user who has typed this code.
pub(crate) async fn find_pending(
    connection: &mut AnyConnection,
    user_code: &str,
    now: Timestamp,
) -> sqlx::Result<Option<DeviceCodeRow>> {
    sqlx::query_as(concat!(
        "SELECT ",
        columns!(),
        " FROM device_codes WHERE user_code = $1 AND state = 'pending' AND expires_at > $2"
    ))
    .bind(user_code)
    .bind(now.unix_millis())
    .fetch_optional(connection)
    .await
}

/// Records a user's decision. Returns false if the code waits no more.
pub(crate) async fn decide(
    connection: &mut AnyConnection,
    user_code: &str,
    state: DeviceState,
    (user_id, permissions): (&str, KeyPermission),
    now: Timestamp,
) -> sqlx::Result<bool> {
    let result = sqlx::query(
        "UPDATE device_codes SET state = $2, user_id = $3, permissions = $4
         WHERE user_code = $1 AND state = 'pending' AND expires_at > $5",
    )
    .bind(user_code)
    .bind(state.as_str())
    .bind(user_id)
    .bind(permissions.as_str())
    .bind(now.unix_millis())
    .execute(connection)
    .await?;
    Ok(result.rows_affected() == 1)
}

/// Marks the key of an approved code as created. Returns false if it was before.
pub(crate) async fn claim(connection: &mut AnyConnection, device_hash: &str) -> sqlx::Result<bool> {
    let result = sqlx::query(
        "UPDATE device_codes SET state = 'claimed' WHERE device_hash = $1 AND state = 'approved'",
    )
    .bind(device_hash)
    .execute(connection)
    .await?;
    Ok(result.rows_affected() == 1)
}

/// Records a poll, and how long the program is to wait before the next one.
pub(crate) async fn poll(
    connection: &mut AnyConnection,
    device_hash: &str,
    now: Timestamp,
    pause_millis: i64,
) -> sqlx::Result<()> {
    sqlx::query("UPDATE device_codes SET polled_at = $2, pause_millis = $3 WHERE device_hash = $1")
        .bind(device_hash)
        .bind(now.unix_millis())
        .bind(pause_millis)
        .execute(connection)
        .await
        .map(drop)
}

/// Deletes the codes that a user has decided about.
pub(crate) async fn delete_of(connection: &mut AnyConnection, user_id: &str) -> sqlx::Result<()> {
    sqlx::query("DELETE FROM device_codes WHERE user_id = $1")
        .bind(user_id)
        .execute(connection)
        .await
        .map(drop)
}

/// Deletes at most `limit` codes that have expired. Returns how many.
pub(crate) async fn delete_expired(
    connection: &mut AnyConnection,
    now: Timestamp,
    limit: i64,
) -> sqlx::Result<u64> {
    expired::delete(connection, ("device_codes", "device_hash"), now, limit).await
}
