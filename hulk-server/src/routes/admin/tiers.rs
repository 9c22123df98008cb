//! `/api/v1/admin/tiers` and `/api/v1/admin/tier-requests`

use axum::{Json as Answer, extract::State};
use http::StatusCode;
use hulk_proto::{
    ErrorBody, Page,
    tier::{DecideTierRequest, SetTier, Tier, TierRequest},
};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    app::App,
    error::Result,
    http::{
        extract::{Json, List, PathId},
        staff::{AdminChanges, AdminReads},
    },
    ops::{accounts, admin::tiers},
};

pub(super) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(change, delete))
        .routes(routes!(list_requests))
        .routes(routes!(decide))
}

/// List all tiers (admins)
#[utoipa::path(get, path = "/api/v1/admin/tiers", tag = "admin",
    params(("limit" = Option<u32>, Query), ("offset" = Option<u64>, Query)),
    responses((status = 200, body = Page<Tier>)))]
async fn list(
    State(app): State<App>,
    _: AdminReads,
    List(query): List,
) -> Result<Answer<Page<Tier>>> {
    accounts::tiers::list_tiers(&app, &query, true)
        .await
        .map(Answer)
}

/// Create a tier (admins)
#[utoipa::path(post, path = "/api/v1/admin/tiers", tag = "admin", request_body = SetTier,
    responses((status = 201, body = Tier), (status = 400, body = ErrorBody),
        (status = 409, body = ErrorBody)))]
async fn create(
    State(app): State<App>,
    AdminChanges(staff): AdminChanges,
    Json(request): Json<SetTier>,
) -> Result<(StatusCode, Answer<Tier>)> {
    let tier = tiers::create_tier(&app, &staff, request).await?;
    Ok((StatusCode::CREATED, Answer(tier)))
}

/// Replace a tier (admins)
#[utoipa::path(put, path = "/api/v1/admin/tiers/{id}", tag = "admin",
    params(("id" = String, Path)), request_body = SetTier,
    responses((status = 200, body = Tier), (status = 400, body = ErrorBody),
        (status = 404, body = ErrorBody), (status = 409, body = ErrorBody)))]
async fn change(
    State(app): State<App>,
    AdminChanges(staff): AdminChanges,
    PathId(id): PathId,
    Json(request): Json<SetTier>,
) -> Result<Answer<Tier>> {
    tiers::change_tier(&app, &staff, &id, request)
        .await
        .map(Answer)
}

/// Delete a tier that nobody has (admins)
#[utoipa::path(delete, path = "/api/v1/admin/tiers/{id}", tag = "admin",
    params(("id" = String, Path)),
    responses((status = 204), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody)))]
async fn delete(
    State(app): State<App>,
    AdminChanges(staff): AdminChanges,
    PathId(id): PathId,
) -> Result<StatusCode> {
    tiers::delete_tier(&app, &staff, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// List requests for another tier (admins)
#[utoipa::path(get, path = "/api/v1/admin/tier-requests", tag = "admin",
    params(("filter~state" = Option<String>, Query), ("filter~user_id" = Option<String>, Query),
        ("limit" = Option<u32>, Query), ("offset" = Option<u64>, Query)),
    responses((status = 200, body = Page<TierRequest>)))]
async fn list_requests(
    State(app): State<App>,
    _: AdminReads,
    List(query): List,
) -> Result<Answer<Page<TierRequest>>> {
    tiers::list_requests(&app, &query).await.map(Answer)
}

/// Approve or refuse a request for another tier (admins)
#[utoipa::path(put, path = "/api/v1/admin/tier-requests/{id}", tag = "admin",
    params(("id" = String, Path)), request_body = DecideTierRequest,
    responses((status = 200, body = TierRequest), (status = 400, body = ErrorBody),
        (status = 404, body = ErrorBody), (status = 409, body = ErrorBody)))]
async fn decide(
    State(app): State<App>,
    AdminChanges(staff): AdminChanges,
    PathId(id): PathId,
    Json(request): Json<DecideTierRequest>,
) -> Result<Answer<TierRequest>> {
    tiers::decide_request(&app, &staff, &id, request)
        .await
        .map(Answer)
}
