//! Signing in to the page with an API key, which is kept in a cookie that no script can read.

use axum::{
    extract::State,
    response::{IntoResponse, Redirect, Response},
};
use http::header;
use serde::Deserialize;

use super::{
    browse::Welcome,
    html::{Frame, page},
};
use crate::{
    app::App,
    error::{Error, Result},
    http::{
        cookies::{SameOrigin, expired_key_cookie, key_cookie},
        extract::Form,
    },
};

#[derive(Deserialize)]
pub(crate) struct Login {
    key: String,
}

pub(crate) async fn login(
    State(app): State<App>,
    _: SameOrigin,
    Form(login): Form<Login>,
) -> Result<Response> {
    match key_cookie(&app, login.key.trim()).await {
        Ok(cookie) => Ok(([(header::SET_COOKIE, cookie)], Redirect::to("/")).into_response()),
        Err(error) if error.is_fault() => Err(error),
        Err(error) => Ok(refused(&app, error)),
    }
}

/// Shows the form again, with the reason for the refusal.
fn refused(app: &App, error: Error) -> Response {
    let status = error.status();
    let welcome = Welcome {
        frame: Frame::new("Hulkastorus", false),
        server: app.settings.public_url.clone(),
        refusal: error.into_body().error.message,
    };
    page(app, status, &welcome)
}

pub(crate) async fn logout(State(app): State<App>, _: SameOrigin) -> Response {
    let cookie = expired_key_cookie(&app);
    ([(header::SET_COOKIE, cookie)], Redirect::to("/")).into_response()
}
