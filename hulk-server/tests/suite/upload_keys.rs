//! Keys that may upload and nothing else: their uploads get links, and they can neither see, change nor
//! delete other files.

mod parts;
mod paths;

use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    agree::assert_agreement,
    server::{Key, Server, answer, code, cookies, sha256},
};

/// A server, its user with a key for all, and a key of the same user that may only upload.
fn start() -> (Server, Key, String) {
    let server = Server::start();
    let ada = server.user("ada@example.com");
    let upload = server.key("ada@example.com", "upload");
    (server, ada, upload)
}

fn id(file: &Value) -> &str {
    file["id"].as_str().unwrap()
}

/// Does a whole upload, planned with `body`.
async fn put(server: &Server, key: &str, body: Value, bytes: &[u8]) -> Value {
    let (status, planned) = server.post("/api/v1/files", key, body).await;
    assert_eq!(status, 201, "{planned}");
    assert_eq!(server.send_bytes(key, &planned, bytes).await.status(), 200);
    let path = format!("/api/v1/files/{}/status", id(&planned["file"]));
    let version = &planned["file"]["version"];
    let report = json!({ "status": "uploaded", "version": version, "sha256": sha256(bytes) });
    let (status, file) = server.put(&path, key, report).await;
    assert_eq!(status, 200, "{file}");
    file
}

/// Uploads a private file with all labels set.
async fn secret(server: &Server, key: &str) -> Value {
    let body = json!({ "path": "dir/secret.txt", "size_bytes": 5, "permissions": "private",
        "mime_type": "application/x-secret", "tags": ["secret-tag"],
        "description": "a secret description", "metadata": { "k": "a secret value" } });
    put(server, key, body, b"hello").await
}

/// Method, path, status, body.
const NOTHING: &str = r#"
GET    /api/v1/files                           403
GET    /api/v1/files?filter~path=dir/secret.txt 403
GET    /api/v1/files?filter~status=reserved    403
GET    /api/v1/files/search?q=secret           403
GET    /api/v1/files/{secret}                  403
GET    /api/v1/files/{secret}/download         403
GET    /api/v1/files/{secret}/versions         403
POST   /api/v1/files/{secret}/versions/1/restore 403
PUT    /api/v1/files/{secret}                  403 {"permissions": "public"}
DELETE /api/v1/files/{secret}                  403
DELETE /api/v1/files/{secret}?purge=true       403
GET    /d/{secret}                             404
HEAD   /d/{secret}                             404
GET    /d/{secret}?version=1                   404
GET    /d/~{ada}/dir/secret.txt                404
GET    /d/{changed}?version=1                  404
GET    /api/v1/files/{secret}/upload           404
PUT    /api/v1/files/{secret}/status           404 {"status": "uploaded"}
PUT    /api/v1/files/{secret}/status           404 {"status": "uploaded", "version": 1}
PUT    /api/v1/files/batch/status              200 {"items": [{"id": "{secret}", "status": "uploaded"}]}
GET    /api/v1/files/{unfinished}/upload       404
POST   /api/v1/files/{unfinished}/upload/parts 404 {"parts": [{"number": 1}]}
POST   /api/v1/files/{unfinished}/upload/parts 404 {"version": 1, "parts": [{"number": 1}]}
PUT    /api/v1/files/{unfinished}/status       404 {"status": "uploaded"}
DELETE /api/v1/files/{unfinished}/upload       404
GET    /api/v1/directories                     403
GET    /api/v1/directories?filter~path=dir     403
GET    /api/v1/directories/{directory}         403
GET    /b/{directory}                          404
PUT    /api/v1/directories/{directory}         403 {"default_permissions": "public"}
POST   /api/v1/directories                     409 {"path": "dir", "default_permissions": "public"}
POST   /api/v1/moves                           403 {"items": [{"id": "{secret}", "path": "moved"}]}
GET    /api/v1/trash                           403
POST   /api/v1/trash/{thrown}/restore          403
DELETE /api/v1/trash/{thrown}                  403
DELETE /api/v1/trash                           403
GET    /api/v1/users/{ada}/usage               403
GET    /api/v1/shares                          403
POST   /api/v1/shares                          403 {"path": "dir"}
GET    /api/v1/api-keys                        403
POST   /api/v1/api-keys                        403 {"label": "l", "permissions": "all"}
POST   /api/v1/files                           409 {"path": "dir", "size_bytes": 1}
POST   /api/v1/files                           409 {"path": "dir/secret.txt", "size_bytes": 5, "if_exists": "fail"}
POST   /api/v1/files                           201 {"path": "dir/secret.txt", "size_bytes": 6}
GET    /api/v1/me                              200
"#;

