//! How the cookies of the pages are renewed, kept apart and removed, and who may cause it.

use http::HeaderMap;
use reqwest::{RequestBuilder, Response};
use serde_json::json;

use super::{
    PASSWORD,
    pages::{cookie_name, location, log_in, page, post},
};
use crate::server::{Server, cookies, sql};

const BROWSER: &str = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";

fn get(server: &Server, path: &str, cookies: &str) -> RequestBuilder {
    let request = server.http.get(server.url(path));
    request.header("cookie", cookies)
}

/// Opens a link as a browser does.
async fn browse(server: &Server, path: &str, cookies: &str) -> Response {
    let request = get(server, path, cookies).header("accept", BROWSER);
    let request = request.header("sec-fetch-mode", "navigate");
    request.send().await.unwrap()
}

async fn expire(server: &Server) {
    let statement = "UPDATE session_tokens SET expires_at = 1 WHERE kind = 'access'";
    sql(&server.data_dir, statement).await;
}

fn set(headers: &HeaderMap) -> Vec<&str> {
    let set = headers.get_all("set-cookie").iter();
    set.map(|cookie| cookie.to_str().unwrap()).collect()
}

fn encoded(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

/// Paths of the links to a private file and to a private directory.
async fn private_links(server: &Server, key: &str) -> [String; 2] {
    let body = json!({ "path": "box", "default_permissions": "private" });
    assert_eq!(server.post("/api/v1/directories", key, body).await.0, 201);
    let file = server.upload(key, "box/private.txt", b"hello").await;
    let id = file["id"].as_str().unwrap();
    let body = json!({ "permissions": "private" });
    let path = format!("/api/v1/files/{id}");
    assert_eq!(server.put(&path, key, body).await.0, 200);
    let directory = file["directory_id"].as_str().unwrap();
    [format!("/d/{id}"), format!("/b/{directory}")]
}

#[tokio::test]
async fn a_link_that_is_opened_with_an_expired_session_renews_it_first() {
    let server = Server::start();
    let key = server.user("ada@example.com").key;
    let links = private_links(&server, &key).await;
    let old = cookies(&log_in(&server).await);
    for (link, status) in links.iter().zip([302, 200]) {
        assert_eq!(browse(&server, link, &old).await.status(), status, "{link}");
    }
    expire(&server).await;
    for (link, status) in links.iter().zip([302, 200]) {
        let led = browse(&server, link, &old).await;
        assert_eq!(led.status(), 303, "{link}");
        let renewal = location(&led);
        assert_eq!(renewal, format!("/refresh?next={}", encoded(link)));
        assert_eq!(led.headers()["cache-control"], "no-store");
        let renewed = browse(&server, renewal, &old).await;
        assert_eq!(
            (renewed.status().as_u16(), location(&renewed)),
            (303, link.as_str())
        );
        let opened = browse(&server, link, &cookies(&renewed)).await;
        assert_eq!(opened.status(), status, "{link}");
        let missing = browse(&server, "/d/000000000000", &cookies(&renewed)).await;
        assert_eq!(missing.status(), 404, "there is nothing to renew");

        // Programs, and parts of pages.
        for (accept, mode) in [
            ("*/*", "navigate"),
            ("application/json", "navigate"),
            (BROWSER, "no-cors"),
        ] {
            let request = get(&server, link, &old).header("accept", accept);
            let request = request.header("sec-fetch-mode", mode);
            let status = request.send().await.unwrap().status();
            assert_eq!(status, 404, "{link}: {accept}, {mode}");
        }
    }
    let unknown = browse(&server, "/s/0000000000000000000000", &old).await;
    assert!(location(&unknown).starts_with("/refresh?next=%2Fs%2F"));
}

#[tokio::test]
async fn a_link_leads_to_no_renewal_twice() {
    let server = Server::start();
    let key = server.user("ada@example.com").key;
    let names = ["session", "refresh"].map(|name| cookie_name(&server, name));
    let bad = format!("{}=hulkr_unknown", names[1]);
    for link in private_links(&server, &key).await {
        let led = browse(&server, &link, &bad).await;
        assert_eq!(led.status(), 303, "{link}");
        let ended = browse(&server, location(&led), &bad).await;
        assert_eq!(location(&ended), link);
        let found = set(ended.headers());
        assert_eq!(found.len(), 2);
        for (cookie, name) in found.iter().zip(&names) {
            assert!(cookie.starts_with(&format!("{name}=; ")), "{cookie}");
            assert!(cookie.contains("; Max-Age=0"), "{cookie}");
        }
        // The browser has removed them.
        assert_eq!(browse(&server, &link, "").await.status(), 404, "{link}");
        // Behind a proxy that asks for a password, no cookie counts.
        let request = get(&server, &link, &bad).header("accept", BROWSER);
        let request = request.basic_auth("ada", Some("x"));
        assert_eq!(request.send().await.unwrap().status(), 404, "{link}");
    }
}

#[tokio::test]
async fn other_sites_renew_no_session() {
    let server = Server::start();
    server.user("ada@example.com");
    let old = cookies(&log_in(&server).await);
    let renewal = "/refresh?next=%2Fapp%2Ftrash";
    let navigate = |site: &'static str| {
        let request = get(&server, renewal, &old).header("sec-fetch-site", site);
        async { request.send().await.unwrap() }
    };
    for site in ["none", "same-origin", "cross-site"] {
        let valid = navigate(site).await;
        assert_eq!(location(&valid), "/app/trash", "{site}");
        assert_eq!(cookies(&valid), "", "{site}: there is nothing to renew");
    }
    expire(&server).await;
    for site in ["cross-site", "same-site"] {
        let shown = navigate(site).await;
        assert_eq!(shown.status(), 200, "{site}");
        assert_eq!(cookies(&shown), "", "{site}");
        let headers = shown.headers();
        assert_eq!(headers["refresh"], format!("0; url={renewal}"));
        assert_eq!(headers["cross-origin-opener-policy"], "same-origin");
    }
    for site in ["none", "same-origin"] {
        let renewed = navigate(site).await;
        assert_eq!(location(&renewed), "/app/trash", "{site}");
        assert_eq!(set(renewed.headers()).len(), 2, "{site}");
    }
}

