//! Which origin serves what, what browsers may do with an answer, and whose pages may use the API.

use reqwest::{Method, Response};
use tempfile::TempDir;

use crate::{
    harness::{Process, engine::free_address},
    server::{Server, answer, code, command, has_embedded_store, noise},
};

const APP: &str = "https://app.example.com";
const ALLOWED: &str = "access-control-allow-origin";

/// Starts a server whose downloads are at another name of this machine.
fn with_content_url() -> (Server, String) {
    let address = free_address();
    let content = address.replace("127.0.0.1", "http://localhost");
    let server = Server::start_with(&["--listen", &address, "--content-url", &content]);
    (server, content)
}

fn header<'a>(response: &'a Response, name: &str) -> &'a str {
    let value = response.headers().get(name);
    value.map_or("", |value| value.to_str().unwrap())
}

async fn get(server: &Server, path: &str) -> Response {
    server.send(Method::GET, path, "", None).await
}

#[tokio::test]
async fn downloads_come_from_the_content_url_alone() {
    if !has_embedded_store() {
        return;
    }
    let (server, content) = with_content_url();
    let key = server.user("ada@example.com").key;
    let bytes = noise(1, 10_000);
    let planned = server.plan(&key, "a.bin", bytes.len()).await;
    let put = planned["upload"]["url"].as_str().unwrap();
    assert!(put.starts_with(&server.process.url), "{put}");
    let sent = server.send_bytes(&key, &planned, &bytes).await;
    assert_eq!(sent.status(), 200);
    let (_, file) = server.report(&key, &planned).await;
    let link = file["url"].as_str().unwrap();
    assert!(link.starts_with(&server.process.url), "{link}");
    for method in [Method::GET, Method::HEAD] {
        let redirect = server.send(method.clone(), link, "", None).await;
        let url = header(&redirect, "location").to_owned();
        assert!(url.starts_with(&format!("{content}/")), "{url}");
        let request = |url: &str| server.http.request(method.clone(), url);
        let there = request(&url).send().await.unwrap();
        assert_eq!(there.status(), 200);
        if method == Method::GET {
            assert!(there.bytes().await.unwrap() == bytes);
        }
        let elsewhere = url.replace(&content, &server.process.url);
        let refused = request(&elsewhere).send().await.unwrap();
        assert_eq!(refused.status(), 403, "{elsewhere}");
        // The name decides, in any case, and not the address.
        let host = content.replace("http://", "").to_uppercase();
        let named = request(&elsewhere).header("host", host);
        assert_eq!(named.send().await.unwrap().status(), 200);
    }
}

#[tokio::test]
async fn pages_and_api_are_not_at_the_content_url() {
    if !has_embedded_store() {
        return;
    }
    let (server, content) = with_content_url();
    let key = server.user("ada@example.com").key;
    let file = server.upload(&key, "a.txt", b"hello").await;
    let link = file["url"].as_str().unwrap();
    let link = link.replace(&server.process.url, "");
    for path in [
        "/",
        "/login",
        "/api/v1/me",
        "/api/v1/openapi.json",
        "/healthz",
        "/metrics",
        "/hulkastorus-ugc-and-more",
        link.as_str(),
    ] {
        let here = get(&server, path).await.status();
        let there = format!("{content}{path}");
        let refused = server.http.get(&there).bearer_auth(&key).send().await;
        let (status, body) = answer(refused.unwrap()).await;
        assert_eq!(
            (status.as_u16(), code(&body)),
            (404, "NOT_FOUND"),
            "{there} ({here} at the public URL)"
        );
    }
    let host = content.replace("http://", "");
    let me = || server.http.get(server.url("/api/v1/me")).bearer_auth(&key);
    assert_eq!(me().send().await.unwrap().status(), 200);
    let named = me().header("host", host).send().await.unwrap();
    assert_eq!(named.status(), 404);
    let page = get(&server, "/login").await;
    let policy = header(&page, "content-security-policy");
    let both = format!("form-action 'self' {} {content};", server.process.url);
    assert!(policy.contains(&both), "{policy}");
}

#[tokio::test]
async fn the_public_url_as_content_url_changes_nothing() {
    if !has_embedded_store() {
        return;
    }
    let address = free_address();
    let content = format!("http://{address}/");
    let server = Server::start_with(&["--listen", &address, "--content-url", &content]);
    let key = server.user("ada@example.com").key;
    let file = server.upload(&key, "a.txt", b"hello").await;
    let link = file["url"].as_str().unwrap();
    assert_eq!(server.download(link, "").await.1, b"hello");
    assert_eq!(get(&server, "/login").await.status(), 200);
}

#[test]
fn what_is_no_origin_is_refused_at_the_start() {
    let directory = TempDir::new().unwrap();
    for (flag, value) in [
        ("--content-url", "ftp://content.example.com"),
        ("--content-url", "content.example.com"),
        ("--content-url", "https://ada@content.example.com"),
        ("--content-url", "https://content.example.com/path"),
        ("--content-url", "https://content.example.com?x=1"),
        // Differs from the public URL in nothing that a request shows.
        ("--content-url", "https://files.example.com"),
        ("--cors-origins", "*"),
        ("--cors-origins", "https://app.example.com,null"),
    ] {
        let mut serve = command(&directory.path().join("data"));
        serve.args(["--listen", &free_address()]);
        serve.args(["--public-url", "http://files.example.com", flag, value]);
        let log = Process::start(serve).err();
        let log = log.unwrap_or_else(|| panic!("{flag} {value} was accepted"));
        assert!(log.contains(flag), "{value}: {log}");
    }
}

