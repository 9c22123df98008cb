//! `/api/v1/tiers` and `/api/v1/tier-requests`

use axum::{Json as Answer, extract::State};
use http::StatusCode;
use hulk_proto::{
    ErrorBody, Page,
    tier::{RequestTier, Tier, TierRequest},
};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    app::App,
    error::Result,
    http::{
        caller::{CanManage, CanRead},
        extract::{Json, List},
    },
    ops::accounts::tiers,
};

pub(super) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(list_requests, request))
}

/// List the tiers that you may ask for
#[utoipa::path(get, path = "/api/v1/tiers", tag = "tiers",
    params(("limit" = Option<u32>, Query), ("offset" = Option<u64>, Query)),
    responses((status = 200, body = Page<Tier>)))]
async fn list(
    State(app): State<App>,
    CanRead(_): CanRead,
    List(query): List,
) -> Result<Answer<Page<Tier>>> {
    tiers::list_tiers(&app, &query, false).await.map(Answer)
}

/// List your requests for another tier
#[utoipa::path(get, path = "/api/v1/tier-requests", tag = "tiers",
    params(("limit" = Option<u32>, Query), ("offset" = Option<u64>, Query)),
    responses((status = 200, body = Page<TierRequest>)))]
async fn list_requests(
    State(app): State<App>,
    CanRead(caller): CanRead,
    List(query): List,
) -> Result<Answer<Page<TierRequest>>> {
    tiers::list_own_requests(&app, &caller, &query)
        .await
        .map(Answer)
}

/// Ask for another tier
#[utoipa::path(post, path = "/api/v1/tier-requests", tag = "tiers", request_body = RequestTier,
    responses((status = 201, body = TierRequest), (status = 400, body = ErrorBody),
        (status = 409, body = ErrorBody)))]
async fn request(
    State(app): State<App>,
    CanManage(caller): CanManage,
    Json(request): Json<RequestTier>,
) -> Result<(StatusCode, Answer<TierRequest>)> {
    let request = tiers::request_tier(&app, &caller, request).await?;
    Ok((StatusCode::CREATED, Answer(request)))
}
