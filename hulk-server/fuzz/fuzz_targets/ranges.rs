//! For any conditional headers and ranges: a response never exceeds the object, and a part is never
//! empty.

#![no_main]

use http::{HeaderMap, HeaderName, HeaderValue, header};
use libfuzzer_sys::fuzz_target;

#[path = "../../src/store/embedded/conditions/mod.rs"]
mod conditions;

use conditions::{Conditions, Verdict};

const NAMES: [HeaderName; 6] = [
    header::IF_MATCH,
    header::IF_NONE_MATCH,
    header::IF_MODIFIED_SINCE,
    header::IF_UNMODIFIED_SINCE,
    header::IF_RANGE,
    header::RANGE,
];
const ETAG: &str = "a";
/// Sun, 06 Nov 1994 08:49:37 GMT.
const MODIFIED: i64 = 784_111_777;

// The object's size, and headers: an index into `NAMES`, and the value.
fuzz_target!(|input: (u64, Vec<(u8, Vec<u8>)>)| {
    let (size, pairs) = input;
    let mut headers = HeaderMap::new();
    for (index, value) in pairs {
        let name = &NAMES[usize::from(index) % NAMES.len()];
        if let Ok(value) = HeaderValue::from_bytes(&value) {
            headers.append(name, value);
        }
    }
    let parsed = Conditions::of(&headers);
    match parsed.evaluate(ETAG, MODIFIED, size, true) {
        Verdict::Part(range) => {
            assert!(range.start < range.end && range.end <= size);
            assert!(headers.contains_key(header::RANGE));
        }
        Verdict::NotSatisfiable => assert!(headers.contains_key(header::RANGE)),
        Verdict::Whole | Verdict::NotModified | Verdict::PreconditionFailed => {}
    }
    let of_head = parsed.evaluate(ETAG, MODIFIED, size, false);
    assert!(!matches!(
        of_head,
        Verdict::Part(_) | Verdict::NotSatisfiable
    ));
    assert_eq!(Conditions::take(&mut headers), parsed);
    assert!(headers.is_empty());
});