#[tokio::test]
async fn pages_lead_to_paths_of_this_server_only() {
    let server = Server::start();
    let key = server.user("ada@example.com").key;
    for (next, expected) in [
        ("/app/trash?cursor=x", "/app/trash?cursor=x"),
        ("/d/a%20b", "/d/a%20b"),
        ("/d/x?next=//evil.example", "/d/x?next=//evil.example"),
        ("", "/"),
        ("evil.example", "/"),
        ("https://evil.example/", "/"),
        ("//evil.example", "/"),
        ("/\\evil.example", "/"),
        ("\\\\evil.example", "/"),
        ("/a/..\\\\evil.example", "/"),
        ("/\t/evil.example", "/"),
        ("/\r\nx: y", "/"),
        ("/\u{85}/evil.example", "/"),
        (" //evil.example", "/"),
    ] {
        let path = format!("/refresh?next={}", encoded(next));
        let refreshed = page(&server, &path, "").await;
        assert_eq!(location(&refreshed), expected, "{next:?}");
        let fields = [("key", key.as_str()), ("next", next)];
        let begun = post(&server, "/login", &fields).send().await.unwrap();
        assert_eq!(location(&begun), expected, "{next:?}");
    }
}

#[tokio::test]
async fn the_scheme_of_an_origin_counts() {
    let plain = Server::start();
    let public = ["--public-url", "https://hulk.example"];
    let secure = Server::start_with(&public);
    for (server, host, origin, expected) in [
        (&plain, "127.0.0.1:PORT", "http://127.0.0.1:PORT", 401),
        (&plain, "localhost:PORT", "http://localhost:PORT", 401),
        (&plain, "hulk.test:PORT", "http://hulk.test:PORT", 401),
        (&plain, "127.0.0.1:PORT", "https://127.0.0.1:PORT", 403),
        (&plain, "127.0.0.1:PORT", "http://127.0.0.1:1", 403),
        (&plain, "127.0.0.1:PORT", "http://localhost:PORT", 403),
        (&plain, "127.0.0.1:PORT", "null", 403),
        (&secure, "hulk.example", "https://hulk.example", 401),
        // A proxy that asks by another name, and a browser on the server's own machine.
        (&secure, "127.0.0.1:PORT", "https://hulk.example", 401),
        (&secure, "alias.example", "https://alias.example", 401),
        (&secure, "127.0.0.1:PORT", "http://127.0.0.1:PORT", 401),
        (&secure, "localhost:PORT", "http://localhost:PORT", 401),
        (&secure, "hulk.example", "http://hulk.example", 403),
        (&secure, "alias.example", "http://alias.example", 403),
        (&secure, "hulk.example", "https://hulk.example:8443", 403),
    ] {
        // Not one of two replicas: the port is this one's.
        let url = &server.process.url;
        let (_, port) = url.rsplit_once(':').unwrap();
        let [host, origin] = [host, origin].map(|text| text.replace("PORT", port));
        let form = server.http.post(format!("{url}/login")).body("key=wrong");
        let form = form.header("host", &host).header("origin", &origin);
        let status = form.send().await.unwrap().status();
        assert_eq!(status, expected, "{origin} at {host}");
    }
}

