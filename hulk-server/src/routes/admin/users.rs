//! `/api/v1/admin/users`

use axum::{Json as Answer, extract::State};
use http::StatusCode;
use hulk_proto::{
    ErrorBody, Page,
    admin::{Account, AccountDetails, ChangeAccount, CreateAccount, SetPassword},
};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    app::App,
    error::Result,
    http::{
        extract::{Json, PathId, Searched},
        staff::{AdminChanges, ModeratorReads},
    },
    ops::admin::users,
};

pub(super) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(show, change, delete))
        .routes(routes!(set_password))
}

/// List accounts (moderators)
#[utoipa::path(get, path = "/api/v1/admin/users", tag = "admin",
    params(("search" = Option<String>, Query), ("filter~role" = Option<String>, Query),
        ("filter~is_active" = Option<bool>, Query), ("limit" = Option<u32>, Query),
        ("offset" = Option<u64>, Query)),
    responses((status = 200, body = Page<Account>)))]
async fn list(
    State(app): State<App>,
    _: ModeratorReads,
    Searched(query, search): Searched,
) -> Result<Answer<Page<Account>>> {
    users::list_accounts(&app, &query, search.as_deref())
        .await
        .map(Answer)
}

/// Create an account (admins)
#[utoipa::path(post, path = "/api/v1/admin/users", tag = "admin", request_body = CreateAccount,
    responses((status = 201, body = Account), (status = 400, body = ErrorBody),
        (status = 409, body = ErrorBody)))]
async fn create(
    State(app): State<App>,
    AdminChanges(staff): AdminChanges,
    Json(request): Json<CreateAccount>,
) -> Result<(StatusCode, Answer<Account>)> {
    let account = users::create_account(&app, &staff, request).await?;
    Ok((StatusCode::CREATED, Answer(account)))
}

/// Show an account (moderators)
#[utoipa::path(get, path = "/api/v1/admin/users/{id}", tag = "admin",
    params(("id" = String, Path)),
    responses((status = 200, body = AccountDetails), (status = 404, body = ErrorBody)))]
async fn show(
    State(app): State<App>,
    _: ModeratorReads,
    PathId(id): PathId,
) -> Result<Answer<AccountDetails>> {
    users::show_account(&app, &id).await.map(Answer)
}

/// Change or suspend an account (admins)
#[utoipa::path(put, path = "/api/v1/admin/users/{id}", tag = "admin",
    params(("id" = String, Path)), request_body = ChangeAccount,
    responses((status = 200, body = Account), (status = 400, body = ErrorBody),
        (status = 404, body = ErrorBody), (status = 409, body = ErrorBody)))]
async fn change(
    State(app): State<App>,
    AdminChanges(staff): AdminChanges,
    PathId(id): PathId,
    Json(request): Json<ChangeAccount>,
) -> Result<Answer<Account>> {
    users::change_account(&app, &staff, &id, request)
        .await
        .map(Answer)
}

/// Delete an account and everything that it has (admins)
#[utoipa::path(delete, path = "/api/v1/admin/users/{id}", tag = "admin",
    params(("id" = String, Path)),
    responses((status = 204), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody)))]
async fn delete(
    State(app): State<App>,
    AdminChanges(staff): AdminChanges,
    PathId(id): PathId,
) -> Result<StatusCode> {
    users::delete_account(&app, &staff, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Set an account's password; ends its sessions (admins)
#[utoipa::path(put, path = "/api/v1/admin/users/{id}/password", tag = "admin",
    params(("id" = String, Path)), request_body = SetPassword,
    responses((status = 204), (status = 400, body = ErrorBody), (status = 404, body = ErrorBody)))]
async fn set_password(
    State(app): State<App>,
    AdminChanges(staff): AdminChanges,
    PathId(id): PathId,
    Json(request): Json<SetPassword>,
) -> Result<StatusCode> {
    users::set_password(&app, &staff, &id, request).await?;
    Ok(StatusCode::NO_CONTENT)
}
