//! `/api/v1/device-codes`

use axum::{Json as Answer, extract::State};
use http::StatusCode;
use hulk_proto::{
    ErrorBody,
    device::{DeviceCode, DeviceKey, RedeemDeviceCode, RequestDeviceCode},
};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{app::App, auth::Client, error::Result, http::extract::Json, ops::accounts::device};

pub(super) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(create))
        .routes(routes!(redeem))
}

/// Ask for codes with which a user lets a program log in, as in RFC 8628
#[utoipa::path(post, path = "/api/v1/device-codes", tag = "sessions", request_body = RequestDeviceCode,
    responses((status = 201, body = DeviceCode), (status = 400, body = ErrorBody)))]
async fn create(
    State(app): State<App>,
    client: Client,
    Json(request): Json<RequestDeviceCode>,
) -> Result<(StatusCode, Answer<DeviceCode>)> {
    let code = device::request_code(&app, &client, &request.client_name).await?;
    Ok((StatusCode::CREATED, Answer(code)))
}

/// Get the program's key, once the user has agreed
#[utoipa::path(post, path = "/api/v1/device-codes/token", tag = "sessions",
    request_body = RedeemDeviceCode,
    responses((status = 201, body = DeviceKey), (status = 400, body = ErrorBody),
        (status = 403, body = ErrorBody)))]
async fn redeem(
    State(app): State<App>,
    Json(request): Json<RedeemDeviceCode>,
) -> Result<(StatusCode, Answer<DeviceKey>)> {
    let key = device::redeem(&app, &request.device_code.0).await?;
    Ok((StatusCode::CREATED, Answer(key)))
}
