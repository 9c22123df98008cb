//! Sessions of the web pages that were begun with a bound key are bound like it.

use reqwest::{Method, Response};
use serde_json::json;

use super::{directory, id, private, start};
use crate::server::{Server, answer, cookies};

/// Logs in to the pages with a key; returns the cookies.
async fn log_in(server: &Server, key: &str) -> String {
    let body: String = url::form_urlencoded::Serializer::new(String::new())
        .append_pair("key", key)
        .finish();
    let request = server.http.post(server.url("/login")).body(body);
    let request = request.header("sec-fetch-site", "same-origin");
    let response = request.send().await.unwrap();
    assert_eq!(response.status(), 303);
    cookies(&response)
}

async fn send(server: &Server, method: Method, path: &str, cookies: &str) -> Response {
    let request = server.http.request(method, server.url(path));
    let request = request.header("cookie", cookies);
    let request = request.header("sec-fetch-site", "same-origin");
    request.send().await.unwrap()
}

#[tokio::test]
async fn a_session_is_bound_like_its_key() {
    let (server, ada, bound) = start().await;
    let session = log_in(&server, &bound).await;
    let inside = private(&server, &ada.key, "data/in.txt", b"in").await;
    let outside = private(&server, &ada.key, "other/secret.txt", b"out").await;
    let get = async |path: String| answer(send(&server, Method::GET, &path, &session).await).await;
    let (_, me) = get("/api/v1/me".into()).await;
    assert_eq!(me["credential"]["kind"], "session", "{me}");
    assert_eq!(me["credential"]["path"], "data", "{me}");
    assert_eq!(me["user"]["used_bytes"], 0, "{me}");
    assert_eq!(get(format!("/api/v1/files/{}", id(&inside))).await.0, 200);
    assert_eq!(get(format!("/api/v1/files/{}", id(&outside))).await.0, 404);
    assert_eq!(get(format!("/d/{}", id(&outside))).await.0, 404);
    assert_eq!(get("/api/v1/files".into()).await.1["total"], 1);
    for path in [
        "/api/v1/api-keys",
        "/api/v1/sessions",
        "/api/v1/trash",
        "/api/v1/audit",
    ] {
        assert_eq!(get(path.into()).await.0, 403, "{path}");
    }
    let create = server.http.post(server.url("/api/v1/api-keys"));
    let create = create.header("cookie", &session);
    let create = create.header("sec-fetch-site", "same-origin");
    let body = json!({ "label": "wider", "permissions": "all" });
    assert_eq!(create.json(&body).send().await.unwrap().status(), 403);
}

#[tokio::test]
async fn pages_show_what_is_within_and_the_others_are_closed() {
    let (server, ada, bound) = start().await;
    let session = log_in(&server, &bound).await;
    let inside = private(&server, &ada.key, "data/shown.txt", b"in").await;
    let outside = private(&server, &ada.key, "other/secret.txt", b"out").await;
    for (path, expected) in [
        ("/", 200),
        ("/app/browse/data", 200),
        ("/app/browse/other", 404),
        ("/app/search?q=txt", 200),
        (&format!("/app/versions/{}", id(&inside)), 200),
        (&format!("/app/versions/{}", id(&outside)), 404),
        ("/app/trash", 403),
        ("/app/shares", 403),
        ("/device", 403),
    ] {
        let response = send(&server, Method::GET, path, &session).await;
        assert_eq!(response.status(), expected, "{path}");
        let text = response.text().await.unwrap();
        assert!(!text.contains("secret.txt"), "{path}: {text}");
        let is_list = ["/", "/app/browse/data", "/app/search?q=txt"].contains(&path);
        assert!(!is_list || text.contains("shown.txt"), "{path}: {text}");
        assert!(!text.contains("used</label>"), "{path}: {text}");
    }
    let data = directory(&server, &ada.key, "data").await;
    let path = format!("/api/v1/directories/{}", id(&data));
    assert_eq!(server.delete(&path, &ada.key).await.0, 204);
    let response = send(&server, Method::GET, "/", &session).await;
    assert_eq!(response.status(), 404, "its directory is gone");
}
