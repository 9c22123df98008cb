//! Lists, which come in pages.

use hulk_proto::{ListQuery, Page, limits::MAX_PAGE};
use reqwest::Method;
use serde::de::DeserializeOwned;

use super::Client;
use crate::error::Result;

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
    query.limit = Some(MAX_PAGE);
    loop {
        let found = page(query.clone()).await?;
        let is_last = found.items.is_empty();
        items.extend(found.items);
        match found.next_cursor {
            Some(cursor) => query.cursor = Some(cursor),
            None if is_last || items.len() as u64 >= found.total => return Ok(items),
            None => query.offset = Some(items.len() as u64),
        }
    }
}

/// A query for what has this value.
pub(crate) fn by(property: &str, value: &str) -> ListQuery {
    ListQuery {
        filters: vec![(property.to_owned(), value.to_owned())],
        ..ListQuery::default()
    }
}
