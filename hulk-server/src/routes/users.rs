//! `/api/v1/users`

use axum::{Json as Answer, extract::State};
use http::StatusCode;
use hulk_proto::{
    ErrorBody, Usage,
    account::{ChangePassword, ChangeUser, DeleteUser, SignUp, SignedUp, VerifyEmail},
    user::User,
};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    app::App,
    auth::Client,
    error::Result,
    http::{
        caller::{CanManage, CanRead},
        extract::{Json, PathId},
    },
    ops::accounts::{deletion, email, passwords, profile, sign_up, usage::show_usage},
};

/// Routes that need no credential.
pub(super) fn open_router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(create))
        .routes(routes!(verify_email))
}

pub(super) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(show, change, delete))
        .routes(routes!(usage))
        .routes(routes!(send_verification))
        .routes(routes!(change_password))
}

/// Create an account, with a first key that is shown only in this response
#[utoipa::path(post, path = "/api/v1/users", tag = "users", request_body = SignUp,
    responses((status = 201, body = SignedUp), (status = 400, body = ErrorBody),
        (status = 403, body = ErrorBody), (status = 409, body = ErrorBody)))]
async fn create(
    State(app): State<App>,
    client: Client,
    Json(request): Json<SignUp>,
) -> Result<(StatusCode, Answer<SignedUp>)> {
    let signed_up = sign_up::sign_up(&app, &client, request).await?;
    Ok((StatusCode::CREATED, Answer(signed_up)))
}

/// Show your profile
#[utoipa::path(get, path = "/api/v1/users/{id}", tag = "users", params(("id" = String, Path)),
    responses((status = 200, body = User), (status = 404, body = ErrorBody)))]
async fn show(CanRead(caller): CanRead, PathId(id): PathId) -> Result<Answer<User>> {
    profile::show_user(caller, &id).map(Answer)
}

/// Change what you are called
#[utoipa::path(put, path = "/api/v1/users/{id}", tag = "users", params(("id" = String, Path)),
    request_body = ChangeUser,
    responses((status = 200, body = User), (status = 400, body = ErrorBody),
        (status = 404, body = ErrorBody), (status = 409, body = ErrorBody)))]
async fn change(
    State(app): State<App>,
    CanManage(caller): CanManage,
    PathId(id): PathId,
    Json(request): Json<ChangeUser>,
) -> Result<Answer<User>> {
    profile::change_user(&app, &caller, &id, request)
        .await
        .map(Answer)
}

/// Delete your account and everything that it has
#[utoipa::path(delete, path = "/api/v1/users/{id}", tag = "users", params(("id" = String, Path)),
    request_body = DeleteUser,
    responses((status = 204), (status = 400, body = ErrorBody), (status = 404, body = ErrorBody),
        (status = 409, body = ErrorBody)))]
async fn delete(
    State(app): State<App>,
    client: Client,
    CanManage(caller): CanManage,
    PathId(id): PathId,
    Json(request): Json<DeleteUser>,
) -> Result<StatusCode> {
    deletion::delete_own(&app, &client, &caller, &id, request).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Send the mail that verifies your address again
#[utoipa::path(post, path = "/api/v1/users/{id}/email-verification", tag = "users",
    params(("id" = String, Path)), responses((status = 204), (status = 404, body = ErrorBody)))]
async fn send_verification(
    State(app): State<App>,
    client: Client,
    CanManage(caller): CanManage,
    PathId(id): PathId,
) -> Result<StatusCode> {
    email::send_verification(&app, &client, &caller, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Verify an address with the token of such a mail
#[utoipa::path(put, path = "/api/v1/users/{id}/email-verification", tag = "users",
    params(("id" = String, Path)), request_body = VerifyEmail,
    responses((status = 204), (status = 400, body = ErrorBody)))]
async fn verify_email(
    State(app): State<App>,
    client: Client,
    PathId(id): PathId,
    Json(request): Json<VerifyEmail>,
) -> Result<StatusCode> {
    email::verify(&app, &client, Some(&id), &request.token.0).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Change your password; ends all other sessions
#[utoipa::path(put, path = "/api/v1/users/{id}/password", tag = "users",
    params(("id" = String, Path)), request_body = ChangePassword,
    responses((status = 204), (status = 400, body = ErrorBody), (status = 404, body = ErrorBody)))]
async fn change_password(
    State(app): State<App>,
    client: Client,
    CanManage(caller): CanManage,
    PathId(id): PathId,
    Json(request): Json<ChangePassword>,
) -> Result<StatusCode> {
    passwords::change_password(&app, &client, &caller, &id, request).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Show what you store
#[utoipa::path(get, path = "/api/v1/users/{id}/usage", tag = "users",
    params(("id" = String, Path)),
    responses((status = 200, body = Usage), (status = 404, body = ErrorBody)))]
async fn usage(
    State(app): State<App>,
    CanRead(caller): CanRead,
    PathId(id): PathId,
) -> Result<Answer<Usage>> {
    show_usage(&app, &caller.user, &id).await.map(Answer)
}
