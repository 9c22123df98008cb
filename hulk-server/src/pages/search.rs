//! Search among the user's own files.

use askama::Template;
use axum::{
    extract::{Query, State, rejection::QueryRejection},
    response::Response,
};
use http::StatusCode;
use hulk_proto::{File, ListQuery, Page, limits::MAX_PAGE};
use serde::Deserialize;

use super::{
    caller::SignedInWithin,
    html::{Frame, page},
    view::{Own, Row},
};
use crate::{
    app::App, auth::Caller, error::Result, http::extract::conditions, ops::files::list::list_files,
};

#[derive(Default, Deserialize)]
pub(super) struct Form {
    #[serde(default)]
    q: String,
    cursor: Option<String>,
}

#[derive(Template)]
#[template(path = "search.html")]
struct Search {
    frame: Frame,
    words: String,
    refusal: String,
    own: Own,
}

pub(super) async fn search(
    State(app): State<App>,
    SignedInWithin(caller): SignedInWithin,
    form: std::result::Result<Query<Form>, QueryRejection>,
) -> Response {
    // A malformed query is handled as an empty search, which is refused with a message.
    let Query(form) = form.unwrap_or_default();
    let found = found(&app, &caller, &form).await;
    let mut template = Search {
        frame: Frame::new("Search results", true),
        words: form.q,
        refusal: String::new(),
        own: Own::new(&app, &caller, Vec::new(), "No file matches."),
    };
    let status = match found {
        Ok(found) => {
            template.own.next = next(&template.words, found.next_cursor);
            template.own.rows = found.items.iter().map(row).collect();
            StatusCode::OK
        }
        Err(error) => {
            let status = error.status();
            template.refusal = error.into_body().error.message;
            template.own.empty = "";
            status
        }
    };
    page(&app, status, &template)
}

async fn found(app: &App, caller: &Caller, form: &Form) -> Result<Page<File>> {
    let query = ListQuery {
        filters: conditions(&form.q)?,
        cursor: form.cursor.clone(),
        limit: Some(MAX_PAGE),
        ..ListQuery::default()
    };
    list_files(app, caller.into(), &query).await
}

fn row(file: &File) -> Row {
    let mut row = Row::of_file(file);
    let above = file.path.split().map(|(above, _)| above.to_string());
    let place = format!("in /{}", above.unwrap_or_default());
    row.notes = match row.notes.is_empty() {
        true => place,
        false => format!("{place}, {}", row.notes),
    };
    row
}

/// Returns the query of the next page; empty if there is none.
fn next(words: &str, cursor: Option<String>) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    match cursor {
        Some(cursor) => query
            .append_pair("q", words)
            .append_pair("cursor", &cursor)
            .finish(),
        None => String::new(),
    }
}
