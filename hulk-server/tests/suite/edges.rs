//! Edge cases of HTTP: conditional requests and ranges as RFC 9110 defines them, and Host.

use std::{
    io::{Read, Write},
    net::TcpStream,
    ops::Range,
};

use reqwest::{Method, Response};

use crate::server::{Server, has_embedded_store, noise};

/// Placeholders in the values below: the object's ETag, its date, and the date in another format.
const ETAG: &str = "{etag}";
const DATE: &str = "{date}";
const ASCTIME: &str = "{asctime}";

const PAST: &str = "Sunday, 06-Nov-94 08:49:37 GMT";
const FUTURE: &str = "Fri Jan  1 00:00:00 2100";
const NEAR_FUTURE: &str = "Thursday, 01-Jan-60 00:00:00 GMT";

#[derive(Clone, Debug)]
enum Expected {
    Whole,
    Part(Range<usize>),
    NotModified,
    Failed,
    NotSatisfiable,
}

use Expected::{Failed, NotModified, NotSatisfiable, Part, Whole};

struct Object {
    bytes: Vec<u8>,
    /// URLs for GET and HEAD: each is signed for one method.
    get: String,
    head: String,
    etag: String,
    date: String,
}

impl Object {
    async fn upload(server: &Server, key: &str, path: &str, bytes: Vec<u8>) -> Self {
        let file = server.upload(key, path, &bytes).await;
        let link = format!("/d/{}", file["id"].as_str().unwrap());
        let located = async |method: Method| {
            let redirect = server.send(method, &link, "", None).await;
            assert_eq!(redirect.status(), 302);
            let location = redirect.headers()["location"].to_str().unwrap();
            location.to_owned()
        };
        let (get, head) = (located(Method::GET).await, located(Method::HEAD).await);
        let whole = server.http.get(&get).send().await.unwrap();
        let told = |name: &str| whole.headers()[name].to_str().unwrap().to_owned();
        Self {
            bytes,
            get,
            head,
            etag: told("etag"),
            date: told("last-modified"),
        }
    }

    /// Date of the object in the format of `asctime`.
    fn asctime(&self) -> String {
        let parts: Vec<&str> = self.date.split([',', ' ']).collect();
        let [week_day, "", day, month, year, time, "GMT"] = parts[..] else {
            panic!("{} is not an IMF-fixdate", self.date);
        };
        let day: u8 = day.parse().unwrap();
        format!("{week_day} {month} {day:>2} {time} {year}")
    }

    async fn ask(&self, server: &Server, is_get: bool, headers: &[(&str, &str)]) -> Response {
        let mut request = match is_get {
            true => server.http.get(&self.get),
            false => server.http.head(&self.head),
        };
        for (name, value) in headers {
            let value = value
                .replace(ETAG, &self.etag)
                .replace(DATE, &self.date)
                .replace(ASCTIME, &self.asctime());
            request = request.header(*name, value);
        }
        request.send().await.unwrap()
    }

    /// Sends GET and HEAD requests; HEAD ignores ranges.
    async fn check(&self, server: &Server, headers: &[(&str, &str)], expected: &Expected) {
        let got = self.ask(server, true, headers).await;
        let what = format!("GET {headers:?}");
        self.check_answer(got, expected, true, &what).await;
        let of_head = match expected {
            Part(_) | NotSatisfiable => &Whole,
            other => other,
        };
        let got = self.ask(server, false, headers).await;
        let what = format!("HEAD {headers:?}");
        self.check_answer(got, of_head, false, &what).await;
    }