#[tokio::test]
async fn an_upload_key_sees_nothing() {
    let (server, ada, upload) = start();
    let file = secret(&server, &ada.key).await;
    let changed = server.upload(&ada.key, "changed.txt", b"1").await;
    server.upload(&ada.key, "changed.txt", b"22").await;
    let thrown = server.upload(&ada.key, "thrown.txt", b"1").await;
    let thrown = id(&thrown);
    server
        .delete(&format!("/api/v1/files/{thrown}"), &ada.key)
        .await;
    let unfinished = server.plan(&ada.key, "unfinished.bin", 9 << 20).await;
    let directory = file["directory_id"].as_str().unwrap();
    let names = [
        ("secret", id(&file)),
        ("changed", id(&changed)),
        ("thrown", thrown),
        ("unfinished", id(&unfinished["file"])),
        ("directory", directory),
        ("ada", ada.user_id.as_str()),
    ];
    let filled = names
        .iter()
        .fold(NOTHING.to_owned(), |table, (name, value)| {
            table.replace(&format!("{{{name}}}"), value)
        });
    let digest = sha256(b"hello");
    let secrets = [
        digest.as_str(),
        directory,
        "secret-tag",
        "x-secret",
        "a secret description",
        "a secret value",
    ];
    for line in filled.trim().lines() {
        let mut words = line.split_whitespace();
        let mut word = || words.next().unwrap();
        let (method, path, expected): (Method, _, u16) =
            (word().parse().unwrap(), word(), word().parse().unwrap());
        let body = line.split_once('{').map(|(_, rest)| format!("{{{rest}"));
        let body = body.map(|body| serde_json::from_str(&body).unwrap());
        let response = server.send(method, path, &upload, body).await;
        assert_eq!(response.status(), expected, "{line}");
        let text = response.text().await.unwrap();
        for secret in secrets {
            let is_asked = line.contains(secret);
            assert!(is_asked || !text.contains(secret), "{line}: {text}");
        }
    }
    let path = format!("/api/v1/files/{}", id(&file));
    let (_, now) = server.get(&path, &ada.key).await;
    assert_eq!(now, file, "nothing has changed");
    let public = changed["url"].as_str().unwrap();
    assert_eq!(
        server.download(public, &upload).await.1,
        b"22",
        "like anyone else"
    );
    assert_agreement(&server).await;
}

#[tokio::test]
async fn digests_of_what_is_stored_bring_nothing() {
    let (server, ada, upload) = start();
    secret(&server, &ada.key).await;
    let body = |path: &str, bytes: &[u8]| json!({ "path": path, "size_bytes": bytes.len(), "sha256": sha256(bytes) });
    let other = server.key("ada@example.com", "upload");
    put(&server, &upload, body("mine.txt", b"from ci"), b"from ci").await;
    for (key, path, bytes, why) in [
        (&upload, "copy.txt", &b"hello"[..], "another path"),
        (&upload, "dir/secret.txt", b"hello", "the file itself"),
        (&upload, "mine.txt", b"from ci", "its own"),
        (&other, "copy.txt", b"from ci", "another upload key's"),
        // No store has verified the digest that the upload key declared.
        (&ada.key, "copy.txt", b"from ci", "an upload key's"),
        (&ada.key, "mine.txt", b"from ci", "an upload key's file"),
    ] {
        let (status, planned) = server.post("/api/v1/files", key, body(path, bytes)).await;
        let kind = &planned["upload"]["kind"];
        assert_eq!((status.as_u16(), kind), (201, &json!("single")), "{why}");
        let batch = json!({ "items": [body(path, bytes)] });
        let (_, planned) = server.post("/api/v1/files/batch", key, batch).await;
        let kind = &planned["items"][0]["upload"]["kind"];
        assert_eq!(kind, "single", "{why}, in a batch: {planned}");
    }
    let (_, planned) = server
        .post("/api/v1/files", &ada.key, body("copy.txt", b"hello"))
        .await;
    assert_eq!(planned["upload"]["kind"], "none", "{planned}");
    assert_agreement(&server).await;
}

