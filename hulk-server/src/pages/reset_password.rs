//! Setting a new password, for whoever receives the account's mail.

use askama::Template;
use axum::{
    extract::{Query, State},
    response::Response,
};
use http::StatusCode;
use hulk_proto::{
    Password,
    account::{RequestPasswordReset, ResetPassword},
};
use serde::Deserialize;

use super::{
    html::{Frame, page, refusal},
    register::said,
};
use crate::{
    app::App,
    auth::Client,
    error::Result,
    http::{extract::Form, same_origin::SameOrigin},
    ops::accounts::passwords,
};

#[derive(Template)]
#[template(path = "reset-password.html")]
struct Reset {
    frame: Frame,
    /// Empty before the mail was asked for.
    token: String,
    refusal: String,
}

#[derive(Deserialize)]
pub(super) struct Link {
    #[serde(default)]
    token: String,
}

#[derive(Deserialize)]
pub(super) struct Request {
    #[serde(default)]
    email: String,
    #[serde(default)]
    token: String,
    #[serde(default)]
    password: String,
}

pub(super) async fn show(State(app): State<App>, Query(link): Query<Link>) -> Response {
    form(&app, StatusCode::OK, link.token, String::new())
}

fn form(app: &App, status: StatusCode, token: String, refusal: String) -> Response {
    let template = Reset {
        frame: Frame::new("Set a new password", false),
        token,
        refusal,
    };
    page(app, status, &template)
}

pub(super) async fn act(
    State(app): State<App>,
    client: Client,
    _: SameOrigin,
    Form(request): Form<Request>,
) -> Result<Response> {
    let token = request.token.clone();
    let (done, title, message) = match token.is_empty() {
        true => {
            let request = RequestPasswordReset {
                email: request.email,
            };
            let done = passwords::request_reset(&app, &client, request).await;
            let message = "If an account has this address, a mail with a link is on its way to it.";
            (done, "Check your mail", message)
        }
        false => {
            let request = ResetPassword {
                token: Password(request.token),
                new_password: Password(request.password),
            };
            let done = passwords::reset_password(&app, &client, request).await;
            (done, "Your password is set", "Sign in with it.")
        }
    };
    match done {
        Ok(()) => Ok(said(&app, title, message)),
        Err(error) if error.is_fault() => Err(error),
        Err(error) => Ok(refusal(error, |status, message| {
            form(&app, status, token, message)
        })),
    }
}