    async fn check_answer(&self, got: Response, expected: &Expected, is_get: bool, what: &str) {
        let (status, headers) = (got.status().as_u16(), got.headers().clone());
        let body = got.bytes().await.unwrap();
        let header = |name: &str| headers.get(name).map(|value| value.to_str().unwrap());
        let size = self.bytes.len();
        let (wanted, part, content_range) = match expected {
            Whole => (200, Some(0..size), None),
            Part(part) => {
                let range = format!("bytes {}-{}/{size}", part.start, part.end - 1);
                (206, Some(part.clone()), Some(range))
            }
            NotModified => (304, None, None),
            Failed => (412, None, None),
            NotSatisfiable => (416, None, Some(format!("bytes */{size}"))),
        };
        assert_eq!(status, wanted, "{what}");
        assert_eq!(header("content-range"), content_range.as_deref(), "{what}");
        if part.is_some() || status == 304 {
            assert_eq!(header("etag"), Some(self.etag.as_str()), "{what}");
            assert_eq!(header("last-modified"), Some(self.date.as_str()), "{what}");
        }
        let length = header("content-length").map(|length| length.parse::<usize>().unwrap());
        match part {
            Some(part) => {
                assert_eq!(length, Some(part.len()), "{what}");
                let sent = if is_get { &self.bytes[part] } else { &[] };
                assert!(body == sent, "{what}");
            }
            None if status == 304 => {
                // RFC 9110, section 8.6: the object's length or none.
                assert!(length.is_none_or(|length| length == size), "{what}");
                assert!(body.is_empty(), "{what}");
            }
            None => {}
        }
    }
}

