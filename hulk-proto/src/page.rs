//! Lists: the query of a client and a page of the answer.

use serde::{Deserialize, Serialize};

/// The longest value of a parameter, in bytes: a path can become shorter when it is normalised.
const MAX_VALUE_BYTES: usize = 4096;
/// Largest number of filters of one list: each becomes a condition of the database query.
const MAX_FILTERS: usize = 32;

/// A page of a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Page<T> {
    pub items: Vec<T>,
    /// Number of matching items on all pages together.
    pub total: u64,
    /// Value of `cursor` for the next page; `null` on the last page.
    pub next_cursor: Option<String>,
}

/// The query of a list: `limit`, `offset` or `cursor`, `order_by`, `filter~PROPERTY=value`.
///
/// Values stay as they were given; each list defines the properties it can be ordered and filtered by.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ListQuery {
    pub limit: Option<u32>,
    pub offset: Option<u64>,
    pub cursor: Option<String>,
    pub order_by: Option<OrderBy>,
    /// Pairs of (property, value), in the order given.
    pub filters: Vec<(String, String)>,
}

/// The order of a list, such as `created_at desc`; in a URL `created_at+desc`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrderBy {
    pub property: String,
    pub descending: bool,
}

/// Error that names the invalid parameter of a query and says what is wrong.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("{parameter}: {message}")]
pub struct InvalidListQuery {
    pub parameter: String,
    pub message: String,
}

impl ListQuery {
    /// Parses decoded (name, value) pairs.
    ///
    /// # Errors
    /// If a parameter is unknown, a value is invalid, or both `cursor` and `offset` are given.
    pub fn from_pairs(pairs: &[(String, String)]) -> Result<Self, InvalidListQuery> {
        let mut query = Self::default();
        for (name, value) in pairs {
            if value.len() > MAX_VALUE_BYTES {
                return Err(InvalidListQuery {
                    parameter: name.chars().take(64).collect(),
                    message: format!("expected at most {MAX_VALUE_BYTES} bytes"),
                });
            }
            let invalid = |message: &str| InvalidListQuery {
                parameter: name.clone(),
                message: message.to_owned(),
            };
            match name.as_str() {
                "limit" => {
                    let limit = value
                        .parse()
                        .map_err(|_| invalid("expected a whole number"))?;
                    if !(1..=crate::limits::MAX_PAGE).contains(&limit) {
                        return Err(invalid("expected 1 to 1000"));
                    }
                    query.limit = Some(limit);
                }
                "offset" => {
                    let offset = value
                        .parse()
                        .map_err(|_| invalid("expected a whole number"))?;
                    if i64::try_from(offset).is_err() {
                        return Err(invalid("too large"));
                    }
                    query.offset = Some(offset);
                }
                "cursor" => query.cursor = Some(value.clone()),
                "order_by" => {
                    query.order_by = Some(OrderBy::parse(value).ok_or_else(|| {
                        invalid("expected PROPERTY, PROPERTY+asc or PROPERTY+desc")
                    })?);
                }
                filter => match filter.strip_prefix("filter~") {
                    Some(_) if query.filters.len() == MAX_FILTERS => {
                        return Err(invalid("too many filters"));
                    }
                    Some(property) => query.filters.push((property.to_owned(), value.clone())),
                    None => return Err(invalid("unknown parameter")),
                },
            }
        }
        if query.cursor.is_some() && query.offset.is_some() {
            return Err(InvalidListQuery {
                parameter: "offset".into(),
                message: "give cursor or offset, not both".into(),
            });
        }
        Ok(query)
    }

    /// Returns the query as (name, value) pairs, not yet encoded.
    pub fn to_pairs(&self) -> Vec<(String, String)> {
        let mut pairs = Vec::new();
        let mut push = |name: &str, value: Option<String>| {
            pairs.extend(value.map(|value| (name.to_owned(), value)));
        };
        push("limit", self.limit.map(|limit| limit.to_string()));
        push("offset", self.offset.map(|offset| offset.to_string()));
        push("cursor", self.cursor.clone());
        push("order_by", self.order_by.as_ref().map(OrderBy::to_text));
        for (property, value) in &self.filters {
            push(&format!("filter~{property}"), Some(value.clone()));
        }
        pairs
    }
}

impl OrderBy {
    /// Parses an order; a property alone means ascending.
    fn parse(text: &str) -> Option<Self> {
        let mut words = text.split([' ', '+']);
        let property = words.next().filter(|word| !word.is_empty())?.to_owned();
        let descending = match (words.next(), words.next()) {
            (None | Some("asc"), None) => false,
            (Some("desc"), None) => true,
            _ => return None,
        };
        Some(Self {
            property,
            descending,
        })
    }

    fn to_text(&self) -> String {
        format!(
            "{} {}",
            self.property,
            if self.descending { "desc" } else { "asc" }
        )
    }
}
