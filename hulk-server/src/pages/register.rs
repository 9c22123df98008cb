//! Signing up on the page, and verifying the address.

use askama::Template;
use axum::{
    extract::{Query, State},
    response::Response,
};
use http::StatusCode;
use hulk_proto::{
    Password,
    account::{SignUp, SignedUp},
};
use serde::Deserialize;

use super::html::{Frame, failure, page, refusal};
use crate::{
    app::{App, Signup},
    auth::Client,
    error::{Error, Result},
    http::{extract::Form, same_origin::SameOrigin},
    ops::accounts::{email, sign_up},
};

#[derive(Template)]
#[template(path = "register.html")]
struct Register {
    frame: Frame,
    needs_code: bool,
    email: String,
    refusal: String,
}

#[derive(Template)]
#[template(path = "registered.html")]
struct Registered {
    frame: Frame,
    email: String,
    api_key: String,
}

#[derive(Template)]
#[template(path = "said.html")]
struct Said {
    frame: Frame,
    message: String,
}

#[derive(Deserialize)]
pub(super) struct NewAccount {
    email: String,
    password: String,
    #[serde(default)]
    invite_code: String,
}

#[derive(Deserialize)]
pub(super) struct Verification {
    #[serde(default)]
    token: String,
}

pub(super) async fn show(State(app): State<App>) -> Response {
    match app.settings.signup {
        Signup::Closed => failure(
            &app,
            Error::not_found("page: this server takes no new accounts"),
        ),
        _ => form(&app, StatusCode::OK, String::new(), String::new()),
    }
}

fn form(app: &App, status: StatusCode, email: String, refusal: String) -> Response {
    let template = Register {
        frame: Frame::new("Create an account", false),
        needs_code: matches!(app.settings.signup, Signup::Invite(_)),
        email,
        refusal,
    };
    page(app, status, &template)
}

pub(super) async fn register(
    State(app): State<App>,
    client: Client,
    _: SameOrigin,
    Form(new): Form<NewAccount>,
) -> Result<Response> {
    let email = new.email.clone();
    let code = Some(new.invite_code).filter(|code| !code.is_empty());
    let request = SignUp {
        email: new.email,
        password: Password(new.password),
        first_name: None,
        last_name: None,
        username: None,
        invite_code: code.map(Password),
    };
    match sign_up::sign_up(&app, &client, request).await {
        Ok(SignedUp { user, api_key }) => {
            let template = Registered {
                frame: Frame::new("Check your mail", false),
                email: user.email,
                api_key,
            };
            Ok(page(&app, StatusCode::CREATED, &template))
        }
        Err(error) if error.is_fault() => Err(error),
        Err(error) => Ok(refusal(error, |status, message| {
            form(&app, status, email, message)
        })),
    }
}

/// Verifies the address that the link was sent to.
pub(super) async fn verify_email(
    State(app): State<App>,
    client: Client,
    Query(link): Query<Verification>,
) -> Response {
    match email::verify(&app, &client, None, &link.token).await {
        Ok(()) => said(
            &app,
            "Your address is verified",
            "You can upload files now.",
        ),
        Err(error) => failure(&app, error),
    }
}

/// Renders a page with one sentence.
pub(super) fn said(app: &App, title: &str, message: &str) -> Response {
    let template = Said {
        frame: Frame::new(title, false),
        message: message.to_owned(),
    };
    page(app, StatusCode::OK, &template)
}
