//! Pages of lists.

use hulk_proto::{ListQuery, limits::DEFAULT_PAGE, page::OrderBy};

use crate::error::{Error, Result};

/// Returns `(limit, offset)` of a list that can neither be ordered nor filtered.
///
/// # Errors
/// `VALIDATION_ERROR` with `why` for an order, a filter or a cursor.
pub(super) fn plain_page(query: &ListQuery, why: &str) -> Result<(i64, i64)> {
    if !is_newest_first(query) || !query.filters.is_empty() || query.cursor.is_some() {
        return Err(Error::validation("order_by", why));
    }
    let offset = query.offset.unwrap_or(0);
    Ok((
        i64::from(query.limit.unwrap_or(DEFAULT_PAGE)),
        i64::try_from(offset).unwrap_or(i64::MAX),
    ))
}

/// Whether a query asks for the order that lists have without one.
pub(super) fn is_newest_first(query: &ListQuery) -> bool {
    let is_it = |order: &OrderBy| order.property == "created_at" && order.descending;
    query.order_by.as_ref().is_none_or(is_it)
}
