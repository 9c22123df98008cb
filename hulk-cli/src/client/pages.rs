//! Lists, which come in pages, and end.

use std::collections::HashSet;

use hulk_proto::{Id, ListQuery, Page, limits::MAX_PAGE};
use reqwest::Method;
use serde::de::DeserializeOwned;

use super::Client;
use crate::error::{Error, Result};

/// More than this nobody has listed, nor holds in memory.
const MOST_ENTRIES: usize = 5_000_000;
/// With a few entries on each page, a list would go on as long as anybody likes: beyond so many pages it
/// has at least so many entries on each.
const MOST_THIN_PAGES: usize = 1000;
const LEAST_ENTRIES: usize = 10;
/// Of the list of a directory, how many pages in a row may have nothing: what is on them may not be
/// for everybody's eyes.
const MOST_EMPTY_PAGES: usize = 100;

impl Client {
    pub(super) async fn list<T: DeserializeOwned>(
        &self,
        path: &str,
        query: &ListQuery,
    ) -> Result<Page<T>> {
        self.list_pairs(path, &query.to_pairs()).await
    }

    pub(super) async fn list_pairs<T: DeserializeOwned>(
        &self,
        path: &str,
        pairs: &[(String, String)],
    ) -> Result<Page<T>> {
        let query = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs(pairs)
            .finish();
        self.send(self.api_with(Method::GET, path, &query)?).await
    }
}

/// All pages of a list.
pub(crate) async fn all_pages<T, F>(
    mut query: ListQuery,
    page: impl Fn(ListQuery) -> F,
) -> Result<Vec<T>>
where
    F: Future<Output = Result<Page<T>>>,
{
    let mut items = Vec::new();
    let mut cursors = Cursors::default();
    query.limit = Some(MAX_PAGE);
    loop {
        let found = page(query.clone()).await?;
        let count = found.items.len();
        items.extend(found.items);
        match cursors.turn(count, found.next_cursor)? {
            Some(cursor) => query.cursor = Some(cursor),
            // A list with cursors ends where none is told; one with offsets, where nothing is left.
            None if count == 0 || query.cursor.is_some() => return Ok(items),
            None if items.len() as u64 >= found.total => return Ok(items),
            None => query.offset = Some(items.len() as u64),
        }
    }
}

/// Sees to it that a list ends, whatever a server says: a page after which the same would come
/// again is an error, and so is a list without end.
#[derive(Default)]
pub(crate) struct Cursors {
    /// Digests of those of this list: what a server tells may be of any length.
    seen: HashSet<blake3::Hash>,
    directories: HashSet<Id>,
    /// On all pages, of all lists.
    entries: usize,
    /// Of this list.
    pages: usize,
    /// Pages in a row.
    empty: usize,
    may_be_empty: usize,
}

impl Cursors {
    /// Of lists of directories, one after the other.
    pub(crate) fn of_directories() -> Self {
        Self {
            may_be_empty: MOST_EMPTY_PAGES,
            ..Self::default()
        }
    }

    /// Counts a page and answers the cursor of the next one; `None` at the end of this list.
    ///
    /// # Errors
    /// `unreachable` if the list would not end.
    pub(crate) fn turn(&mut self, entries: usize, next: Option<String>) -> Result<Option<String>> {
        self.count(entries)?;
        let Some(next) = next else {
            self.seen.clear();
            (self.empty, self.pages) = (0, 0);
            return Ok(None);
        };
        self.pages += 1;
        if self.pages > MOST_THIN_PAGES + self.entries / LEAST_ENTRIES {
            return Err(endless(
                "the server's list goes on, with next to nothing on each page",
            ));
        }
        self.empty = match entries {
            0 => self.empty + 1,
            _ => 0,
        };
        if self.empty > self.may_be_empty {
            return Err(endless("the server's list goes on, but nothing is on it"));
        }
        match self.seen.insert(blake3::hash(next.as_bytes())) {
            true => Ok(Some(next)),
            false => Err(endless("the server's list repeats itself")),
        }
    }

    /// Enters a directory whose list is to come.
    ///
    /// # Errors
    /// `unreachable` if it was told before: then it is in itself.
    pub(crate) fn enter(&mut self, directory: &Id) -> Result<()> {
        match self.directories.insert(directory.clone()) {
            true => Ok(()),
            false => Err(endless(format!(
                "the server's list repeats itself: directory {directory} is in it twice"
            ))),
        }
    }

    /// Counts what another list has.
    ///
    /// # Errors
    /// `unreachable` if it is more than any list has.
    pub(crate) fn count(&mut self, entries: usize) -> Result<()> {
        self.entries = self.entries.saturating_add(entries);
        match self.entries > MOST_ENTRIES {
            true => Err(endless(format!(
                "the server's list has more than {MOST_ENTRIES} entries"
            ))),
            false => Ok(()),
        }
    }
}

fn endless(what: impl Into<String>) -> Error {
    Error::unreachable(what)
        .with_hint("run the same command again; if it says so again, the server is out of order")
}

/// A query for what has this value.
pub(crate) fn by(property: &str, value: &str) -> ListQuery {
    ListQuery {
        filters: vec![(property.to_owned(), value.to_owned())],
        ..ListQuery::default()
    }
}
