//! Share links: what each grants, to whom, and for how long.

mod challenges;
mod counted;
mod passwords;

use reqwest::{Method, Response};
use serde_json::{Value, json};

use crate::{
    agree::assert_agreement,
    server::{Server, code, sha256, sql},
};

pub(crate) async fn share(server: &Server, key: &str, body: Value) -> Value {
    let (status, share) = server.post("/api/v1/shares", key, body).await;
    assert_eq!(status, 201, "{share}");
    share
}

pub(crate) fn token(share: &Value) -> &str {
    share["token"].as_str().unwrap()
}

pub(crate) fn public(share: &Value) -> String {
    format!("/api/v1/shares/public/{}", token(share))
}

/// Requests a link with the visitor's headers.
async fn visit(server: &Server, method: Method, path: &str, headers: &[(&str, &str)]) -> Response {
    let request = server.http.request(method, server.url(path));
    let request = headers.iter().fold(request, |request, (name, value)| {
        request.header(*name, *value)
    });
    request.send().await.unwrap()
}

pub(crate) async fn status(server: &Server, path: &str, headers: &[(&str, &str)]) -> u16 {
    visit(server, Method::GET, path, headers)
        .await
        .status()
        .as_u16()
}

#[tokio::test]
async fn a_private_file_is_shared_and_the_link_says_what_it_is() {
    let server = Server::start();
    let key = server.user("ada@example.com").key;
    let file = server.upload(&key, "d/a.txt", b"hello").await;
    let path = format!("/api/v1/files/{}", file["id"].as_str().unwrap());
    server
        .put(&path, &key, json!({ "permissions": "private" }))
        .await;
    let link = share(&server, &key, json!({ "path": "d/a.txt" })).await;
    assert_eq!(
        link["url"],
        format!("{}/s/{}", server.process.url, token(&link))
    );
    let expected = json!({ "can_download": true, "can_upload": false, "can_share": false,
        "can_delete": false });
    assert_eq!(link["permissions"], expected);
    let (_, bytes) = server.download(&format!("/s/{}", token(&link)), "").await;
    assert_eq!(bytes, b"hello");
    let (status, shown) = server.get(&public(&link), "").await;
    assert_eq!(status, 200, "{shown}");
    for (name, value) in [
        ("kind", json!("file")),
        ("filename", json!("a.txt")),
        ("size_bytes", json!(5)),
        ("sha256", json!(sha256(b"hello"))),
        ("needs_password", json!(false)),
        ("file_id", file["id"].clone()),
    ] {
        assert_eq!(shown[name], value, "{name}");
    }
    // The file may be renamed, replaced, deleted and restored: the link stays valid.
    server.put(&path, &key, json!({ "path": "b.txt" })).await;
    server.upload(&key, "b.txt", b"newer").await;
    let (_, bytes) = server.download(&format!("/s/{}", token(&link)), "").await;
    assert_eq!(bytes, b"newer");
    server.delete(&path, &key).await;
    assert_eq!(server.get(&public(&link), "").await.0, 404);
    let id = file["id"].as_str().unwrap();
    server
        .post(&format!("/api/v1/trash/{id}/restore"), &key, Value::Null)
        .await;
    assert_eq!(server.get(&public(&link), "").await.0, 200);
    let list = server.get("/api/v1/shares", &key).await.1;
    assert_eq!(
        (&list["total"], &list["items"][0]["path"]),
        (&json!(1), &json!("b.txt"))
    );
}