#[tokio::test]
async fn what_an_upload_key_puts_is_there_with_its_link() {
    let (server, ada, upload) = start();
    server.upload(&ada.key, "tree/old.txt", b"old").await;
    let directory = server.get("/api/v1/directories", &ada.key).await.1;
    let directory = directory["items"][0]["id"].as_str().unwrap().to_owned();
    let body = json!({ "path": "tree/new.txt", "size_bytes": 5, "tags": ["ci"],
        "expiration_policy": "7d", "permissions": "private" });
    let file = put(&server, &upload, body, b"hello").await;
    assert_eq!(
        (&file["path"], &file["tags"]),
        (&json!("tree/new.txt"), &json!(["ci"]))
    );
    assert_eq!(
        (&file["status"], &file["sha256"]),
        (&json!("validated"), &json!(sha256(b"hello")))
    );
    assert_eq!(
        (&file["permissions"], &file["expiration_policy"]),
        (&json!("private"), &json!("7d"))
    );
    assert_ne!(file["directory_id"], directory.as_str());
    let link = file["url"].as_str().unwrap();
    assert_eq!(server.download(link, &upload).await.0, 404);
    assert_eq!(server.download(link, &ada.key).await.1, b"hello");

    let made = json!({ "path": "tree/below/empty" });
    let (status, made) = server.post("/api/v1/directories", &upload, made).await;
    assert_eq!(
        (status.as_u16(), &made["parent_id"]),
        (201, &Value::Null),
        "{made}"
    );

    let items = ["a.txt", "b.txt"].map(|path| json!({ "path": path, "size_bytes": 1 }));
    let (_, plans) = server
        .post("/api/v1/files/batch", &upload, json!({ "items": items }))
        .await;
    let mut reports = Vec::new();
    for planned in plans["items"].as_array().unwrap() {
        server.send_bytes(&upload, planned, b"x").await;
        let (id, version) = (&planned["file"]["id"], &planned["file"]["version"]);
        reports.push(json!({ "id": id, "version": version, "status": "uploaded" }));
    }
    let reports = json!({ "items": reports });
    for _ in 0..2 {
        let (_, done) = server
            .put("/api/v1/files/batch/status", &upload, reports.clone())
            .await;
        for file in done["items"].as_array().unwrap() {
            assert_eq!(file["status"], "validated", "{done}");
            assert_eq!(
                server.download(file["url"].as_str().unwrap(), "").await.1,
                b"x"
            );
        }
    }

    let direct = server.http.put(server.url("/put/direct.txt"));
    let redirect = direct.bearer_auth(&upload).body("x").send().await.unwrap();
    assert_eq!(redirect.status(), 307);
    let location = redirect.headers()["location"].to_str().unwrap().to_owned();
    let sent = server.http.put(location).body("x").send().await.unwrap();
    assert_eq!(sent.status(), 200);
    let by_path = format!("/d/~{}/direct.txt", ada.user_id);
    assert_eq!(server.download(&by_path, "").await.1, b"x");
    assert_agreement(&server).await;
}

