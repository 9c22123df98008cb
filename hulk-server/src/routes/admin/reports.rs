//! Sums, settings, events and jobs of the whole server.

use axum::{Json as Answer, extract::State};
use hulk_proto::{
    ErrorBody, Page,
    admin::{ServerSettings, ServerStats},
    audit::AuditEvent,
    job::Job,
};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    app::App,
    error::Result,
    http::{
        extract::{List, PathId},
        staff::{AdminReads, ModeratorReads},
    },
    ops::admin::reports,
};

pub(super) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(stats))
        .routes(routes!(settings))
        .routes(routes!(audit))
        .routes(routes!(jobs))
        .routes(routes!(job))
}

/// Show sums over all users (moderators)
#[utoipa::path(get, path = "/api/v1/admin/stats", tag = "admin",
    responses((status = 200, body = ServerStats)))]
async fn stats(State(app): State<App>, _: ModeratorReads) -> Result<Answer<ServerStats>> {
    reports::show_stats(&app).await.map(Answer)
}

/// Show how the server is set up (admins)
#[utoipa::path(get, path = "/api/v1/admin/settings", tag = "admin",
    responses((status = 200, body = ServerSettings)))]
async fn settings(State(app): State<App>, _: AdminReads) -> Result<Answer<ServerSettings>> {
    Ok(Answer(reports::show_settings(&app)))
}

/// List who did what (admins)
#[utoipa::path(get, path = "/api/v1/admin/audit", tag = "admin",
    params(("filter~user_id" = Option<String>, Query), ("filter~action" = Option<String>, Query), ("filter~target" = Option<String>, Query),
        ("filter~outcome" = Option<String>, Query), ("limit" = Option<u32>, Query),
        ("offset" = Option<u64>, Query), ("cursor" = Option<String>, Query)),
    responses((status = 200, body = Page<AuditEvent>)))]
async fn audit(
    State(app): State<App>,
    _: AdminReads,
    List(query): List,
) -> Result<Answer<Page<AuditEvent>>> {
    reports::list_events(&app, &query, None).await.map(Answer)
}

/// List the server's work (admins)
#[utoipa::path(get, path = "/api/v1/admin/jobs", tag = "admin",
    params(("filter~state" = Option<String>, Query), ("filter~kind" = Option<String>, Query),
        ("filter~user_id" = Option<String>, Query), ("limit" = Option<u32>, Query),
        ("offset" = Option<u64>, Query)),
    responses((status = 200, body = Page<Job>)))]
async fn jobs(
    State(app): State<App>,
    _: AdminReads,
    List(query): List,
) -> Result<Answer<Page<Job>>> {
    reports::list_jobs(&app, &query, None).await.map(Answer)
}

/// Show a piece of the server's work (admins)
#[utoipa::path(get, path = "/api/v1/admin/jobs/{id}", tag = "admin", params(("id" = String, Path)),
    responses((status = 200, body = Job), (status = 404, body = ErrorBody)))]
async fn job(State(app): State<App>, _: AdminReads, PathId(id): PathId) -> Result<Answer<Job>> {
    reports::show_job(&app, &id, None).await.map(Answer)
}
