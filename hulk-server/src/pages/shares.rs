//! The user's links.

use askama::Template;
use axum::{extract::State, response::Response};
use http::StatusCode;
use hulk_proto::Share;

use super::{
    caller::MayManage,
    html::{Frame, failure, page},
    view::{date, first_page, more},
};
use crate::{app::App, ops::shares::manage::list_shares};

#[derive(Template)]
#[template(path = "shares.html")]
struct Shares {
    frame: Frame,
    shares: Vec<Row>,
    more: u64,
}

/// A row of the list of links.
struct Row {
    id: String,
    url: String,
    path: String,
    facts: String,
}

pub(super) async fn shares(State(app): State<App>, MayManage(caller): MayManage) -> Response {
    match list_shares(&app, &caller.user, &first_page()).await {
        Ok(shares) => {
            let template = Shares {
                frame: Frame::new("Links", true),
                more: more(&shares),
                shares: shares.items.into_iter().map(row).collect(),
            };
            page(&app, StatusCode::OK, &template)
        }
        Err(error) => failure(&app, error),
    }
}

fn row(share: Share) -> Row {
    let grants = share.permissions;
    let mut facts = Vec::new();
    if grants.can_download {
        facts.push("downloads".to_owned());
    }
    if grants.can_upload {
        facts.push("accepts files".to_owned());
    }
    if share.has_password {
        facts.push("password".to_owned());
    }
    facts.push(match share.max_downloads {
        Some(most) => format!("{} of {most} used", share.download_count),
        None => format!("{} used", share.download_count),
    });
    facts.extend(share.expires_at.map(|end| format!("expires {}", date(end))));
    Row {
        id: share.id.to_string(),
        url: share.url,
        path: share
            .path
            .map_or_else(|| "in the trash".to_owned(), |path| format!("/{path}")),
        facts: facts.join(", "),
    }
}
