//! The query of a search: words that are part of the name, and conditions.
//!
//! `report 2026 tag:draft type:documents size>10MB age<7d`, all of which must hold. A word in double
//! quotes may have spaces.

use std::time::Duration;

use crate::{
    Category, Timestamp,
    limits::{MAX_SEARCH_BYTES, MAX_SEARCH_WORDS},
};

/// Why a query was refused.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum InvalidQuery {
    #[error("the query is empty: give part of a name, or tag:T, type:T, size>SIZE, age<TIME")]
    Empty,
    #[error("a double quote is not closed")]
    Quote,
    #[error("the query is longer than {MAX_SEARCH_BYTES} bytes")]
    TooLong,
    #[error("the query has more than {MAX_SEARCH_WORDS} words")]
    TooManyWords,
    #[error("'{0}': expected a size such as 500KiB or 10MB")]
    Size(String),
    #[error("'{0}': expected a time such as 30m, 12h, 7d or 4w")]
    Age(String),
    #[error("'{word}': {reason}")]
    Type { word: String, reason: String },
    #[error("'{0}' has no value")]
    NoValue(String),
}

/// Translates a query into filters of a list of files, as (property, value).
///
/// # Errors
/// If the query is empty, or a condition is invalid.
pub fn filters(query: &str, now: Timestamp) -> Result<Vec<(String, String)>, InvalidQuery> {
    if query.len() > MAX_SEARCH_BYTES {
        return Err(InvalidQuery::TooLong);
    }
    let words = words(query)?;
    if words.len() > MAX_SEARCH_WORDS {
        return Err(InvalidQuery::TooManyWords);
    }
    let mut filters = Vec::new();
    for (word, is_quoted) in words {
        let (property, value) = match is_quoted {
            true => ("name", word),
            false => condition(word, now)?,
        };
        filters.push((property.to_owned(), value));
    }
    match filters.is_empty() {
        true => Err(InvalidQuery::Empty),
        false => Ok(filters),
    }
}

/// Splits a query into words, each with whether it begins with a quote.
fn words(query: &str) -> Result<Vec<(String, bool)>, InvalidQuery> {
    let (mut words, mut word, mut in_quotes) = (Vec::new(), None::<(String, bool)>, false);
    for character in query.chars() {
        match character {
            '"' => {
                in_quotes = !in_quotes;
                word.get_or_insert((String::new(), true));
            }
            space if space.is_whitespace() && !in_quotes => words.extend(word.take()),
            other => word.get_or_insert((String::new(), false)).0.push(other),
        }
    }
    words.extend(word);
    words.retain(|(word, _)| !word.is_empty());
    match in_quotes {
        true => Err(InvalidQuery::Quote),
        false => Ok(words),
    }
}

fn condition(word: String, now: Timestamp) -> Result<(&'static str, String), InvalidQuery> {
    let Some((name, sign, value)) = split(&word) else {
        return Ok(("name", word));
    };
    if value.is_empty() {
        return Err(InvalidQuery::NoValue(word));
    }
    Ok(match (name, sign) {
        ("tag", ':') => ("tag", value.to_owned()),
        ("type", ':') => ("type", kind(value, &word)?),
        ("size", '>') => ("min_size", size(value, &word)?),
        ("size", '<') => ("max_size", size(value, &word)?),
        ("age", '>') => ("created_before", ago(value, &word, now)?),
        ("age", '<') => ("created_after", ago(value, &word, now)?),
        _ => ("name", word),
    })
}

/// Splits `tag:x` into `tag`, `:` and `x`, for known names only; `size:>10MB` is accepted too.
fn split(word: &str) -> Option<(&str, char, &str)> {
    let at = word.find([':', '<', '>'])?;
    let (name, rest) = word.split_at(at);
    if !["tag", "type", "size", "age"].contains(&name) {
        return None;
    }
    let rest = match (name, rest.strip_prefix(':')) {
        ("size" | "age", Some(rest)) => rest,
        _ => rest,
    };
    let sign = rest.chars().next()?;
    let value = rest.strip_prefix(sign)?;
    Some((name, sign, value.strip_prefix('=').unwrap_or(value)))
}

fn kind(value: &str, word: &str) -> Result<String, InvalidQuery> {
    if value.contains('/') {
        return Ok(value.to_owned());
    }
    let category: Result<Category, _> = value.to_lowercase().parse();
    category
        .map(|category| category.to_string())
        .map_err(|error| InvalidQuery::Type {
            word: word.to_owned(),
            reason: error.to_string(),
        })
}

fn size(value: &str, word: &str) -> Result<String, InvalidQuery> {
    match parse_size::parse_size(value).map(i64::try_from) {
        Ok(Ok(bytes)) => Ok(bytes.to_string()),
        _ => Err(InvalidQuery::Size(word.to_owned())),
    }
}

fn ago(value: &str, word: &str, now: Timestamp) -> Result<String, InvalidQuery> {
    let invalid = || InvalidQuery::Age(word.to_owned());
    let unit = value.chars().next_back().ok_or_else(invalid)?;
    let seconds = match unit {
        'm' => 60,
        'h' => 60 * 60,
        'd' => 24 * 60 * 60,
        'w' => 7 * 24 * 60 * 60,
        _ => return Err(invalid()),
    };
    let count: u32 = value
        .strip_suffix(unit)
        .and_then(|count| count.parse().ok())
        .ok_or_else(invalid)?;
    let age = Duration::from_secs(u64::from(count) * seconds);
    let age = i64::try_from(age.as_millis()).map_err(|_| invalid())?;
    Timestamp::from_unix_millis(now.unix_millis() - age)
        .map(|time| time.to_string())
        .map_err(|_| invalid())
}
