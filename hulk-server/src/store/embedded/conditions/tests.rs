#![allow(clippy::unwrap_used, reason = "tests")]

use http::HeaderValue;
use proptest::{collection::vec, prelude::*};

use super::{Verdict::*, *};

const ETAG: &str = "a,b";
/// Sun, 06 Nov 1994 08:49:37 GMT.
const MODIFIED: i64 = 784_111_777;
const AT: &str = "Sun, 06 Nov 1994 08:49:37 GMT";
const BEFORE: &str = "Sunday, 06-Nov-94 08:49:36 GMT";
const AFTER: &str = "Sun Nov  6 08:49:38 1994";
const HUGE: &str = "bytes=99999999999999999999-99999999999999999998";

fn evaluate(headers: &[(&str, &str)], size: u64, is_get: bool) -> Verdict {
    let mut map = HeaderMap::new();
    for (name, value) in headers {
        let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
        map.append(name, HeaderValue::from_str(value).unwrap());
    }
    Conditions::of(&map).evaluate(ETAG, MODIFIED, size, is_get)
}

/// Headers, and how a GET of an object of 10 bytes is answered.
const PRECONDITIONS: &[(&[(&str, &str)], Verdict)] = &[
    (&[("if-match", r#""a,b""#)], Whole),
    (&[], Whole),
    (&[("if-match", r#""x" ,, "a,b", "#)], Whole),
    (&[("if-match", r#""x""#), ("if-match", r#""a,b""#)], Whole),
    (&[("if-match", "*")], Whole),
    (&[("if-match", r#"W/"a,b""#)], PreconditionFailed),
    (&[("if-match", r#""x,"a,b"""#)], PreconditionFailed),
    (&[("if-match", r#""a,b" "x""#)], PreconditionFailed),
    (&[("if-match", "a,b")], PreconditionFailed),
    (&[("if-match", "*, *")], PreconditionFailed),
    (&[("if-match", "*"), ("if-match", "*")], PreconditionFailed),
    (&[("if-match", "")], PreconditionFailed),
    (&[("if-none-match", r#""a,b""#)], NotModified),
    (&[("if-none-match", r#""x",W/"a,b""#)], NotModified),
    (&[("if-none-match", r#"x, "a,b""#)], NotModified),
    (&[("if-none-match", "*")], NotModified),
    (&[("if-none-match", r#"w/"a,b""#)], Whole),
    (&[("if-none-match", r#""a", "b""#)], Whole),
    (&[("if-none-match", "")], Whole),
    (&[("if-modified-since", AT)], NotModified),
    (&[("if-modified-since", AFTER)], NotModified),
    (&[("if-modified-since", BEFORE)], Whole),
    (&[("if-modified-since", "yesterday")], Whole),
    (
        &[("if-modified-since", "Mon, 06 Nov 1994 08:49:37 GMT")],
        Whole,
    ),
    (
        &[("if-modified-since", AT), ("if-modified-since", AT)],
        Whole,
    ),
    (
        &[("if-modified-since", AT), ("if-none-match", r#""x""#)],
        Whole,
    ),
    (&[("if-unmodified-since", AT)], Whole),
    (&[("if-unmodified-since", AFTER)], Whole),
    (&[("if-unmodified-since", BEFORE)], PreconditionFailed),
    (&[("if-unmodified-since", "1994-11-06")], Whole),
    (&[("if-unmodified-since", BEFORE), ("if-match", "*")], Whole),
    // The first condition that fails decides.
    (
        &[("if-match", r#""x""#), ("if-none-match", "*")],
        PreconditionFailed,
    ),
    (
        &[("if-unmodified-since", BEFORE), ("if-none-match", "*")],
        PreconditionFailed,
    ),
    (
        &[("if-none-match", "*"), ("range", "bytes=10-")],
        NotModified,
    ),
    (
        &[("if-match", r#""x""#), ("range", "bytes=10-")],
        PreconditionFailed,
    ),
    (&[("if-match", "*"), ("range", "bytes=0-1")], Part(0..2)),
];

#[test]
fn preconditions() {
    for (headers, expected) in PRECONDITIONS {
        assert_eq!(evaluate(headers, 10, true), *expected, "{headers:?}");
        let of_head = match expected {
            Part(_) => &Whole,
            other => other,
        };
        assert_eq!(evaluate(headers, 10, false), *of_head, "{headers:?}");
    }
}

#[test]
fn ranges() {
    for (range, size, expected) in [
        ("bytes=0-0", 10, Part(0..1)),
        ("bytes=2-", 10, Part(2..10)),
        ("bytes=0-9", 10, Part(0..10)),
        ("bytes=8-99", 10, Part(8..10)),
        ("bytes=-3", 10, Part(7..10)),
        ("bytes=-99", 10, Part(0..10)),
        ("BYTES=0000000000000000000000001-2", 10, Part(1..3)),
        ("bytes=1-99999999999999999999", 10, Part(1..10)),
        ("bytes=-99999999999999999999", 10, Part(0..10)),
        ("bytes=0-18446744073709551615", u64::MAX, Part(0..u64::MAX)),
        (" bytes=0-1\t", 10, Part(0..2)),
        ("bytes=, ,0-1 ,\t,", 10, Part(0..2)),
        ("bytes=10-", 10, NotSatisfiable),
        ("bytes=10-10", 10, NotSatisfiable),
        ("bytes=99999999999999999999-", 10, NotSatisfiable),
        ("bytes=-0", 10, NotSatisfiable),
        ("bytes=-1", 0, NotSatisfiable),
        ("bytes=0-", 0, NotSatisfiable),
        ("bytes=0-0", 0, NotSatisfiable),
        ("bytes=0-1,3-4", 10, Whole),
        ("bytes=0-1,x", 10, Whole),
        ("bytes=10-,20-", 10, Whole),
        ("bytes=2-1", 10, Whole),
        (HUGE, 10, Whole),
        ("bytes=", 10, Whole),
        ("bytes=,", 10, Whole),
        ("bytes=-", 10, Whole),
        ("bytes=--1", 10, Whole),
        ("bytes=1", 10, Whole),
        ("bytes=+1-2", 10, Whole),
        ("bytes=1-2-3", 10, Whole),
        ("bytes=0x1-2", 10, Whole),
        ("bytes= 0-1", 10, Whole),
        ("bytes=0 - 1", 10, Whole),
        ("bytes =0-1", 10, Whole),
        ("bytes: 0-1", 10, Whole),
        ("items=0-1", 10, Whole),
        ("0-1", 10, Whole),
        ("", 10, Whole),
    ] {
        let headers = [("range", range)];
        assert_eq!(
            evaluate(&headers, size, true),
            expected,
            "{range} of {size}"
        );
        assert_eq!(evaluate(&headers, size, false), Whole, "{range} of {size}");
    }
    let twice = [("range", "bytes=0-1"), ("range", "bytes=0-1")];
    assert_eq!(evaluate(&twice, 10, true), Whole);
}

#[test]
fn a_range_of_a_state() {
    for (values, expected) in [
        (&[r#""a,b""#][..], Part(0..2)),
        (&[AT], Part(0..2)),
        (&["Sunday, 06-Nov-94 08:49:37 GMT"], Part(0..2)),
        (&[r#"W/"a,b""#], Whole),
        (&[r#""x""#], Whole),
        (&[r#""x", "a,b""#], Whole),
        (&[r#""a,b", "x""#], Whole),
        (&["a,b"], Whole),
        (&["*"], Whole),
        (&[""], Whole),
        (&[BEFORE], Whole),
        (&[AFTER], Whole),
        (&[r#""a,b""#, r#""a,b""#], Whole),
    ] {
        let mut headers = vec![("range", "bytes=0-1")];
        headers.extend(values.iter().map(|value| ("if-range", *value)));
        assert_eq!(evaluate(&headers, 10, true), expected, "{values:?}");
        assert_eq!(evaluate(&headers[1..], 10, true), Whole, "{values:?}");
    }
}

/// Generates valid and invalid values.
fn values() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        vec(any::<u8>(), 0..40),
        "(bytes=)?[0-9, -]{0,24}".prop_map(String::into_bytes),
        r#"((W/)?"?[a-c,]{0,3}"?[ ,*]{0,2}){0,4}"#.prop_map(String::into_bytes),
        "(Sun|Sunday),? 0?6[ -]Nov[ -](19)?94 08:49:[0-9]{2} GMT".prop_map(String::into_bytes),
    ]
}

fn maps() -> impl Strategy<Value = HeaderMap> {
    vec((0..HEADERS.len(), values()), 0..8).prop_map(|headers| {
        let mut map = HeaderMap::new();
        for (index, value) in headers {
            if let Ok(value) = HeaderValue::from_bytes(&value) {
                map.append(HEADERS[index].clone(), value);
            }
        }
        map
    })
}

proptest! {
    #[test]
    fn any_headers_are_answered(
        map in maps(),
        etag in "[a-c,]{0,3}",
        size in prop_oneof![0..20_u64, any::<u64>()],
        is_get in any::<bool>(),
    ) {
        let verdict = Conditions::of(&map).evaluate(&etag, MODIFIED, size, is_get);
        if let Part(range) = verdict {
            prop_assert!(is_get && range.start < range.end && range.end <= size);
        }
    }

    #[test]
    fn nothing_is_left_of_what_is_taken(mut map in maps()) {
        map.insert(header::HOST, HeaderValue::from_static("a"));
        let parsed = Conditions::of(&map);
        prop_assert_eq!(Conditions::take(&mut map), parsed);
        prop_assert_eq!(map.len(), 1);
        let left = Conditions::of(&map);
        prop_assert_eq!(&left, &Conditions::default());
        prop_assert_eq!(left.evaluate(ETAG, MODIFIED, 10, true), Whole);
    }
}