#[tokio::test]
async fn refusals_say_what_the_key_grants_and_what_is_needed() {
    let (server, ada, upload) = start();
    let (read, write) = (
        server.key("ada@example.com", "read"),
        server.key("ada@example.com", "write"),
    );
    let file = server.upload(&ada.key, "a.txt", b"x").await;
    let file = format!("/api/v1/files/{}", id(&file));
    let purge = format!("{file}?purge=true");
    let (file, purge) = (file.as_str(), purge.as_str());
    let (files, trash) = ("/api/v1/files", "/api/v1/trash");
    for (key, method, path, words) in [
        (
            &upload,
            Method::GET,
            files,
            ["upload, and nothing else", "needs a key with 'read'"],
        ),
        (
            &upload,
            Method::DELETE,
            file,
            ["upload, and nothing else", "needs a key with 'write'"],
        ),
        (
            &read,
            Method::POST,
            files,
            ["read, and nothing else", "needs a key with 'upload'"],
        ),
        (
            &read,
            Method::DELETE,
            file,
            ["read, and nothing else", "needs a key with 'write'"],
        ),
        (
            &write,
            Method::DELETE,
            purge,
            ["move to the trash", "needs a key with 'all'"],
        ),
        (
            &write,
            Method::DELETE,
            trash,
            ["move to the trash", "needs a key with 'all'"],
        ),
        (
            &write,
            Method::GET,
            "/api/v1/api-keys",
            ["and nothing else", "needs a key with 'all'"],
        ),
    ] {
        let name = format!("{method} {path}");
        let (status, error) = answer(server.send(method, path, key, None).await).await;
        assert_eq!(
            (status.as_u16(), code(&error)),
            (403, "FORBIDDEN"),
            "{name}"
        );
        let message = error["error"]["message"].as_str().unwrap();
        for words in words {
            assert!(message.contains(words), "{name}: {message}");
        }
    }
}

#[tokio::test]
async fn without_a_trash_only_a_key_for_all_deletes() {
    let server = Server::start_with(&["--trash-days", "0"]);
    let ada = server.user("ada@example.com");
    let write = server.key("ada@example.com", "write");
    let file = server.upload(&ada.key, "dir/a.txt", b"x").await;
    let directory = file["directory_id"].as_str().unwrap();
    for path in [
        format!("/api/v1/files/{}", id(&file)),
        format!("/api/v1/directories/{directory}"),
    ] {
        for (key, expected) in [(&write, 403), (&ada.key, 204)] {
            assert_eq!(server.delete(&path, key).await.0, expected, "{path}");
        }
    }
}

#[tokio::test]
async fn the_page_is_not_for_upload_keys_and_empties_the_trash_for_all_alone() {
    let (server, ada, upload) = start();
    let write = server.key("ada@example.com", "write");
    let thrown = server.upload(&ada.key, "thrown.txt", b"x").await;
    let thrown = format!("/api/v1/files/{}", id(&thrown));
    server.delete(&thrown, &ada.key).await;
    for (key, log_in, trash, purges) in [
        (&upload, 403, 303, false),
        (&write, 303, 200, false),
        (&ada.key, 303, 200, true),
    ] {
        let form = server
            .http
            .post(server.url("/login"))
            .header("sec-fetch-site", "same-origin")
            .body(format!("key={key}"));
        let response = form.send().await.unwrap();
        assert_eq!(response.status(), log_in);
        let cookies = cookies(&response);
        assert_eq!(!cookies.is_empty(), log_in == 303);
        let text = response.text().await.unwrap();
        assert_eq!(text.contains("may upload, and nothing else"), log_in == 403);
        let page = server.http.get(server.url("/app/trash"));
        let page = page.header("cookie", cookies);
        let page = page.send().await.unwrap();
        assert_eq!(page.status(), trash);
        let html = page.text().await.unwrap();
        assert_eq!(html.contains("empty-trash"), purges);
        assert_eq!(html.contains("data-action=\"purge\""), purges);
        assert_eq!(html.contains("data-action=\"restore\""), trash == 200);
    }
}
