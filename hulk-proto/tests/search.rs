//! Parsing of search queries.

#![allow(clippy::unwrap_used, reason = "tests")]

use hulk_proto::search::{InvalidQuery, filters};

fn of(query: &str) -> Result<Vec<(String, String)>, InvalidQuery> {
    filters(query, "2026-01-31T12:00:00Z".parse().unwrap())
}

#[test]
fn words_and_conditions() {
    let found = of(r#"report "two words" tag:draft type:model size>10KB size:<1MiB age<7d a:b"#);
    let expected = [
        ("name", "report"),
        ("name", "two words"),
        ("tag", "draft"),
        ("type", "models"),
        ("min_size", "10000"),
        ("max_size", "1048576"),
        ("created_after", "2026-01-24T12:00:00.000Z"),
        ("name", "a:b"),
    ];
    let expected = expected.map(|(name, value)| (name.to_owned(), value.to_owned()));
    assert_eq!(found.unwrap(), expected);
    assert_eq!(of("tag:\"a b\"").unwrap()[0].1, "a b");
}

#[test]
fn what_cannot_be_read_is_said() {
    assert_eq!(of("  "), Err(InvalidQuery::Empty));
    assert_eq!(of("\"a"), Err(InvalidQuery::Quote));
    for query in [
        "size>much",
        "age<7",
        "age<99999999w",
        "type:nothing",
        "tag:",
    ] {
        assert!(of(query).is_err(), "{query}");
    }
}
