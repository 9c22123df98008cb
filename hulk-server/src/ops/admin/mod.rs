//! What moderators, admins and root see of all users, and change.

pub mod files;
pub mod reports;
pub mod tiers;
pub mod users;

use hulk_proto::{ListQuery, Page, limits::DEFAULT_PAGE};

use crate::{
    db::lists::Conditions,
    error::{Error, Result},
    ops::page::is_newest_first,
};

/// Returns `(limit, offset)` of a list in a fixed order, and its conditions: each filter of the query must be
/// one that `condition` knows.
///
/// # Errors
/// `VALIDATION_ERROR` for an order, a cursor, an unknown filter or a bad value.
fn page_and_conditions(
    query: &ListQuery,
    condition: impl Fn(&mut Conditions, &str, &str) -> Result<bool>,
) -> Result<((i64, i64), Conditions)> {
    if !is_newest_first(query) || query.cursor.is_some() {
        return Err(Error::validation(
            "order_by",
            "this list has one order, newest first, and is paged by limit and offset",
        ));
    }
    let conditions = conditions(query, condition)?;
    let limit = i64::from(query.limit.unwrap_or(DEFAULT_PAGE));
    let offset = i64::try_from(query.offset.unwrap_or(0)).unwrap_or(i64::MAX);
    Ok(((limit, offset), conditions))
}

/// Returns the conditions that the filters of a query stand for.
///
/// # Errors
/// `VALIDATION_ERROR` for an unknown filter or a bad value.
fn conditions(
    query: &ListQuery,
    condition: impl Fn(&mut Conditions, &str, &str) -> Result<bool>,
) -> Result<Conditions> {
    let mut conditions = Conditions::default();
    for (property, value) in &query.filters {
        if value.contains('\0') || !condition(&mut conditions, property, value)? {
            return Err(Error::validation(
                format!("filter~{property}"),
                "this list has no such filter, or not for this value",
            ));
        }
    }
    Ok(conditions)
}

fn page<T>(items: Vec<T>, total: i64) -> Page<T> {
    Page {
        items,
        total: u64::try_from(total).unwrap_or(0),
        next_cursor: None,
    }
}