#[tokio::test]
async fn the_cookie_of_earlier_versions_is_removed() {
    let server = Server::start();
    let expired = "hulk_key=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0";
    for path in ["/", "/login", "/app/trash", "/d/000000000000"] {
        let response = page(&server, path, "a=b; hulk_key=hulk_x").await;
        assert_eq!(set(response.headers()), [expired], "{path}");
        let response = page(&server, path, "a=b").await;
        assert_eq!(cookies(&response), "", "{path}");
    }
}

#[tokio::test]
async fn two_servers_on_one_host_sign_nobody_out_of_the_other() {
    let servers = [Server::start(), Server::start()];
    let mut jar = Vec::new();
    for server in &servers {
        server.user("ada@example.com");
        let set = cookies(&log_in(server).await);
        assert!(set.starts_with(&cookie_name(server, "session")), "{set}");
        jar.push(set);
    }
    let jar = jar.join("; ");
    for server in &servers {
        let home = page(server, "/", &jar).await.text().await.unwrap();
        assert!(home.contains("Sign out"), "{home}");
    }
}

#[tokio::test]
async fn what_sets_cookies_or_is_for_a_user_is_kept_by_no_cache() {
    let server = Server::start();
    let key = server.user("ada@example.com").key;
    server.upload(&key, "a.txt", b"a").await;
    let body = json!({ "path": "a.txt", "password": PASSWORD });
    let share = server.post("/api/v1/shares", &key, body).await.1;
    let link = format!("/s/{}", share["token"].as_str().unwrap());
    let begun = log_in(&server).await;
    let session = cookies(&begun);
    let send = |request: RequestBuilder| {
        let request = request.header("cookie", &session);
        async { request.send().await.unwrap() }
    };
    let mut answers = vec![begun];
    for path in [
        "/",
        "/app/trash",
        "/app/shares",
        "/app/search?q=a",
        "/device",
    ] {
        answers.push(send(server.http.get(server.url(path))).await);
    }
    answers.push(send(post(&server, &link, &[("password", PASSWORD)])).await);
    answers.push(send(post(&server, "/refresh", &[])).await);
    expire(&server).await;
    answers.push(send(server.http.get(server.url("/app/trash"))).await);
    answers.push(send(server.http.get(server.url("/refresh?next=/"))).await);
    answers.push(send(post(&server, "/logout", &[])).await);
    let statuses: Vec<u16> = answers
        .iter()
        .map(|answer| answer.status().as_u16())
        .collect();
    let expected = [303, 200, 200, 200, 200, 200, 303, 204, 303, 303, 303];
    assert_eq!(statuses, expected);
    for answer in &answers {
        let url = answer.url();
        assert_eq!(answer.headers()["cache-control"], "no-store", "{url}");
    }
}
