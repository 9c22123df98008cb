//! `/api/v1/api-keys`

use axum::{Json as Answer, extract::State};
use http::StatusCode;
use hulk_proto::{ApiKey, CreateApiKey, CreatedApiKey, ErrorBody, Page};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    app::App,
    error::Result,
    http::{
        caller::CanManage,
        extract::{Json, List, PathId},
    },
    ops::accounts::keys,
};

pub(super) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(create, list))
        .routes(routes!(delete))
}

/// Create an API key; it is shown only in this response
#[utoipa::path(post, path = "/api/v1/api-keys", tag = "keys",
    request_body = CreateApiKey,
    responses((status = 201, body = CreatedApiKey), (status = 400, body = ErrorBody),
        (status = 409, body = ErrorBody)))]
async fn create(
    State(app): State<App>,
    CanManage(caller): CanManage,
    Json(request): Json<CreateApiKey>,
) -> Result<(StatusCode, Answer<CreatedApiKey>)> {
    let created = keys::create_own_key(&app, &caller, request).await?;
    Ok((StatusCode::CREATED, Answer(created)))
}

/// List API keys
#[utoipa::path(get, path = "/api/v1/api-keys", tag = "keys",
    params(("limit" = Option<u32>, Query), ("offset" = Option<u64>, Query)),
    responses((status = 200, body = Page<ApiKey>)))]
async fn list(
    State(app): State<App>,
    CanManage(caller): CanManage,
    List(query): List,
) -> Result<Answer<Page<ApiKey>>> {
    keys::list_keys(&app, &caller.user, &query)
        .await
        .map(Answer)
}

/// Revoke an API key
#[utoipa::path(delete, path = "/api/v1/api-keys/{id}", tag = "keys", params(("id" = String, Path)),
    responses((status = 204), (status = 404, body = ErrorBody)))]
async fn delete(
    State(app): State<App>,
    CanManage(caller): CanManage,
    PathId(id): PathId,
) -> Result<StatusCode> {
    keys::delete_key(&app.db, (&caller).into(), &id).await?;
    Ok(StatusCode::NO_CONTENT)
}