/// Headers and expected responses for an object of at least 10 bytes.
#[rustfmt::skip]
fn conditions() -> Vec<(Vec<(&'static str, &'static str)>, Expected)> {
    vec![
        (vec![], Whole),
        (vec![("if-match", ETAG)], Whole),
        (vec![("if-match", r#""x", {etag}"#)], Whole),
        (vec![("if-match", r#""x""#), ("if-match", ETAG)], Whole),
        (vec![("if-match", "*")], Whole),
        (vec![("if-match", r#""x""#)], Failed),
        (vec![("if-match", "W/{etag}")], Failed),
        (vec![("if-match", "x")], Failed),
        (vec![("if-none-match", ETAG)], NotModified),
        (vec![("if-none-match", "W/{etag}")], NotModified),
        (vec![("if-none-match", r#""x,y" , ,W/"z",{etag},"#)], NotModified),
        (vec![("if-none-match", r#""x""#), ("if-none-match", ETAG)], NotModified),
        (vec![("if-none-match", "*")], NotModified),
        (vec![("if-none-match", r#""x", "y""#)], Whole),
        (vec![("if-none-match", "x y")], Whole),
        (vec![("if-modified-since", DATE)], NotModified),
        (vec![("if-modified-since", ASCTIME)], NotModified),
        (vec![("if-modified-since", FUTURE)], NotModified),
        (vec![("if-modified-since", NEAR_FUTURE)], NotModified),
        (vec![("if-modified-since", PAST)], Whole),
        (vec![("if-modified-since", "tomorrow")], Whole),
        (vec![("if-modified-since", FUTURE), ("if-none-match", r#""x""#)], Whole),
        (vec![("if-modified-since", PAST), ("if-none-match", ETAG)], NotModified),
        (vec![("if-unmodified-since", DATE)], Whole),
        (vec![("if-unmodified-since", FUTURE)], Whole),
        (vec![("if-unmodified-since", PAST)], Failed),
        (vec![("if-unmodified-since", "1994")], Whole),
        (vec![("if-unmodified-since", PAST), ("if-match", ETAG)], Whole),
        (vec![("if-unmodified-since", PAST), ("if-none-match", ETAG)], Failed),
        (vec![("if-match", r#""x""#), ("if-none-match", ETAG)], Failed),
        (vec![("if-match", ETAG), ("if-none-match", ETAG)], NotModified),
        (vec![("if-none-match", ETAG), ("range", "bytes=0-1")], NotModified),
        (vec![("if-match", r#""x""#), ("range", "bytes=999999999-")], Failed),
        (vec![("if-match", ETAG), ("range", "bytes=0-1")], Part(0..2)),
        (vec![("if-range", ETAG), ("range", "bytes=0-1")], Part(0..2)),
        (vec![("if-range", DATE), ("range", "bytes=0-1")], Part(0..2)),
        (vec![("if-range", ASCTIME), ("range", "bytes=0-1")], Part(0..2)),
        (vec![("if-range", ETAG), ("range", "bytes=999999999-")], NotSatisfiable),
        (vec![("if-range", r#""x""#), ("range", "bytes=999999999-")], Whole),
        (vec![("if-range", r#""x""#), ("range", "bytes=0-1")], Whole),
        (vec![("if-range", "W/{etag}"), ("range", "bytes=0-1")], Whole),
        (vec![("if-range", FUTURE), ("range", "bytes=0-1")], Whole),
        (vec![("if-range", PAST), ("range", "bytes=0-1")], Whole),
        (vec![("if-range", "x"), ("range", "bytes=0-1")], Whole),
        (vec![("if-range", ETAG), ("if-range", ETAG), ("range", "bytes=0-1")], Whole),
        (vec![("if-range", ETAG)], Whole),
        (vec![("range", "bytes=0-1"), ("range", "bytes=0-1")], Whole),
    ]
}

#[tokio::test]
async fn conditions_decide_what_is_answered() {
    if !has_embedded_store() {
        return;
    }
    let server = Server::start();
    let key = server.user("ada@example.com").key;
    // The small object is stored in its manifest, the large one in a file.
    for size in [10, 100_000] {
        let path = format!("{size}.bin");
        let object = Object::upload(&server, &key, &path, noise(1, size)).await;
        for (headers, expected) in conditions() {
            object.check(&server, &headers, &expected).await;
        }
    }
}

#[tokio::test]
async fn ranges_are_answered_or_passed_over() {
    if !has_embedded_store() {
        return;
    }
    let server = Server::start();
    let key = server.user("ada@example.com").key;
    let some = Object::upload(&server, &key, "some.bin", noise(1, 100)).await;
    for (range, expected) in [
        ("bytes=0-0", Part(0..1)),
        ("bytes=99-", Part(99..100)),
        ("bytes=0-", Part(0..100)),
        ("bytes=90-99999999999999999999", Part(90..100)),
        ("bytes=-1", Part(99..100)),
        ("bytes=-99999999999999999999", Part(0..100)),
        ("Bytes=, 1-2 ,", Part(1..3)),
        ("bytes=100-", NotSatisfiable),
        ("bytes=18446744073709551616-", NotSatisfiable),
        ("bytes=-0", NotSatisfiable),
        ("bytes=0-1,3-4", Whole),
        ("bytes=2-1", Whole),
        ("bytes=a-b", Whole),
        ("bytes=-", Whole),
        ("bytes=", Whole),
        ("bytes= 0-1", Whole),
        ("bytes 0-1", Whole),
        ("lines=0-1", Whole),
    ] {
        some.check(&server, &[("range", range)], &expected).await;
    }
    let none = Object::upload(&server, &key, "none.bin", Vec::new()).await;
    for (range, expected) in [
        ("bytes=-1", NotSatisfiable),
        ("bytes=-0", NotSatisfiable),
        ("bytes=0-", NotSatisfiable),
        ("bytes=0-0", NotSatisfiable),
        ("bytes=0-0,-1", Whole),
        ("bytes=1-0", Whole),
    ] {
        none.check(&server, &[("range", range)], &expected).await;
    }
    none.check(&server, &[("if-none-match", ETAG)], &NotModified)
        .await;
}

fn status_of(address: &str, request: &str) -> u16 {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut first = [0; 12];
    stream.read_exact(&mut first).unwrap();
    std::str::from_utf8(&first[9..]).unwrap().parse().unwrap()
}

#[tokio::test]
async fn every_route_wants_exactly_one_host() {
    let server = Server::start();
    let address = server.process.url.trim_start_matches("http://");
    for path in [
        "/",
        "/login",
        "/healthz",
        "/d/x",
        "/s/x",
        "/put/x",
        "/api/v1/files",
        "/nowhere",
        "/hulkastorus-ugc/x",
    ] {
        for hosts in [&[address, address][..], &[address, "example.com"], &[]] {
            let hosts: String = hosts
                .iter()
                .map(|host| format!("Host: {host}\r\n"))
                .collect();
            let request = format!("GET {path} HTTP/1.1\r\n{hosts}\r\n");
            assert_eq!(status_of(address, &request), 400, "{path} {hosts}");
        }
    }
}
