//! `/api/v1/audit` and `/api/v1/jobs`: what happened to the caller's account, and is done for it.

use axum::{Json as Answer, extract::State};
use hulk_proto::{ErrorBody, Page, audit::AuditEvent, job::Job};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    app::App,
    error::Result,
    http::{
        caller::CanRead,
        extract::{List, PathId},
    },
    ops::admin::reports,
};

pub(super) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(audit))
        .routes(routes!(jobs))
        .routes(routes!(job))
}

/// List what happened to your account
#[utoipa::path(get, path = "/api/v1/audit", tag = "audit",
    params(("filter~action" = Option<String>, Query), ("filter~target" = Option<String>, Query),
        ("filter~outcome" = Option<String>, Query), ("limit" = Option<u32>, Query),
        ("offset" = Option<u64>, Query), ("cursor" = Option<String>, Query)),
    responses((status = 200, body = Page<AuditEvent>)))]
async fn audit(
    State(app): State<App>,
    CanRead(caller): CanRead,
    List(query): List,
) -> Result<Answer<Page<AuditEvent>>> {
    reports::list_events(&app, &query, Some(&caller.user.id))
        .await
        .map(Answer)
}

/// List what the server does for you
#[utoipa::path(get, path = "/api/v1/jobs", tag = "audit",
    params(("filter~state" = Option<String>, Query), ("filter~kind" = Option<String>, Query),
        ("limit" = Option<u32>, Query), ("offset" = Option<u64>, Query)),
    responses((status = 200, body = Page<Job>)))]
async fn jobs(
    State(app): State<App>,
    CanRead(caller): CanRead,
    List(query): List,
) -> Result<Answer<Page<Job>>> {
    reports::list_jobs(&app, &query, Some(&caller.user.id))
        .await
        .map(Answer)
}

/// Show something that the server does for you
#[utoipa::path(get, path = "/api/v1/jobs/{id}", tag = "audit", params(("id" = String, Path)),
    responses((status = 200, body = Job), (status = 404, body = ErrorBody)))]
async fn job(
    State(app): State<App>,
    CanRead(caller): CanRead,
    PathId(id): PathId,
) -> Result<Answer<Job>> {
    reports::show_job(&app, &id, Some(&caller.user.id))
        .await
        .map(Answer)
}
