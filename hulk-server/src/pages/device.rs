//! Letting a program log in: the user types its code, sees who asks, and decides.

use askama::Template;
use axum::{extract::State, response::Response};
use http::StatusCode;
use serde::Deserialize;

use super::{
    caller::SignedInTo,
    html::{Frame, page, refusal},
    register::said,
};
use crate::{
    app::App,
    auth::Client,
    error::Result,
    http::{extract::Form, same_origin::SameOrigin},
    ops::accounts::device::{Waiting, decide, find_waiting},
};

#[derive(Template)]
#[template(path = "device.html")]
struct Device {
    frame: Frame,
    refusal: String,
}

#[derive(Template)]
#[template(path = "device-decision.html")]
struct Decision {
    frame: Frame,
    user: String,
    waiting: Waiting,
    /// When it asked, as it is shown.
    since: String,
}

#[derive(Deserialize)]
pub(super) struct Typed {
    user_code: String,
    /// `approve` or `deny`; missing while only the code was typed.
    #[serde(default)]
    decision: String,
}

/// Asks for the code. It is never in the URL: whoever sends somebody a link must not have typed it for them.
pub(super) async fn show(State(app): State<App>, SignedInTo(_): SignedInTo) -> Response {
    form(&app, StatusCode::OK, String::new())
}

fn form(app: &App, status: StatusCode, refusal: String) -> Response {
    let template = Device {
        frame: Frame::new("Log in a program", true),
        refusal,
    };
    page(app, status, &template)
}

pub(super) async fn act(
    State(app): State<App>,
    client: Client,
    _: SameOrigin,
    SignedInTo(caller): SignedInTo,
    Form(typed): Form<Typed>,
) -> Result<Response> {
    let code = typed.user_code.as_str();
    let decided = match typed.decision.as_str() {
        "approve" => Some(decide(&app, &client, &caller, code, true).await),
        "deny" => Some(decide(&app, &client, &caller, code, false).await),
        _ => None,
    };
    let is_approved = typed.decision == "approve";
    let found = match decided {
        Some(Ok(waiting)) => {
            let (title, message) = match is_approved {
                true => (
                    "It is logged in",
                    format!("{} has a key of yours now.", waiting.client),
                ),
                false => ("Refused", format!("{} gets no key.", waiting.client)),
            };
            return Ok(said(&app, title, &message));
        }
        Some(Err(error)) => Err(error),
        None => find_waiting(&app, &client, &caller, code).await,
    };
    match found {
        Ok(waiting) => {
            let template = Decision {
                frame: Frame::new("Log in a program", true),
                user: caller.user.email.clone(),
                since: waiting.since.to_string(),
                waiting,
            };
            Ok(page(&app, StatusCode::OK, &template))
        }
        Err(error) if error.is_fault() => Err(error),
        Err(error) => Ok(refusal(error, |status, message| {
            form(&app, status, message)
        })),
    }
}