#[tokio::test]
async fn every_answer_limits_what_browsers_do_with_it() {
    let server = Server::start();
    let key = server.user("ada@example.com").key;
    let file = server.upload(&key, "a.txt", b"hello").await;
    let link = file["url"].as_str().unwrap();
    let object = header(&get(&server, link).await, "location").to_owned();
    let mut cases = vec![
        ("/login", "same-origin", "same-origin"),
        ("/api/v1/me", "no-referrer", "same-origin"),
        ("/api/v1/openapi.json", "no-referrer", "same-origin"),
        ("/healthz", "no-referrer", "same-origin"),
        ("/nothing", "no-referrer", "same-origin"),
        ("/static/0/nothing", "no-referrer", "same-origin"),
        (link, "no-referrer", "cross-origin"),
    ];
    if has_embedded_store() {
        cases.push((object.as_str(), "no-referrer", "cross-origin"));
        cases.push(("/hulkastorus-ugc/unsigned", "no-referrer", "cross-origin"));
    }
    for (path, referrer, resource) in cases {
        let answer = get(&server, path).await;
        assert_eq!(header(&answer, "x-content-type-options"), "nosniff");
        assert_eq!(header(&answer, "x-frame-options"), "DENY", "{path}");
        assert_eq!(header(&answer, "referrer-policy"), referrer, "{path}");
        let policy = header(&answer, "cross-origin-resource-policy");
        assert_eq!(policy, resource, "{path}");
        assert_eq!(header(&answer, "strict-transport-security"), "", "{path}");
    }
    let page = get(&server, "/login").await;
    // Browsers ignore it with a complaint over plain http.
    assert_eq!(header(&page, "cross-origin-opener-policy"), "");
    assert!(header(&page, "permissions-policy").contains("camera=()"));
    let policy = header(&page, "content-security-policy");
    assert!(policy.contains("frame-ancestors 'none'"), "{policy}");
}

#[tokio::test]
async fn behind_https_browsers_are_told_to_stay_there() {
    let server = Server::start_with(&["--public-url", "https://files.example.com"]);
    for path in ["/login", "/api/v1/me", "/nothing"] {
        let answer = get(&server, path).await;
        let transport = header(&answer, "strict-transport-security");
        assert_eq!(transport, "max-age=31536000", "{path}");
    }
}

/// Asks from a page of `origin` whether it may send a PUT with a key.
async fn preflight(server: &Server, path: &str, origin: &str) -> Response {
    let request = server.http.request(Method::OPTIONS, server.url(path));
    let request = request
        .header("origin", origin)
        .header("access-control-request-method", "PUT")
        .header(
            "access-control-request-headers",
            "authorization,content-type",
        );
    request.send().await.unwrap()
}

#[tokio::test]
async fn pages_of_listed_origins_use_the_api_with_a_key() {
    let server = Server::start_with(&[
        "--cors-origins",
        "http://localhost:3000,HTTPS://app.example.com:443/",
    ]);
    let key = server.user("ada@example.com").key;
    let asked = preflight(&server, "/api/v1/files/0/status", APP).await;
    assert!(asked.status().is_success());
    assert_eq!(header(&asked, ALLOWED), APP);
    assert!(header(&asked, "access-control-allow-methods").contains("PUT"));
    let allowed = header(&asked, "access-control-allow-headers");
    assert!(
        allowed.contains("authorization") && allowed.contains("content-type"),
        "{allowed}"
    );
    for (path, key, status) in [
        ("/api/v1/me", key.as_str(), 200),
        ("/api/v1/me", "", 401),
        ("/api/v1/nothing", "", 404),
    ] {
        let mut request = server.http.get(server.url(path)).header("origin", APP);
        if !key.is_empty() {
            request = request.bearer_auth(key);
        }
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status(), status, "{path}");
        assert_eq!(header(&answer, ALLOWED), APP, "{path}");
        assert_eq!(header(&answer, "access-control-allow-credentials"), "");
        let exposed = header(&answer, "access-control-expose-headers");
        for name in ["retry-after", "location", "repr-digest", "x-trashed-until"] {
            assert!(exposed.contains(name), "{exposed}");
        }
        let vary = answer.headers().get_all("vary").iter();
        let vary: Vec<_> = vary.map(|value| value.to_str().unwrap()).collect();
        let vary = vary.join(",").to_lowercase();
        assert!(vary.contains("origin"), "{vary}");
    }
}

#[tokio::test]
async fn pages_of_other_origins_do_not() {
    let listing = Server::start_with(&["--cors-origins", APP]);
    let plain = Server::start();
    for (server, path, origin) in [
        (&listing, "/api/v1/me", "https://evil.example"),
        (&listing, "/api/v1/me", "http://app.example.com"),
        (
            &listing,
            "/api/v1/me",
            "https://app.example.com.evil.example",
        ),
        (&listing, "/api/v1/me", "null"),
        (&listing, "/login", APP),
        (&listing, "/d/000000000000", APP),
        (&plain, "/api/v1/me", APP),
    ] {
        let asked = preflight(server, path, origin).await;
        assert_eq!(header(&asked, ALLOWED), "", "{path} from {origin}");
        let request = server.http.get(server.url(path)).header("origin", origin);
        let answer = request.send().await.unwrap();
        assert_eq!(header(&answer, ALLOWED), "", "{path} from {origin}");
    }
}
