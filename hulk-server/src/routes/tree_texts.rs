//! `/b/:id?as=…`: lists everything below a directory, for clients that have only `curl` and `sha256sum`.

use std::str::FromStr;

use axum::{
    body::Body,
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use futures_util::stream;
use http::header;
use hulk_proto::{Id, directory::DirectoryListing};

use crate::{
    app::App,
    auth::{Caller, scope::Scope},
    error::{Error, Result},
    ops::{
        browse::{browse_directory, browse_shared},
        shares::link::Opened,
    },
};

/// Form of the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TreeForm {
    /// A configuration for `curl -K`.
    Curl,
    /// Checksums for `sha256sum -c`.
    Sha256Sums,
}

impl FromStr for TreeForm {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        match text {
            "curl" => Ok(Self::Curl),
            "sha256sums" => Ok(Self::Sha256Sums),
            _ => Err(Error::validation("as", "expected curl or sha256sums")),
        }
    }
}

/// On whose behalf the tree is listed.
pub(super) enum Viewer {
    Share(Box<Opened>),
    /// A user; `None` for anyone.
    User(Option<Box<Caller>>),
}

/// A list that is being sent.
struct Listing {
    app: App,
    viewer: Viewer,
    form: TreeForm,
    /// Directories that are still to be listed, with their paths and cursors.
    left: Vec<(Id, String, Option<String>)>,
}

/// Sends the list page by page, so that it needs the same memory however large the tree is. The first page is
/// read before the answer begins, so that an error still gets its status.
///
/// # Errors
/// `NOT_FOUND`.
pub(super) async fn send(app: &App, viewer: Viewer, form: TreeForm, id: &Id) -> Result<Response> {
    let mut list = Listing {
        app: app.clone(),
        viewer,
        form,
        left: Vec::new(),
    };
    let listing = list.page(id, None).await?;
    let name = listing.directory.path.split();
    let name = name.map_or_else(|| "files".to_owned(), |(_, name)| name.to_owned());
    let mut first = list.head(&listing.directory.url);
    first.push_str(&list.text(id.clone(), &name, listing));
    let rest = stream::try_unfold(list, |mut list| async move {
        let Some((id, path, cursor)) = list.left.pop() else {
            return Ok::<_, std::io::Error>(None);
        };
        let listing = list.page(&id, cursor).await;
        // The answer breaks off, so that no client takes a part for the whole.
        let listing = listing.map_err(std::io::Error::other)?;
        let text = list.text(id, &path, listing);
        Ok(Some((Bytes::from(text), list)))
    });
    let first = stream::iter([Ok(Bytes::from(first))]);
    let body = Body::from_stream(futures_util::StreamExt::chain(first, rest));
    let kind = [(header::CONTENT_TYPE, "text/plain; charset=utf-8")];
    Ok((kind, body).into_response())
}

impl Listing {
    async fn page(&self, id: &Id, cursor: Option<String>) -> Result<DirectoryListing> {
        match &self.viewer {
            Viewer::Share(opened) => browse_shared(&self.app, opened, id.as_str(), cursor).await,
            Viewer::User(caller) => {
                let scope = caller.as_deref().map(Scope::from);
                browse_directory(&self.app, id, scope, cursor).await
            }
        }
    }

    /// Returns a head that says how to use the list. A checksum file has no place for it.
    fn head(&self, url: &str) -> String {
        let separator = if url.contains('?') { '&' } else { '?' };
        match self.form {
            TreeForm::Sha256Sums => String::new(),
            TreeForm::Curl => format!(
                "# curl -fsS '{url}{separator}as=curl' -o files.curl && curl -K files.curl\n\
                 # curl -fsS '{url}{separator}as=sha256sums' -o files.sums && sha256sum -c files.sums\n\
                 create-dirs\nlocation\nfail\nfail-early\ngloboff\n"
            ),
        }
    }

    /// Returns the files of a page of the directory at `path`, and queues its directories and its next page.
    fn text(&mut self, id: Id, path: &str, listing: DirectoryListing) -> String {
        let mut text = String::new();
        for file in &listing.files {
            let path = format!("{path}/{}", file.filename);
            text.push_str(&match (self.form, &file.sha256) {
                (TreeForm::Curl, _) => {
                    format!("url = {}\noutput = {}\n", quoted(&file.url), quoted(&path))
                }
                (TreeForm::Sha256Sums, Some(sha256)) => sum(&sha256.to_string(), &path),
                (TreeForm::Sha256Sums, None) => format!("# not known: {path}\n"),
            });
        }
        if let Some(cursor) = listing.next_cursor {
            self.left.push((id, path.to_owned(), Some(cursor)));
        }
        for directory in listing.directories {
            let name = directory.path.split().map_or("", |(_, name)| name);
            self.left
                .push((directory.id, format!("{path}/{name}"), None));
        }
        text
    }
}

/// Quotes text for `curl`: no name has other characters that need an escape.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

/// Formats a line as `sha256sum` does.
fn sum(sha256: &str, path: &str) -> String {
    match path.contains('\\') {
        true => format!("\\{sha256}  {}\n", path.replace('\\', "\\\\")),
        false => format!("{sha256}  {path}\n"),
    }
}