#[tokio::test]
async fn what_each_kind_of_share_grants() {
    let server = Server::start();
    let key = server.user("ada@example.com").key;
    let inside = server.upload(&key, "box/in/a.txt", b"a").await;
    let outside = server.upload(&key, "out.txt", b"o").await;
    let private = json!({ "permissions": "private" });
    for file in [&inside, &outside] {
        let path = format!("/api/v1/files/{}", file["id"].as_str().unwrap());
        server.put(&path, &key, private.clone()).await;
    }
    let id = |file: &Value| file["id"].as_str().unwrap().to_owned();
    let (inside_id, outside_id) = (id(&inside), id(&outside));
    let directory = inside["directory_id"].as_str().unwrap();
    let grant = |grants: Value| json!({ "path": "box", "permissions": grants });
    let down = share(&server, &key, grant(json!({ "can_download": true }))).await;
    let up = share(&server, &key, grant(json!({ "can_upload": true }))).await;
    let pass_on = share(
        &server,
        &key,
        grant(json!({ "can_share": true, "can_download": true })),
    )
    .await;
    let delete = share(&server, &key, grant(json!({ "can_delete": true }))).await;
    let over = share(
        &server,
        &key,
        grant(json!({ "can_download": true, "can_upload": true })),
    )
    .await;
    let revoked = share(
        &server,
        &key,
        grant(json!({ "can_download": true, "can_upload": true })),
    )
    .await;
    sql(
        &server.data_dir,
        format!(
            "UPDATE shares SET expires_at = 1 WHERE id = '{}'",
            over["id"].as_str().unwrap()
        ),
    )
    .await;
    let path = format!("/api/v1/shares/{}", revoked["id"].as_str().unwrap());
    assert_eq!(server.delete(&path, &key).await.0, 204);
    // Each action with a share for downloads, uploads, sharing, deletion; with an expired and a revoked one.
    let shares = [&down, &up, &pass_on, &delete, &over, &revoked];
    let plan = json!({ "path": "new.txt", "size_bytes": 1 });
    for (method, path, body, expected) in [
        (
            Method::GET,
            "{public}".to_owned(),
            None,
            [200, 200, 200, 200, 410, 410],
        ),
        (
            Method::GET,
            format!("/b/{directory}?token={{token}}"),
            None,
            [200, 403, 200, 403, 410, 410],
        ),
        (
            Method::GET,
            format!("/d/{inside_id}?token={{token}}"),
            None,
            [302, 403, 302, 403, 410, 410],
        ),
        (
            Method::HEAD,
            format!("/d/{inside_id}?token={{token}}"),
            None,
            [302, 403, 302, 403, 410, 410],
        ),
        (
            Method::GET,
            format!("/d/{outside_id}?token={{token}}"),
            None,
            [404, 403, 404, 403, 410, 410],
        ),
        (
            Method::GET,
            format!("/d/{inside_id}?token={{token}}&version=1"),
            None,
            [404, 403, 404, 403, 410, 410],
        ),
        (
            Method::POST,
            "{public}/files".to_owned(),
            Some(plan),
            [403, 201, 403, 403, 410, 410],
        ),
        (
            Method::POST,
            "{public}/shares".to_owned(),
            Some(json!({})),
            [403, 403, 201, 403, 410, 410],
        ),
        (
            Method::DELETE,
            format!("{{public}}/files/{outside_id}"),
            None,
            [403, 403, 403, 404, 410, 410],
        ),
        (
            Method::DELETE,
            format!("{{public}}/files/{inside_id}"),
            None,
            [403, 403, 403, 204, 410, 410],
        ),
    ] {
        for (share, expected) in shares.iter().zip(expected) {
            let path = path
                .replace("{public}", &public(share))
                .replace("{token}", token(share));
            let found = server.send(method.clone(), &path, "", body.clone()).await;
            assert_eq!(
                found.status(),
                expected,
                "{method} {path} with {}",
                share["permissions"]
            );
        }
    }
    let codes = [(&over, "SHARE_EXPIRED"), (&revoked, "SHARE_REVOKED")];
    for (share, expected) in codes {
        assert_eq!(code(&server.get(&public(share), "").await.1), expected);
    }
    // The file is in the owner's trash, not deleted permanently.
    assert_eq!(server.get("/api/v1/trash", &key).await.1["total"], 1);
    assert_eq!(
        server.get(&format!("/s/{}", "x".repeat(22)), "").await.0,
        404
    );
    assert_agreement(&server).await;
}

