//! Which requests the port lets through to the S3 service.
//!
//! Clients have presigned URLs and nothing else, so the port accepts only these: GET, HEAD and PUT,
//! signed in the query according to Signature Version 4. An `x-amz-` header changes what a request
//! means (`x-amz-copy-source` turns a PUT into a copy), and `s3s` obeys unsigned ones; AWS refuses them,
//! and so does this. The server's own requests to the service do not pass through here.
//!
//! Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html>

use http::{HeaderMap, Method, Uri};

/// Parameters that a signed query has, each once.
const SIGNING: [&str; 6] = [
    "X-Amz-Algorithm",
    "X-Amz-Credential",
    "X-Amz-Date",
    "X-Amz-Expires",
    "X-Amz-SignedHeaders",
    "X-Amz-Signature",
];
const SIGNED_HEADERS: &str = "X-Amz-SignedHeaders";
/// Prefix of the headers that S3 defines.
const OWN: &str = "x-amz-";
/// Other headers that the service reads, and that would be ambiguous if they appeared twice.
const SINGLE: [&str; 4] = ["content-length", "content-md5", "host", "if-none-match"];

/// Why a request is not let through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// Another method than GET, HEAD and PUT.
    Method,
    /// Not signed by its query, or not only by it.
    NotSigned,
    /// A header that S3 defines is not among the signed ones, or a header appears twice.
    UnsignedHeader,
}

/// # Errors
/// Why the request is refused, regardless of whether its signature is valid.
pub(crate) fn check(method: &Method, uri: &Uri, headers: &HeaderMap) -> Result<(), Refusal> {
    if ![Method::GET, Method::HEAD, Method::PUT].contains(method) {
        return Err(Refusal::Method);
    }
    let signed = signed_headers(uri.query().unwrap_or_default()).ok_or(Refusal::NotSigned)?;
    for name in headers.keys() {
        let name = name.as_str();
        let is_own = name.starts_with(OWN);
        if is_own && !signed.iter().any(|signed| signed == name) {
            return Err(Refusal::UnsignedHeader);
        }
        // In a read, lists of ETags may be spread over several headers.
        let is_list = name == "if-none-match" && method != Method::PUT;
        let is_single = is_own || SINGLE.contains(&name) && !is_list;
        if is_single && headers.get_all(name).iter().nth(1).is_some() {
            return Err(Refusal::UnsignedHeader);
        }
    }
    Ok(())
}

/// Returns the headers that the query says are signed; `None` unless it is signed once and in one way.
fn signed_headers(query: &str) -> Option<Vec<String>> {
    let pairs: Vec<(String, String)> = query.split('&').map(pair).collect::<Option<_>>()?;
    for name in SIGNING {
        let named = |(found, _): &&(String, String)| found.eq_ignore_ascii_case(name);
        let mut found = pairs.iter().filter(named);
        if found.next()?.0 != name || found.next().is_some() {
            return None;
        }
    }
    // Parameters of the older signature, which covers no headers.
    let is_older = |name: &str| name == "AWSAccessKeyId" || name == "Signature";
    if pairs.iter().any(|(name, _)| is_older(name)) {
        return None;
    }
    let (_, list) = pairs.iter().find(|(name, _)| name == SIGNED_HEADERS)?;
    Some(list.split(';').map(str::to_owned).collect())
}

/// Decodes a name and its value; `None` if they are not UTF-8.
fn pair(text: &str) -> Option<(String, String)> {
    let (name, value) = text.split_once('=').unwrap_or((text, ""));
    let decode = |text: &str| {
        let decoded = percent_encoding::percent_decode_str(text).decode_utf8();
        decoded.ok().map(std::borrow::Cow::into_owned)
    };
    Some((decode(name)?, decode(value)?))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    const SIGNED: &str = "X-Amz-Algorithm=a&X-Amz-Credential=c&X-Amz-Date=d&X-Amz-Expires=e\
                          &X-Amz-SignedHeaders=host%3Bx-amz-checksum-crc32c&X-Amz-Signature=s";

    fn found(method: &str, query: &str, headers: &[(&str, &str)]) -> Result<(), Refusal> {
        let uri: Uri = format!("/bucket/key?{query}").parse().unwrap();
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(
                http::HeaderName::from_bytes(name.as_bytes()).unwrap(),
                value.parse().unwrap(),
            );
        }
        check(&method.parse().unwrap(), &uri, &map)
    }

    #[test]
    fn methods() {
        for method in ["GET", "HEAD", "PUT"] {
            assert_eq!(found(method, SIGNED, &[]), Ok(()));
        }
        for method in ["POST", "DELETE", "PATCH", "COPY", "get", "OPTIONS"] {
            assert_eq!(found(method, SIGNED, &[]), Err(Refusal::Method), "{method}");
        }
    }

    #[test]
    fn headers_of_s3_must_be_signed_and_single() {
        let (good, bad) = (Ok(()), Err(Refusal::UnsignedHeader));
        for (headers, expected) in [
            (&[("content-type", "a/b"), ("range", "bytes=0-")][..], good),
            (&[("x-amz-checksum-crc32c", "AAAAAA==")], good),
            (&[("X-Amz-Checksum-Crc32c", "AAAAAA==")], good),
            (
                &[
                    ("x-amz-checksum-crc32c", "a"),
                    ("x-amz-checksum-crc32c", "b"),
                ],
                bad,
            ),
            (&[("content-length", "1"), ("content-length", "2")], bad),
            (&[("x-amz-copy-source", "/bucket/other")], bad),
            (&[("x-amz-copy-source-range", "bytes=0-1")], bad),
            (&[("x-amz-meta-color", "green")], bad),
            (&[("x-amz-acl", "public-read")], bad),
            (&[("x-amz-tagging", "a=b")], bad),
            (&[("x-amz-storage-class", "GLACIER")], bad),
            (&[("x-amz-server-side-encryption", "aws:kms")], bad),
            (&[("x-amz-checksum-sha256", "a")], bad),
            (
                &[("x-amz-content-sha256", "STREAMING-UNSIGNED-PAYLOAD-TRAILER")],
                bad,
            ),
            (&[("x-amz-security-token", "t")], bad),
            (&[("x-amz-", "t")], bad),
        ] {
            assert_eq!(found("PUT", SIGNED, headers), expected, "{headers:?}");
        }
    }

    #[test]
    fn a_query_is_signed_once_and_in_one_way() {
        for query in [
            String::new(),
            "AWSAccessKeyId=a&Signature=s&Expires=1".into(),
            format!("{SIGNED}&AWSAccessKeyId=a"),
            format!("{SIGNED}&Signature=a"),
            format!("{SIGNED}&X-Amz-SignedHeaders=x-amz-copy-source"),
            format!("{SIGNED}&x-amz-signedheaders=x-amz-copy-source"),
            format!("X-Amz-SignedHeaders=x-amz-copy-source&{SIGNED}"),
            format!("X-Amz-Signature=x&{SIGNED}"),
            format!("X-Amz-Signed%48eaders=x-amz-copy-source&{SIGNED}"),
            SIGNED.replace("X-Amz-Signature=s", "Signature=s"),
            SIGNED.replace("X-Amz-SignedHeaders", "x-amz-SignedHeaders"),
            SIGNED.replace("X-Amz-Date=d&", ""),
            format!("{SIGNED}&%ff=1"),
        ] {
            assert_eq!(
                found("PUT", &query, &[]),
                Err(Refusal::NotSigned),
                "{query}"
            );
        }
    }
}
