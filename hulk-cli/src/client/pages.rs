//! Lists, which arrive in pages and must end.

use std::collections::HashSet;

use hulk_proto::{Id, ListQuery, Page, limits::MAX_PAGE};
use reqwest::Method;
use serde::de::DeserializeOwned;

use super::Client;
use crate::error::{Error, Result};

/// Most entries of a list; no user has more, and memory would not hold them.
const MOST_ENTRIES: usize = 5_000_000;
/// With few entries on each page, a server could send a list without end: beyond this many pages, each
/// further page needs `LEAST_ENTRIES` on average.
const MOST_THIN_PAGES: usize = 1000;
const LEAST_ENTRIES: usize = 10;
/// How many pages in a row may be empty in the list of a directory: their entries may be hidden from this
/// user.
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

/// Reads all pages of a list.
pub(crate) async fn all_pages<T, F>(
    query: ListQuery,
    page: impl Fn(ListQuery) -> F,
) -> Result<Vec<T>>
where
    F: Future<Output = Result<Page<T>>>,
{
    first_items(usize::MAX, query, page).await
}

/// Reads as many pages of a list as its first `most` items are on.
pub(crate) async fn first_items<T, F>(
    most: usize,
    mut query: ListQuery,
    page: impl Fn(ListQuery) -> F,
) -> Result<Vec<T>>
where
    F: Future<Output = Result<Page<T>>>,
{
    let mut items = Vec::new();
    let mut cursors = Cursors::default();
    while items.len() < most {
        let left = u32::try_from(most - items.len()).unwrap_or(MAX_PAGE);
        query.limit = Some(left.min(MAX_PAGE));
        let found = page(query.clone()).await?;
        let count = found.items.len();
        items.extend(found.items);
        match cursors.turn(count, found.next_cursor)? {
            Some(cursor) => query.cursor = Some(cursor),
            // A list with cursors ends where none is returned; one with offsets, where nothing is left.
            None if count == 0 || query.cursor.is_some() => break,
            None if items.len() as u64 >= found.total => break,
            None => query.offset = Some(items.len() as u64),
        }
    }
    items.truncate(most);
    Ok(items)
}

/// Makes sure that a list ends, whatever a server sends: a repeated cursor is an error, and so is a list
/// without end.
#[derive(Default)]
pub(crate) struct Cursors {
    /// Digests of the cursors of this list: a server may send cursors of any length.
    seen: HashSet<blake3::Hash>,
    directories: HashSet<Id>,
    /// Entries on all pages of all lists.
    entries: usize,
    /// Pages of this list.
    pages: usize,
    /// Empty pages in a row.
    empty: usize,
    may_be_empty: usize,
}

impl Cursors {
    /// Creates cursors for lists of directories, one after the other.
    pub(crate) fn of_directories() -> Self {
        Self {
            may_be_empty: MOST_EMPTY_PAGES,
            ..Self::default()
        }
    }

    /// Counts a page and returns the cursor of the next one; `None` at the end of this list.
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
                "the server's list does not end, with almost nothing on each page",
            ));
        }
        self.empty = match entries {
            0 => self.empty + 1,
            _ => 0,
        };
        if self.empty > self.may_be_empty {
            return Err(endless(
                "the server's list does not end, but its pages are empty",
            ));
        }
        match self.seen.insert(blake3::hash(next.as_bytes())) {
            true => Ok(Some(next)),
            false => Err(endless("the server's list repeats itself")),
        }
    }

    /// Records a directory whose list is read next.
    ///
    /// # Errors
    /// `unreachable` if it was recorded before: then it contains itself.
    pub(crate) fn enter(&mut self, directory: &Id) -> Result<()> {
        match self.directories.insert(directory.clone()) {
            true => Ok(()),
            false => Err(endless(format!(
                "the server's list repeats itself: directory {directory} is in it twice"
            ))),
        }
    }

    /// Counts the entries of another list.
    ///
    /// # Errors
    /// `unreachable` if there are more than any list has.
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
        .with_hint("run the same command again; if it fails the same way, the server is faulty")
}

/// Returns a query for entries whose `property` has this value.
pub(crate) fn by(property: &str, value: &str) -> ListQuery {
    ListQuery {
        filters: vec![(property.to_owned(), value.to_owned())],
        ..ListQuery::default()
    }
}