#[tokio::test]
async fn a_link_made_with_a_link_grants_no_more_and_ends_with_it() {
    let server = Server::start();
    let key = server.user("ada@example.com").key;
    let file = server.upload(&key, "box/a.txt", b"a").await;
    server.upload(&key, "box/deep/b.txt", b"b").await;
    server.upload(&key, "out.txt", b"o").await;
    let end = "2099-01-01T00:00:00.000Z";
    let first = share(
        &server,
        &key,
        json!({ "path": "box", "expires_at": end, "max_downloads": 1,
        "permissions": { "can_download": true, "can_share": true } }),
    )
    .await;
    let further = |body: Value| server.post(format!("{}/shares", public(&first)).leak(), "", body);
    let (status, second) = further(json!({ "path": "a.txt" })).await;
    assert_eq!(
        (status.as_u16(), &second["expires_at"]),
        (201, &json!(end)),
        "{second}"
    );
    let more = json!({ "permissions": { "can_download": true, "can_upload": true } });
    assert_eq!(further(more).await.0, 403);
    assert_eq!(further(json!({ "path": "out.txt" })).await.0, 404);
    // Its downloads count against the first link's limit.
    assert_eq!(
        server
            .download(&format!("/s/{}", token(&second)), "")
            .await
            .1,
        b"a"
    );
    assert_eq!(
        server
            .download(&format!("/s/{}", token(&second)), "")
            .await
            .0,
        410
    );
    let third = further(json!({ "path": "deep" })).await.1;
    assert_eq!(server.get(&public(&third), "").await.0, 200);
    let moved = json!({ "path": "elsewhere" });
    let deep = server
        .get("/api/v1/directories?filter~path=box/deep", &key)
        .await
        .1;
    let deep = deep["items"][0]["id"].as_str().unwrap();
    server
        .put(&format!("/api/v1/directories/{deep}"), &key, moved)
        .await;
    assert_eq!(
        server.get(&public(&third), "").await.0,
        404,
        "moved out of reach"
    );
    server
        .delete(
            &format!("/api/v1/shares/{}", first["id"].as_str().unwrap()),
            &key,
        )
        .await;
    let (status, error) = server.get(&public(&second), "").await;
    assert_eq!((status.as_u16(), code(&error)), (410, "SHARE_REVOKED"));
    assert_eq!(file["filename"], "a.txt");
}

#[tokio::test]
async fn a_directory_is_shared_with_all_below_it_and_nothing_above() {
    let server = Server::start();
    let key = server.user("ada@example.com").key;
    server.upload(&key, "secret/box/a.txt", b"a").await;
    let deep = server.upload(&key, "secret/box/in/b.txt", b"b").await;
    let link = share(&server, &key, json!({ "path": "secret/box" })).await;
    let (status, shown) = server.get(&format!("/s/{}", token(&link)), "").await;
    assert_eq!(status, 200, "{shown}");
    assert!(!shown.to_string().contains("secret"), "{shown}");
    let file = &shown["files"][0];
    assert_eq!(file["path"], "box/a.txt");
    let url = file["url"].as_str().unwrap();
    assert!(url.ends_with(&format!("?token={}", token(&link))), "{url}");
    assert_eq!(server.download(url, "").await.1, b"a");
    let below = shown["directories"][0]["url"].as_str().unwrap();
    let (status, shown) = server.get(below, "").await;
    assert_eq!(status, 200, "{shown}");
    assert_eq!(shown["files"][0]["path"], "box/in/b.txt");
    assert_eq!(shown["files"][0]["id"], deep["id"]);
    let above = server
        .get("/api/v1/directories?filter~path=secret", &key)
        .await
        .1;
    let above = above["items"][0]["id"].as_str().unwrap();
    let path = format!("/b/{above}?token={}", token(&link));
    assert_eq!(server.get(&path, "").await.0, 404);
}

#[tokio::test]
async fn bad_shares_are_refused_with_the_field() {
    let server = Server::start();
    let key = server.user("ada@example.com").key;
    server.upload(&key, "a.txt", b"a").await;
    for (body, field) in [
        (json!({}), "path"),
        (json!({ "path": "a.txt", "permissions": {} }), "permissions"),
        (
            json!({ "path": "a.txt", "permissions": { "can_upload": true } }),
            "permissions",
        ),
        (
            json!({ "path": "a.txt", "max_downloads": 0 }),
            "max_downloads",
        ),
        (json!({ "path": "a.txt", "password": "" }), "password"),
        (
            json!({ "path": "a.txt", "expires_at": "2001-01-01T00:00:00Z" }),
            "expires_at",
        ),
        (
            json!({ "path": "a.txt", "max_file_bytes": 5 }),
            "max_file_bytes",
        ),
        (json!({ "path": "a.txt", "wrong": 5 }), "wrong"),
    ] {
        let (status, error) = server.post("/api/v1/shares", &key, body.clone()).await;
        assert_eq!(
            (status.as_u16(), code(&error)),
            (400, "VALIDATION_ERROR"),
            "{body}"
        );
        assert!(
            error["error"]["details"].to_string().contains(field),
            "{body}: {error}"
        );
    }
    let missing = json!({ "path": "nothing" });
    assert_eq!(server.post("/api/v1/shares", &key, missing).await.0, 404);
}
