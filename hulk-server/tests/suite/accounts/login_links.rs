//! Links that sign in to the page once.

use futures_util::future::join_all;
use reqwest::{Method, Response};
use serde_json::{Value, json};

use super::{
    PASSWORD, log_in,
    pages::{location, page},
    text,
};
use crate::server::{ROOT_KEY, Server, code, cookies, sql};

const LINKS: &str = "/api/v1/sessions/links";

/// Creates a link; returns its path and query.
async fn link(server: &Server, credential: &str, body: Value) -> String {
    let (status, made) = server.post(LINKS, credential, body).await;
    assert_eq!(status, 201, "{made}");
    assert_eq!(made["expires_in"], 60);
    let path = text(&made, "url").strip_prefix(&server.process.url);
    let path = path.unwrap_or_else(|| panic!("{made}"));
    assert!(path.starts_with("/login/once?token=hulko_"), "{path}");
    path.to_owned()
}

/// Sends a request as the page does.
async fn send(server: &Server, session: &str, method: Method, path: &str) -> u16 {
    let request = server.http.request(method, server.url(path)).body("{}");
    let request = request.header("sec-fetch-site", "same-origin");
    let sent = request.header("cookie", session).send().await;
    sent.unwrap().status().as_u16()
}

/// Asserts that an answer signs nobody in, and is the log-in page with these words.
async fn assert_refused(answer: Response, status: u16, words: &str) {
    assert_eq!(answer.status(), status);
    assert_eq!(cookies(&answer), "");
    let shown = answer.text().await.unwrap();
    assert!(shown.contains(words), "{shown}");
    assert!(shown.contains("Sign in with an API key"), "{shown}");
}

#[tokio::test]
async fn a_link_signs_in_once_and_leads_to_its_page() {
    let server = Server::start();
    let key = server.user("ada@example.com").key;
    let next = "/app/browse/my%20files?cursor=x";
    for (body, expected) in [(json!({}), "/"), (json!({ "next": next }), next)] {
        let link = link(&server, &key, body).await;
        let opened = page(&server, &link, "").await;
        assert_eq!(
            (opened.status().as_u16(), location(&opened)),
            (303, expected)
        );
        assert_eq!(opened.headers()["cache-control"], "no-store");
        assert_eq!(opened.headers()["referrer-policy"], "no-referrer");
        let session = cookies(&opened);
        let home = page(&server, "/", &session).await.text().await.unwrap();
        assert!(home.contains("Sign out"), "{home}");
        assert_refused(page(&server, &link, "").await, 401, "used before").await;
    }
    // The body may be missing.
    let bare = server.send(Method::POST, LINKS, &key, None).await;
    assert_eq!(bare.status(), 201);
    let (_, log) = server.get("/api/v1/audit", &key).await;
    assert_eq!(log["items"][0]["action"], "session.create", "{log}");
}

#[tokio::test]
async fn of_many_at_once_one_is_signed_in() {
    let server = Server::start();
    let key = server.user("ada@example.com").key;
    let link = link(&server, &key, json!({})).await;
    let opened = join_all((0..20).map(|_| page(&server, &link, ""))).await;
    let mut statuses: Vec<u16> = opened
        .iter()
        .map(|opened| opened.status().as_u16())
        .collect();
    statuses.sort_unstable();
    assert_eq!(statuses[0], 303);
    assert_eq!(statuses[1..], [401; 19]);
}

#[tokio::test]
async fn what_is_expired_or_no_link_signs_nobody_in() {
    let server = Server::start();
    let key = server.user("ada@example.com").key;
    let link = link(&server, &key, json!({})).await;
    sql(
        &server.data_dir,
        "UPDATE login_links SET expires_at = expires_at - 61000",
    )
    .await;
    let unknown = format!("/login/once?token=hulko_{}", "A".repeat(43));
    for wrong in [
        link.as_str(),
        unknown.as_str(),
        "/login/once",
        "/login/once?token=",
        "/login/once?token=x",
    ] {
        assert_refused(page(&server, wrong, "").await, 401, "has expired").await;
    }
}

