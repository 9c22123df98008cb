//! Moving things in and out, and what happens to the directory that a key is bound to.

use serde_json::json;

use super::{bound_key, directory, id, move_to, private, start};
use crate::{
    agree::assert_agreement,
    server::{Server, code},
};

#[tokio::test]
async fn nothing_moves_in_or_out() {
    let (server, ada, bound) = start().await;
    let inside = private(&server, &ada.key, "data/sub/in.txt", b"in").await;
    let outside = private(&server, &ada.key, "other/sub/out.txt", b"out").await;
    let (sub, data) = (
        directory(&server, &ada.key, "data/sub").await,
        directory(&server, &ada.key, "data").await,
    );
    let other = directory(&server, &ada.key, "other/sub").await;
    for (entry, path, expected) in [
        (&outside, "data/out.txt", 404),
        (&other, "data/stolen", 404),
        (&inside, "other/in.txt", 403),
        (&inside, "in.txt", 403),
        (&inside, "data", 403),
        (&inside, "data2/in.txt", 403),
        (&sub, "other/given", 403),
        (&data, "data3", 403),
        (&data, "data/deeper", 403),
    ] {
        let items = json!({ "items": [{ "id": id(entry), "path": path }] });
        let (status, answer) = server.post("/api/v1/moves", &bound, items).await;
        assert_eq!(status, expected, "{path}: {answer}");
        let kind = if entry["filename"].is_string() {
            "files"
        } else {
            "directories"
        };
        let one = format!("/api/v1/{kind}/{}", id(entry));
        let (status, answer) = server.put(&one, &bound, json!({ "path": path })).await;
        assert_eq!(status, expected, "{path}: {answer}");
    }
    // All or none.
    let items = json!({ "items": [
        { "id": id(&inside), "path": "data/first.txt" }, { "id": id(&outside), "path": "data/second.txt" } ] });
    assert_eq!(server.post("/api/v1/moves", &bound, items).await.0, 404);
    let items = json!({ "items": [{ "id": id(&inside), "path": "data/new/place.txt" }] });
    assert_eq!(server.post("/api/v1/moves", &bound, items).await.0, 200);
    assert_agreement(&server).await;
}

#[tokio::test]
async fn the_directory_itself_stays_as_its_owner_wants_it() {
    let (server, ada, bound) = start().await;
    server.upload(&ada.key, "data/in.txt", b"in").await;
    let data = directory(&server, &ada.key, "data").await;
    let path = format!("/api/v1/directories/{}", id(&data));
    for change in [
        json!({ "default_permissions": "public" }),
        json!({ "default_expiration_policy": "1d" }),
        json!({ "path": "elsewhere" }),
        json!({}),
    ] {
        let (status, answer) = server.put(&path, &bound, change.clone()).await;
        assert_eq!(
            (status.as_u16(), code(&answer)),
            (403, "FORBIDDEN"),
            "{change}"
        );
    }
    for query in ["", "?purge=true", "?recursive=false"] {
        let (status, answer) = server.delete(&format!("{path}{query}"), &bound).await;
        assert_eq!(status, 403, "{query}: {answer}");
    }
    assert_eq!(directory(&server, &ada.key, "data").await, data);
}

#[tokio::test]
async fn a_key_follows_its_directory_and_not_its_path() {
    let server = Server::start();
    let ada = server.user("ada@example.com");
    let bound = bound_key(&server, &ada.key, "all", "a/b").await;
    let file = private(&server, &ada.key, "a/b/in.txt", b"in").await;
    let above = directory(&server, &ada.key, "a").await;
    move_to(&server, &ada.key, &above, "z").await;
    // Another directory takes the old path.
    let other = private(&server, &ada.key, "a/b/other.txt", b"other").await;
    let (_, me) = server.get("/api/v1/me", &bound).await;
    assert_eq!(me["credential"]["path"], "z/b", "{me}");
    let show = |entry: &serde_json::Value| format!("/api/v1/files/{}", id(entry));
    assert_eq!(
        server.get(&show(&file), &bound).await.1["path"],
        "z/b/in.txt"
    );
    assert_eq!(server.get(&show(&other), &bound).await.0, 404);
    for (path, expected) in [("a/b/x", 403), ("z/x", 403), ("z/b/x", 201)] {
        let body = json!({ "path": path, "size_bytes": 1 });
        let (status, answer) = server.post("/api/v1/files", &bound, body).await;
        assert_eq!(status, expected, "{path}: {answer}");
    }
    let (_, page) = server.get("/api/v1/files", &bound).await;
    assert_eq!(page["total"], 1, "{page}");
}

#[tokio::test]
async fn a_key_whose_directory_is_gone_reaches_nothing() {
    let (server, ada, bound) = start().await;
    let file = private(&server, &ada.key, "data/in.txt", b"in").await;
    let data = directory(&server, &ada.key, "data").await;
    let path = format!("/api/v1/directories/{}", id(&data));
    assert_eq!(server.delete(&path, &ada.key).await.0, 204);
    // A new directory at the old path is another one.
    let other = private(&server, &ada.key, "data/in.txt", b"new").await;
    for purged in [false, true] {
        if purged {
            let trash = format!("/api/v1/trash/{}", id(&data));
            assert_eq!(server.delete(&trash, &ada.key).await.0, 204);
        }
        for path in [
            format!("/api/v1/files/{}", id(&file)),
            format!("/api/v1/files/{}", id(&other)),
            path.clone(),
            format!("/d/{}", id(&other)),
            format!("/d/~{}/data/in.txt", ada.user_id),
        ] {
            assert_eq!(server.get(&path, &bound).await.0, 404, "{path}");
        }
        for list in ["/api/v1/files", "/api/v1/directories"] {
            assert_eq!(server.get(list, &bound).await.1["total"], 0, "{list}");
        }
        let body = json!({ "path": "data/x", "size_bytes": 1 });
        assert_eq!(server.post("/api/v1/files", &bound, body).await.0, 404);
        let (status, me) = server.get("/api/v1/me", &bound).await;
        assert_eq!(status, 200);
        assert_eq!(me["credential"]["path"], "data", "still bound: {me}");
        assert_eq!(server.get("/api/v1/users/x/usage", &bound).await.0, 403);
    }
}

#[tokio::test]
async fn a_directory_that_is_restored_is_in_reach_again() {
    let (server, ada, bound) = start().await;
    let file = private(&server, &ada.key, "data/in.txt", b"in").await;
    let data = directory(&server, &ada.key, "data").await;
    let path = format!("/api/v1/directories/{}", id(&data));
    assert_eq!(server.delete(&path, &ada.key).await.0, 204);
    let restore = format!("/api/v1/trash/{}/restore", id(&data));
    let body = json!({ "path": "again/data" });
    assert_eq!(server.post(&restore, &bound, body.clone()).await.0, 403);
    assert_eq!(server.post(&restore, &ada.key, body).await.0, 200);
    let path = format!("/api/v1/files/{}", id(&file));
    assert_eq!(
        server.get(&path, &bound).await.1["path"],
        "again/data/in.txt"
    );
}
