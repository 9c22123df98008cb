//! `/api/v1/me`

use axum::Json as Answer;
use hulk_proto::Me;

use crate::{caller::KeyHolder, error::Result, ops::accounts};

/// Tell who calls
#[utoipa::path(get, path = "/api/v1/me", tag = "users", security(("api_key" = [])),
    responses((status = 200, body = Me)))]
pub(super) async fn me(KeyHolder(caller): KeyHolder) -> Result<Answer<Me>> {
    accounts::me(caller).map(Answer)
}