#[tokio::test]
async fn a_look_and_another_site_do_not_use_it_up() {
    let server = Server::start();
    let key = server.user("ada@example.com").key;
    let link = link(&server, &key, json!({})).await;
    let looked = server.http.head(server.url(&link)).send().await.unwrap();
    assert_eq!(looked.status(), 200);
    assert_eq!(cookies(&looked), "");
    let from = |site: &'static str, path: String| {
        let request = server.http.get(server.url(&path));
        let sent = request.header("sec-fetch-site", site).send();
        async { sent.await.unwrap() }
    };
    for site in ["cross-site", "same-site"] {
        let refused = from(site, link.clone()).await;
        assert_refused(refused, 403, "another site").await;
    }
    // What the user types, or another program opens.
    assert_eq!(from("none", link).await.status(), 303);
    let link = self::link(&server, &key, json!({})).await;
    assert_eq!(from("same-origin", link).await.status(), 303);
}

#[tokio::test]
async fn its_session_permits_what_the_key_does_and_ends_with_it() {
    let server = Server::start();
    let ada = server.user("ada@example.com");
    let read = server.key("ada@example.com", "read");
    let own = format!("/api/v1/users/{}", ada.user_id);
    let opened = page(&server, &link(&server, &read, json!({})).await, "").await;
    let session = cookies(&opened);
    assert_eq!(send(&server, &session, Method::GET, &own).await, 200);
    assert_eq!(send(&server, &session, Method::PUT, &own).await, 403);
    // A session that was begun with the key makes links that permit no more.
    let pair = session.split("; ").find(|pair| pair.contains("_session="));
    let (_, access) = pair.unwrap().split_once('=').unwrap();
    let opened = page(&server, &link(&server, access, json!({})).await, "").await;
    let second = cookies(&opened);
    assert_eq!(send(&server, &second, Method::GET, &own).await, 200);
    assert_eq!(send(&server, &second, Method::PUT, &own).await, 403);

    let unused = [
        link(&server, &read, json!({})).await,
        link(&server, access, json!({})).await,
    ];
    let id = read.split('_').nth(1).unwrap();
    let path = format!("/api/v1/api-keys/{id}");
    assert_eq!(server.delete(&path, &ada.key).await.0, 204);
    for session in [&session, &second] {
        assert_eq!(send(&server, session, Method::GET, &own).await, 401);
    }
    for link in unused {
        assert_refused(page(&server, &link, "").await, 401, "used before").await;
    }
}

#[tokio::test]
async fn a_session_of_a_password_makes_links_until_it_ends() {
    let server = Server::start();
    let ada = server.user("ada@example.com");
    let (_, session) = log_in(&server, "ada@example.com", PASSWORD).await;
    let access = text(&session, "access_token");
    let own = format!("/api/v1/users/{}", ada.user_id);
    let opened = page(&server, &link(&server, access, json!({})).await, "").await;
    let other = cookies(&opened);
    assert_eq!(send(&server, &other, Method::PUT, &own).await, 200);
    let (_, sessions) = server.get("/api/v1/sessions", access).await;
    assert_eq!(sessions["total"], 2, "{sessions}");

    let unused = link(&server, access, json!({})).await;
    assert_eq!(server.delete("/api/v1/sessions", access).await.0, 204);
    assert_refused(page(&server, &unused, "").await, 401, "used before").await;
    assert_eq!(send(&server, &other, Method::GET, &own).await, 200);
}

#[tokio::test]
async fn a_link_leads_to_this_server_only() {
    let server = Server::start();
    let key = server.user("ada@example.com").key;
    for next in [
        "",
        "evil.example",
        "https://evil.example/",
        "//evil.example",
        "/\\evil.example",
        "/\t/evil.example",
        "/\r\nx: y",
        "/my files",
        "/é",
        &format!("/{}", "x".repeat(4096)),
    ] {
        let body = json!({ "next": next });
        let (status, answer) = server.post(LINKS, &key, body).await;
        assert_eq!(
            (status.as_u16(), code(&answer)),
            (400, "VALIDATION_ERROR"),
            "{next:?}"
        );
    }
}

#[tokio::test]
async fn root_makes_no_link_and_a_suspended_user_is_not_signed_in() {
    let server = Server::start();
    let ada = server.user("ada@example.com");
    let request = server.http.post(server.url(LINKS)).bearer_auth(ROOT_KEY);
    let request = request.header("x-hulk-user", &ada.user_id);
    let refused = request.send().await.unwrap();
    assert_eq!(refused.status(), 403);

    let link = link(&server, &ada.key, json!({})).await;
    sql(&server.data_dir, "UPDATE users SET is_active = 0").await;
    assert_refused(page(&server, &link, "").await, 403, "suspended").await;
}
