//! `/api/v1/api-keys`

use axum::{Json as Answer, extract::State};
use http::StatusCode;
use hulk_proto::{ApiKey, CreateApiKey, CreatedApiKey, ErrorBody, Page};

use crate::{
    app::App,
    caller::Manager,
    error::Result,
    extract::{Json, List, PathId},
    ops::accounts,
};

/// Make an API key; the answer is the only place where it is told
#[utoipa::path(post, path = "/api/v1/api-keys", tag = "keys", security(("api_key" = [])),
    request_body = CreateApiKey,
    responses((status = 201, body = CreatedApiKey), (status = 400, body = ErrorBody)))]
pub(super) async fn create(
    State(app): State<App>,
    Manager(caller): Manager,
    Json(request): Json<CreateApiKey>,
) -> Result<(StatusCode, Answer<CreatedApiKey>)> {
    let created = accounts::create_key(&app.db, &caller.user, request).await?;
    Ok((StatusCode::CREATED, Answer(created)))
}

/// List API keys
#[utoipa::path(get, path = "/api/v1/api-keys", tag = "keys", security(("api_key" = [])),
    params(("limit" = Option<u32>, Query), ("offset" = Option<u64>, Query)),
    responses((status = 200, body = Page<ApiKey>)))]
pub(super) async fn list(
    State(app): State<App>,
    Manager(caller): Manager,
    List(query): List,
) -> Result<Answer<Page<ApiKey>>> {
    accounts::list_keys(&app.db, &caller.user, &query)
        .await
        .map(Answer)
}

/// Revoke an API key
#[utoipa::path(delete, path = "/api/v1/api-keys/{id}", tag = "keys",
    security(("api_key" = [])), params(("id" = String, Path)),
    responses((status = 204), (status = 404, body = ErrorBody)))]
pub(super) async fn delete(
    State(app): State<App>,
    Manager(caller): Manager,
    PathId(id): PathId,
) -> Result<StatusCode> {
    accounts::delete_key(&app.db, &caller.user, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}
