//! The web pages: rendered here, with scripts that call the same API as the command.

mod assets;
mod browse;
mod caller;
mod device;
mod html;
mod login;
mod register;
mod reset_password;
mod search;
mod share;
mod shares;
mod trash;
mod versions;
mod view;

use axum::{
    Router,
    middleware::{from_fn_with_state, map_response, map_response_with_state},
    routing::{get, post},
};

use crate::{
    app::App,
    http::{answers, cookies},
};
pub(crate) use browse::listing;
pub(crate) use caller::resume_session;
pub(crate) use html::failure;
pub(crate) use share::show as share_page;

pub(crate) fn router(app: &App) -> Router<App> {
    Router::new()
        .route("/", get(browse::home))
        .route("/app/browse/{*path}", get(browse::directory))
        .route("/app/search", get(search::search))
        .route("/app/versions/{id}", get(versions::versions))
        .route("/app/trash", get(trash::trash))
        .route("/app/shares", get(shares::shares))
        .route("/login", get(login::show).post(login::login))
        .route("/login/once", get(login::once).head(login::show))
        .route("/logout", post(login::logout))
        .route("/refresh", get(login::resume).post(login::refresh))
        .route("/register", get(register::show).post(register::register))
        .route("/device", get(device::show).post(device::act))
        .route("/verify-email", get(register::verify_email))
        .route(
            "/reset-password",
            get(reset_password::show).post(reset_password::act),
        )
        .route("/qr.svg", get(share::qr))
        .route("/s/{token}", post(share::act))
        .layer(map_response_with_state(app.answers.clone(), answers::hold))
        .layer(map_response(answers::uncached))
        .layer(from_fn_with_state(app.clone(), cookies::expire_key_cookie))
        // Assets are part of the program and do not count against the memory for answers.
        .route("/static/{version}/{*name}", get(assets::show))
}
