//! A share as its visitors see it: its properties, a form for the password, a button that downloads, a place
//! to drop files.

use askama::Template;
use axum::{
    extract::{Query, State},
    response::{IntoResponse, Redirect, Response},
};
use http::{Method, StatusCode, header};
use hulk_proto::{
    Id, Password, ShareToken,
    share::{PublicShare, ShareAction},
    trash::EntryKind,
};
use qrcode::{QrCode, render::svg};
use serde::Deserialize;

use super::{
    html::{Frame, failure, page, refusal},
    view::{Row, date, size},
};
use crate::{
    app::App,
    error::{Error, Result},
    http::{
        cookies::pass_cookie,
        extract::{Form, PathToken},
        same_origin::SameOrigin,
        share_access::ShareAccess,
    },
    ops::{
        files::download::{Follower, Link, resolve_link},
        shares::{
            link::ShareCredentials,
            open,
            public::{show_share, unlock_share},
        },
    },
};

#[derive(Template)]
#[template(path = "share.html")]
struct Shared {
    frame: Frame,
    token: String,
    name: String,
    size: String,
    sha256: String,
    file_id: String,
    needs_password: bool,
    is_file: bool,
    can_download: bool,
    can_upload: bool,
    /// Whether downloads are counted, and so begin only with a button.
    is_counted: bool,
    facts: String,
    max_file_bytes: u64,
    rows: Vec<Row>,
    next: String,
    refusal: String,
}

pub(crate) fn show(app: &App, token: &ShareToken, shown: PublicShare) -> Response {
    rendered(app, token, shown, (StatusCode::OK, String::new()))
}

fn rendered(
    app: &App,
    token: &ShareToken,
    shown: PublicShare,
    (status, refusal): (StatusCode, String),
) -> Response {
    let name = shown
        .filename
        .clone()
        .unwrap_or_else(|| "Shared with you".to_owned());
    let directories = shown.directories.iter();
    let rows = directories
        .map(|directory| Row::of_directory(directory, directory.url.clone()))
        .chain(shown.files.iter().map(Row::of_file));
    let template = Shared {
        frame: Frame::new(&name, false),
        token: token.to_string(),
        size: shown.size_bytes.map(size).unwrap_or_default(),
        sha256: shown
            .sha256
            .map(|sha256| sha256.to_string())
            .unwrap_or_default(),
        file_id: shown
            .file_id
            .as_ref()
            .map(ToString::to_string)
            .unwrap_or_default(),
        needs_password: shown.needs_password,
        is_file: shown.kind == EntryKind::File,
        can_download: shown.permissions.can_download,
        can_upload: shown.permissions.can_upload,
        is_counted: shown.downloads_left.is_some(),
        facts: facts(&shown),
        max_file_bytes: shown.max_file_bytes.unwrap_or(0),
        rows: rows.collect(),
        next: shown.next_cursor.clone().unwrap_or_default(),
        name,
        refusal,
    };
    page(app, status, &template)
}

fn facts(shown: &PublicShare) -> String {
    let mut facts = Vec::new();
    facts.extend(shown.downloads_left.map(|left| match left {
        0 => "no downloads left".to_owned(),
        1 => "one download left".to_owned(),
        left => format!("{left} downloads left"),
    }));
    facts.extend(shown.expires_at.map(|end| format!("expires {}", date(end))));
    facts.extend(
        shown
            .max_file_bytes
            .map(|most| format!("files up to {}", size(most))),
    );
    facts.join(" · ")
}

/// Fields of the page's forms, which send one of the two.
#[derive(Deserialize)]
pub(super) struct Asked {
    password: Option<Password>,
    file_id: Option<Id>,
}

/// Handles the form for the password, or the button that downloads: only this uses up a counted link.
pub(super) async fn act(
    State(app): State<App>,
    _: SameOrigin,
    ShareAccess(credentials): ShareAccess,
    PathToken(token): PathToken,
    Form(asked): Form<Asked>,
) -> Response {
    match (asked.password, asked.file_id) {
        (Some(password), _) => unlock(&app, &token, &credentials, &password).await,
        (None, Some(id)) => match begin(&app, &token, &credentials, id).await {
            Ok(url) => Redirect::to(&url).into_response(),
            Err(error) => failure(&app, error),
        },
        (None, None) => failure(&app, Error::validation("password", "is missing")),
    }
}

async fn unlock(
    app: &App,
    token: &ShareToken,
    credentials: &ShareCredentials,
    password: &Password,
) -> Response {
    let unlocked = unlock_share(app, token, password, credentials.address).await;
    let cookie = match unlocked {
        Ok((share_id, unlocked)) => pass_cookie(app, &share_id, &unlocked),
        Err(error) => return again(app, token, credentials, error).await,
    };
    match cookie {
        Ok(cookie) => {
            let back = Redirect::to(&format!("/s/{token}"));
            ([(header::SET_COOKIE, cookie)], back).into_response()
        }
        Err(error) => failure(app, error),
    }
}

/// Shows the same page, with the reason for the refusal.
async fn again(
    app: &App,
    token: &ShareToken,
    credentials: &ShareCredentials,
    error: Error,
) -> Response {
    let shown = show_share(app, token, credentials, None).await;
    match shown {
        Ok(shown) => refusal(error, |status, message| {
            rendered(app, token, shown, (status, message))
        }),
        Err(_) => failure(app, error),
    }
}

async fn begin(
    app: &App,
    token: &ShareToken,
    credentials: &ShareCredentials,
    id: Id,
) -> Result<String> {
    let opened = open(app, token, credentials, ShareAction::Download).await?;
    let follower = Follower {
        scope: None,
        share: Some((&opened, credentials)),
        saves: true,
        is_root: false,
    };
    let resolved = resolve_link(app, &Link::Id(id), follower, &Method::GET, None).await?;
    Ok(resolved.presigned.url)
}

#[derive(Deserialize)]
pub(super) struct Drawn {
    link: String,
}

/// Draws a link of this server as a QR code.
pub(super) async fn qr(State(app): State<App>, Query(drawn): Query<Drawn>) -> Response {
    let is_ours = drawn
        .link
        .starts_with(&format!("{}/", app.settings.public_url));
    let code = QrCode::new(&drawn.link).ok().filter(|_| is_ours);
    let Some(code) = code else {
        return failure(&app, Error::not_found("link"));
    };
    let svg = code
        .render::<svg::Color<'_>>()
        .min_dimensions(240, 240)
        .build();
    let headers = [
        (header::CONTENT_TYPE, "image/svg+xml"),
        (header::CACHE_CONTROL, "no-store"),
    ];
    (headers, svg).into_response()
}
