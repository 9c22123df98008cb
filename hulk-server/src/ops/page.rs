//! Pages of lists.

use hulk_proto::{ListQuery, limits::DEFAULT_PAGE};

use crate::error::{Error, Result};

/// Returns `(limit, offset)` of a list that can neither be ordered nor filtered.
///
/// # Errors
/// `VALIDATION_ERROR` with `why` for an order, a filter or a cursor.
pub(super) fn plain_page(query: &ListQuery, why: &str) -> Result<(i64, i64)> {
    if query.order_by.is_some() || !query.filters.is_empty() || query.cursor.is_some() {
        return Err(Error::validation("order_by", why));
    }
    let offset = query.offset.unwrap_or(0);
    Ok((
        i64::from(query.limit.unwrap_or(DEFAULT_PAGE)),
        i64::try_from(offset).unwrap_or(i64::MAX),
    ))
}
