//! Signing in to the page with an API key, which is kept in a cookie that no script can read.

use axum::{
    extract::State,
    response::{IntoResponse, Redirect, Response},
};
use http::{StatusCode, header};
use serde::Deserialize;

use super::{
    browse::Welcome,
    html::{Frame, page},
};
use crate::{
    app::App,
    caller::{SameOrigin, forget_key_cookie, key_cookie},
    error::Result,
    extract::Form,
};

#[derive(Deserialize)]
pub(super) struct Login {
    key: String,
}

pub(super) async fn login(
    State(app): State<App>,
    _: SameOrigin,
    Form(login): Form<Login>,
) -> Result<Response> {
    let Some(cookie) = key_cookie(&app, login.key.trim()).await? else {
        let welcome = Welcome {
            frame: Frame::new("Hulkastorus", false),
            server: app.settings.public_url.clone(),
            refusal: "This key is not known here, is mangled, or has expired.".to_owned(),
        };
        return Ok(page(&app, StatusCode::UNAUTHORIZED, &welcome));
    };
    Ok(([(header::SET_COOKIE, cookie)], Redirect::to("/")).into_response())
}

pub(super) async fn logout(State(app): State<App>, _: SameOrigin) -> Response {
    let cookie = forget_key_cookie(&app);
    ([(header::SET_COOKIE, cookie)], Redirect::to("/")).into_response()
}
