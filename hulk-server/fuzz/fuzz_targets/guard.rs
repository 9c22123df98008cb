//! For any method, query and headers: a request that the guard accepts has no `x-amz-` header that the
//! query does not list as signed.

#![no_main]

use http::{HeaderMap, HeaderName, HeaderValue, Method, Uri};
use libfuzzer_sys::fuzz_target;
use percent_encoding::percent_decode_str;

#[path = "../../src/store/embedded/guard.rs"]
mod guard;

const METHODS: [&str; 6] = ["GET", "HEAD", "PUT", "POST", "DELETE", "OPTIONS"];
/// Parameters without which the guard refuses at once; random input would not find them.
const SIGNED: &str = "X-Amz-Algorithm=a&X-Amz-Credential=c&X-Amz-Date=d&X-Amz-Expires=e\
                      &X-Amz-Signature=s&X-Amz-SignedHeaders=";
const SIGNED_HEADERS: &str = "X-Amz-SignedHeaders";

// The method's index; the text before the signed query, in its list, and after it; and headers: whether
// to prefix the name with `x-amz-`, the name and the value.
type Input = (u8, String, String, String, Vec<(bool, String, Vec<u8>)>);

fuzz_target!(|input: Input| {
    let (method, before, list, after, pairs) = input;
    let method = METHODS[usize::from(method) % METHODS.len()];
    let method = Method::from_bytes(method.as_bytes()).unwrap();
    let Ok(uri) = format!("/bucket/key?{before}{SIGNED}{list}{after}").parse::<Uri>() else {
        return;
    };
    let headers = headers(pairs);
    if guard::check(&method, &uri, &headers).is_err() {
        return;
    }
    assert!([Method::GET, Method::HEAD, Method::PUT].contains(&method));
    let lists = signed_headers(uri.query().unwrap_or_default());
    let [list] = lists.as_slice() else {
        panic!("not exactly one list: {lists:?}");
    };
    for name in headers.keys() {
        let name = name.as_str();
        let is_own = name.starts_with("x-amz-");
        assert!(!is_own || list.split(';').any(|signed| signed == name));
        assert!(!is_own || headers.get_all(name).iter().count() == 1);
    }
});

fn headers(pairs: Vec<(bool, String, Vec<u8>)>) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (is_own, name, value) in pairs {
        let prefix = if is_own { "x-amz-" } else { "" };
        let name = HeaderName::from_bytes(format!("{prefix}{name}").as_bytes());
        if let (Ok(name), Ok(value)) = (name, HeaderValue::from_bytes(&value)) {
            headers.append(name, value);
        }
    }
    headers
}

/// Values of all `X-Amz-SignedHeaders` parameters, in any spelling.
fn signed_headers(query: &str) -> Vec<String> {
    let decode = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
    let pairs = query
        .split('&')
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")));
    pairs
        .filter(|(name, _)| decode(name).eq_ignore_ascii_case(SIGNED_HEADERS))
        .map(|(_, value)| decode(value))
        .collect()
}
