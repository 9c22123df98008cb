//! Lists a directory on a server, with everything below it.

use std::collections::HashMap;

use hulk_proto::{
    File,
    directory::DirectoryListing,
    path::{MAX_PATH_BYTES, is_local_name},
};
use reqwest::header;
use url::Url;

use super::run::Run;
use crate::{
    attributes::Attributes,
    client::pages::Cursors,
    error::{Error, Result},
    http::{
        answer::{refuse_errors, unreachable},
        page_url,
    },
    transfer::download::link::Link,
};

/// A directory on a server, with everything in it.
pub(crate) struct Listed {
    pub(crate) url: Url,
    pub(crate) name: String,
    pub(crate) attributes: Attributes,
    pub(crate) files: Vec<Wanted>,
    /// Attributes, by path relative to the top.
    pub(crate) directories: HashMap<String, Attributes>,
    /// Entries with names that are not safe here.
    pub(crate) failed: Vec<(String, Error)>,
}

/// A file, and its path relative to the top of the tree.
pub(crate) struct Wanted {
    pub(crate) relative: String,
    pub(crate) file: File,
}

/// Drops what the filters exclude.
///
/// # Errors
/// `not_found` if nothing is left.
pub(crate) fn choose(run: &Run<'_>, listed: &mut Listed) -> Result<()> {
    let chosen = &run.chosen;
    let before = (listed.files.len(), listed.directories.len());
    listed
        .files
        .retain(|wanted| chosen.takes_file(&wanted.relative));
    let takes_directories = chosen.takes_empty_directories();
    let taken = listed
        .directories
        .keys()
        .filter(|path| takes_directories && chosen.enters(path));
    let after = (listed.files.len(), taken.count());
    let is_left_out = chosen.has_includes() || before != after;
    match is_left_out && after == (0, 0) && listed.failed.is_empty() {
        true => Err(chosen.nothing()),
        false => Ok(()),
    }
}

/// Lists all files and directories below a directory.
pub(crate) async fn list(run: &Run<'_>, top: Url) -> Result<Listed> {
    let mut listed = Listed {
        url: top.clone(),
        name: String::new(),
        attributes: Attributes::default(),
        files: Vec::new(),
        directories: HashMap::new(),
        failed: Vec::new(),
    };
    let mut cursors = Cursors::of_directories();
    let mut is_entered = false;
    let mut left = vec![(top, String::new())];
    while let Some((url, above)) = left.pop() {
        let mut cursor = None;
        loop {
            let page = page(&run.link(url.clone()), cursor.as_deref()).await?;
            if !is_entered {
                is_entered = true;
                cursors.enter(&page.directory.id)?;
                let here = page.directory.path.split().map(|(_, name)| name.to_owned());
                listed.name = here.unwrap_or_else(|| "files".to_owned());
                listed.attributes = Attributes::from_metadata(&page.directory.metadata);
            }
            let entries = page.directories.len() + page.files.len();
            for directory in page.directories {
                cursors.enter(&directory.id)?;
                let name = directory.path.split().map_or("", |(_, name)| name);
                let Some(relative) = listed.named(&above, name)? else {
                    continue;
                };
                let url = page_url(&url, &["b", directory.id.as_str()]);
                left.push((url, format!("{relative}/")));
                let attributes = Attributes::from_metadata(&directory.metadata);
                listed.directories.insert(relative, attributes);
            }
            for file in page.files {
                if let Some(relative) = listed.named(&above, &file.filename)? {
                    listed.files.push(Wanted { relative, file });
                }
            }
            cursor = cursors.turn(entries, page.next_cursor)?;
            if cursor.is_none() {
                break;
            }
        }
    }
    Ok(listed)
}

impl Listed {
    /// Paths of all files, beginning with the directory's own name.
    pub(crate) fn paths(&self) -> impl Iterator<Item = String> {
        let files = self.files.iter();
        files.map(|wanted| format!("{}/{}", self.name, wanted.relative))
    }

    /// Path of an entry of a directory; `None` if its name is not safe here, which is recorded in
    /// `failed`.
    ///
    /// # Errors
    /// If the path is longer than a server allows, so that endlessly nested directories come to an end.
    fn named(&mut self, above: &str, name: &str) -> Result<Option<String>> {
        let relative = format!("{above}{name}");
        if relative.len() > MAX_PATH_BYTES {
            return Err(Error::failed(format!(
                "the server sent a path of more than {MAX_PATH_BYTES} bytes"
            )));
        }
        if is_local_name(name) {
            return Ok(Some(relative));
        }
        let why = format!("the server sent an unsafe name: {name:?}");
        self.failed.push((relative, Error::failed(why)));
        Ok(None)
    }
}

async fn page(link: &Link, cursor: Option<&str>) -> Result<DirectoryListing> {
    let retry_policy = link.net.first_contact_policy();
    let body = retry_policy
        .retry(async || {
            let mut request = link.request().header(header::ACCEPT, "application/json");
            if let Some(cursor) = cursor {
                let mut url = link.url.clone();
                url.query_pairs_mut().append_pair("cursor", cursor);
                request = link
                    .at(url)
                    .request()
                    .header(header::ACCEPT, "application/json");
            }
            let answered = request.send().await;
            let answer = answered.map_err(|error| unreachable(&link.url, &error))?;
            refuse_errors(answer).await
        })
        .await?;
    serde_json::from_slice(&body).map_err(|_| link.not_a_link())
}
