//! API keys that are bound to a path: within it like any other key, and outside of it nothing.

mod links;
mod moves;
mod paths;
mod routes;
mod sessions;
mod uploads;

use serde_json::{Value, json};

use crate::server::{Key, Server};

fn id(entry: &Value) -> &str {
    entry["id"].as_str().unwrap()
}

/// Creates a key of the user that is bound to a path; returns its secret.
async fn bound_key(server: &Server, key: &str, permissions: &str, path: &str) -> String {
    let body = json!({ "label": "ci", "permissions": permissions, "path": path });
    let (status, created) = server.post("/api/v1/api-keys", key, body).await;
    assert_eq!(status, 201, "{created}");
    created["key"].as_str().unwrap().to_owned()
}

/// A server, its user with a key for everything, and a key for `data` that may do everything in there.
async fn start() -> (Server, Key, String) {
    let server = Server::start();
    let ada = server.user("ada@example.com");
    let bound = bound_key(&server, &ada.key, "all", "data").await;
    (server, ada, bound)
}

/// Returns the directory at a path, as the owner sees it.
async fn directory(server: &Server, key: &str, path: &str) -> Value {
    let list = format!("/api/v1/directories?filter~path={path}");
    let (_, page) = server.get(&list, key).await;
    assert_eq!(page["total"], 1, "{path}: {page}");
    page["items"][0].clone()
}

/// Uploads a private file.
async fn private(server: &Server, key: &str, path: &str, bytes: &[u8]) -> Value {
    let file = server.upload(key, path, bytes).await;
    let change = json!({ "permissions": "private" });
    let path = format!("/api/v1/files/{}", id(&file));
    let (status, file) = server.put(&path, key, change).await;
    assert_eq!(status, 200, "{file}");
    file
}

/// Moves an entry, as its owner.
async fn move_to(server: &Server, key: &str, entry: &Value, path: &str) {
    let body = json!({ "items": [{ "id": id(entry), "path": path }] });
    let (status, moved) = server.post("/api/v1/moves", key, body).await;
    assert_eq!(status, 200, "{moved}");
}

#[tokio::test]
async fn a_key_is_bound_to_a_directory_that_is_created_with_it() {
    let server = Server::start();
    let ada = server.user("ada@example.com");
    server.upload(&ada.key, "file", b"x").await;
    let create = async |path: &str| {
        let body = json!({ "label": "ci", "permissions": "all", "path": path });
        server.post("/api/v1/api-keys", &ada.key, body).await
    };
    for (path, expected) in [
        ("", 400),
        ("/", 400),
        ("../a", 400),
        ("file", 409),
        ("file/a", 409),
    ] {
        assert_eq!(create(path).await.0, expected, "{path:?}");
    }
    let (status, created) = create("/new/place").await;
    assert_eq!(status, 201, "{created}");
    assert_eq!(created["path"], "new/place");
    directory(&server, &ada.key, "new/place").await;
    let (_, keys) = server.get("/api/v1/api-keys", &ada.key).await;
    let paths: Vec<&Value> = keys["items"].as_array().unwrap().iter().collect();
    assert_eq!(keys["total"], 2, "{keys}");
    assert!(paths.iter().any(|key| key["path"] == "new/place"));
    assert!(paths.iter().any(|key| key["path"].is_null()));
    let key = created["key"].as_str().unwrap();
    let (_, me) = server.get("/api/v1/me", key).await;
    assert_eq!(me["credential"]["path"], "new/place", "{me}");
    assert_eq!(
        me["user"]["used_bytes"], 0,
        "what is stored elsewhere: {me}"
    );
    let body = json!({ "label": "wider", "permissions": "all" });
    let (status, refused) = server.post("/api/v1/api-keys", key, body).await;
    assert_eq!(status, 403);
    let message = refused["error"]["message"].as_str().unwrap();
    assert!(message.contains("bound to a path"), "{message}");
}

#[tokio::test]
async fn a_bound_key_that_may_only_upload_or_read_may_do_that_within() {
    let server = Server::start();
    let ada = server.user("ada@example.com");
    let upload = bound_key(&server, &ada.key, "upload", "data").await;
    let read = bound_key(&server, &ada.key, "read", "data").await;
    let file = server.upload(&upload, "data/a.txt", b"hello").await;
    let top = directory(&server, &ada.key, "data").await;
    assert_eq!(file["directory_id"], top["id"], "not the id of the root");
    let body = json!({ "path": "other/a.txt", "size_bytes": 1 });
    assert_eq!(server.post("/api/v1/files", &upload, body).await.0, 403);
    assert_eq!(server.get("/api/v1/files", &upload).await.0, 403);
    let (_, page) = server.get("/api/v1/files", &read).await;
    assert_eq!(page["total"], 1, "{page}");
    let body = json!({ "path": "data/b.txt", "size_bytes": 1 });
    assert_eq!(server.post("/api/v1/files", &read, body).await.0, 403);
}
