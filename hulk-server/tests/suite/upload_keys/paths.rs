//! Paths to which others upload too: their files stay theirs.

use serde_json::{Value, json};

use super::{id, put, secret, start};
use crate::{
    agree::assert_agreement,
    server::{code, noise, sha256},
};

#[tokio::test]
async fn a_new_version_changes_the_bytes_and_nothing_else() {
    let (server, ada, upload) = start();
    let before = secret(&server, &ada.key).await;
    let plan = |more: Value| {
        let mut body = json!({ "path": "dir/secret.txt", "size_bytes": 6 });
        body.as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        body
    };
    for more in [
        json!({ "permissions": "public" }),
        json!({ "permissions": "inherit" }),
        json!({ "expiration_policy": "1d" }),
        json!({ "tags": [] }),
        json!({ "description": "another" }),
    ] {
        let (status, error) = server
            .post("/api/v1/files", &upload, plan(more.clone()))
            .await;
        assert_eq!(
            (status.as_u16(), code(&error)),
            (403, "FORBIDDEN"),
            "{more}"
        );
        assert!(error.to_string().contains("'write'"), "{error}");
    }
    let kept = json!({ "permissions": "private", "expiration_policy": "infinite",
        "metadata": { "k": "mine" } });
    let told = put(&server, &upload, plan(kept), b"hello!").await;
    assert_eq!(
        (&told["tags"], &told["description"], &told["version"]),
        (&json!([]), &Value::Null, &json!(2))
    );
    let path = format!("/api/v1/files/{}", id(&before));
    let (_, now) = server.get(&path, &ada.key).await;
    for unchanged in [
        "id",
        "path",
        "permissions",
        "tags",
        "description",
        "metadata",
    ] {
        assert_eq!(now[unchanged], before[unchanged], "{unchanged}");
    }
    assert_eq!(now["sha256"], sha256(b"hello!"));
    let link = before["url"].as_str().unwrap();
    assert_eq!(server.download(link, "").await.0, 404);
    let first = format!("{link}?version=1");
    assert_eq!(server.download(&first, &ada.key).await.1, b"hello");
    assert_agreement(&server).await;
}

#[tokio::test]
async fn a_plan_made_before_the_file_was_does_not_publish_it() {
    let (server, ada, upload) = start();
    let body = json!({ "path": "later.txt", "size_bytes": 1, "permissions": "public" });
    let (_, planned) = server.post("/api/v1/files", &upload, body).await;
    server.send_bytes(&upload, &planned, b"u").await;
    let body = json!({ "path": "later.txt", "size_bytes": 5, "permissions": "private" });
    let file = put(&server, &ada.key, body, b"hello").await;
    let (status, error) = server.report(&upload, &planned).await;
    assert_eq!((status.as_u16(), code(&error)), (409, "FILE_EXISTS"));
    let link = file["url"].as_str().unwrap();
    assert_eq!(server.download(link, "").await.0, 404);
    assert_eq!(server.download(link, &ada.key).await.1, b"hello");
    assert_agreement(&server).await;
}

#[tokio::test]
async fn versions_of_an_upload_key_displace_only_their_own() {
    let (server, ada, upload) = start();
    let body = json!({ "path": "a.txt", "size_bytes": 100, "permissions": "private" });
    put(&server, &ada.key, body, &noise(1, 100)).await;
    server.upload(&ada.key, "a.txt", &noise(2, 100)).await;
    // Declared to be the same bytes as the current version.
    server.upload(&upload, "a.txt", &noise(2, 100)).await;
    for seed in 4..=14 {
        server.upload(&upload, "a.txt", &noise(seed, 100)).await;
    }
    let path = format!("/d/~{}/a.txt", ada.user_id);
    let (_, newest) = server.download(&path, &ada.key).await;
    assert_eq!(newest, noise(14, 100));
    let (_, files) = server.get("/api/v1/files", &ada.key).await;
    let versions = format!(
        "/api/v1/files/{}/versions?limit=100",
        id(&files["items"][0])
    );
    let (_, page) = server.get(&versions, &ada.key).await;
    let kept = page["items"].as_array().unwrap().iter();
    let kept: Vec<u64> = kept
        .map(|version| version["version"].as_u64().unwrap())
        .collect();
    assert_eq!(kept, [14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 2, 1]);
    server.upload(&ada.key, "a.txt", b"15").await;
    let (_, page) = server.get(&versions, &ada.key).await;
    assert_eq!(page["total"], 10);
    assert_agreement(&server).await;
}

#[tokio::test]
async fn an_upload_key_learns_no_link_to_what_others_put() {
    let (server, ada, upload) = start();
    server
        .upload(&ada.key, "vault/open.txt", b"open by its link")
        .await;
    for more in [
        json!({}),
        json!({ "if_exists": "version" }),
        json!({ "sha256": sha256(b"x") }),
    ] {
        let mut body = json!({ "path": "vault/open.txt", "size_bytes": 1 });
        body.as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        let (status, answer) = server.post("/api/v1/files", &upload, body.clone()).await;
        assert_eq!(
            (status.as_u16(), code(&answer)),
            (403, "FORBIDDEN"),
            "{more}"
        );
        assert!(!answer.to_string().contains("/d/"), "{answer}");
        let batch = json!({ "items": [body] });
        let (_, answer) = server.post("/api/v1/files/batch", &upload, batch).await;
        assert_eq!(code(&answer["items"][0]), "FORBIDDEN");
    }
    let put = server.http.put(server.url("/put/vault/open.txt"));
    let put = put
        .bearer_auth(&upload)
        .header("content-length", 1)
        .body("x");
    assert_eq!(put.send().await.unwrap().status(), 403);
}

/// An upload key does not decide who may read others' files, or how long they are kept.
#[tokio::test]
async fn what_an_upload_key_says_of_a_path_is_not_for_others() {
    let (server, ada, upload) = start();
    let root = json!({ "default_permissions": "private" });
    let (_, listed) = server
        .get("/api/v1/directories?filter~path=", &ada.key)
        .await;
    let root_path = format!("/api/v1/directories/{}", id(&listed["items"][0]));
    assert_eq!(server.put(&root_path, &ada.key, root).await.0, 200);
    for (number, more) in [
        json!({ "default_permissions": "public" }),
        json!({ "default_expiration_policy": "1d" }),
        json!({ "is_listed": true }),
        json!({ "default_permissions": "public", "default_expiration_policy": "1d" }),
    ]
    .into_iter()
    .enumerate()
    {
        let mut body = json!({ "path": format!("dir{number}") });
        body.as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        assert_eq!(
            server.post("/api/v1/directories", &upload, body).await.0,
            201
        );
        let file = server
            .upload(&ada.key, &format!("dir{number}/own.txt"), b"own")
            .await;
        assert_eq!(file["expiration_policy"], "infinite", "{more}");
        let link = file["url"].as_str().unwrap();
        assert_eq!(server.download(link, "").await.0, 404, "{more}");
    }
    let body = json!({ "path": "file.txt", "size_bytes": 1, "permissions": "public",
        "expiration_policy": "1d" });
    put(&server, &upload, body, b"x").await;
    let file = server.upload(&ada.key, "file.txt", b"own").await;
    assert_eq!(
        (&file["permissions"], &file["expiration_policy"]),
        (&json!("inherit"), &json!("infinite"))
    );
    assert_eq!(
        server.download(file["url"].as_str().unwrap(), "").await.0,
        404
    );
}
