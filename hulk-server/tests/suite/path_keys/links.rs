//! Links and shares: outside, a bound key is like anyone.

use serde_json::json;

use super::{bound_key, directory, id, move_to, private, start};
use crate::server::Server;

#[tokio::test]
async fn what_is_public_outside_is_so_for_a_bound_key_too() {
    let server = Server::start();
    let ada = server.user("ada@example.com");
    let bound = bound_key(&server, &ada.key, "all", "a/b").await;
    let public = server.upload(&ada.key, "other/public.txt", b"public").await;
    let hidden = private(&server, &ada.key, "a/hidden.txt", b"hidden").await;
    let above = directory(&server, &ada.key, "a").await;
    assert_eq!(
        server.get(&format!("/b/{}", id(&above)), &bound).await.0,
        404
    );
    let path = format!("/api/v1/directories/{}", id(&above));
    let change = json!({ "default_permissions": "public" });
    assert_eq!(server.put(&path, &ada.key, change).await.0, 200);
    let listing = format!("/b/{}", id(&above));
    let (status, shown) = server.get(&listing, &bound).await;
    assert_eq!(status, 200, "{shown}");
    assert_eq!(shown, server.get(&listing, "").await.1, "as anyone sees it");
    assert!(!shown.to_string().contains(id(&hidden)), "{shown}");
    assert_eq!(
        server.get(&path, &bound).await.0,
        404,
        "but not as the owner"
    );
    let link = public["url"].as_str().unwrap();
    assert_eq!(server.download(link, &bound).await.1, b"public");
    assert_eq!(
        server.get(&format!("{link}?version=1"), &bound).await.0,
        404
    );
    let path = format!("/api/v1/files/{}", id(&public));
    assert_eq!(server.get(&path, &bound).await.0, 404);
}

#[tokio::test]
async fn a_share_reaches_no_further_than_the_key_that_made_it() {
    let (server, ada, bound) = start().await;
    let file = private(&server, &ada.key, "data/sub/in.txt", b"in").await;
    server.upload(&ada.key, "other/out.txt", b"out").await;
    let other = directory(&server, &ada.key, "other").await;
    let root = other["parent_id"].as_str().unwrap();
    for target in [
        json!({ "path": "" }),
        json!({ "path": "other" }),
        json!({ "path": "other/out.txt" }),
        json!({ "directory_id": root }),
        json!({ "directory_id": id(&other) }),
    ] {
        let (status, answer) = server.post("/api/v1/shares", &bound, target.clone()).await;
        assert_eq!(status, 404, "{target}: {answer}");
    }
    let grants = json!({ "can_download": true, "can_upload": true, "can_delete": true });
    let body = json!({ "path": "data/sub", "permissions": grants });
    let (status, share) = server.post("/api/v1/shares", &bound, body).await;
    assert_eq!(status, 201, "{share}");
    let token = share["token"].as_str().unwrap();
    let link = format!("/d/{}?token={token}", id(&file));
    assert_eq!(server.download(&link, "").await.1, b"in");
    let drop = format!("/api/v1/shares/public/{token}/files");
    let body = json!({ "path": "dropped.txt", "size_bytes": 1 });
    assert_eq!(server.post(&drop, "", body.clone()).await.0, 201);
    let sub = directory(&server, &ada.key, "data/sub").await;
    move_to(&server, &ada.key, &sub, "other/sub").await;
    assert_eq!(server.download(&link, "").await.0, 404);
    assert_eq!(server.post(&drop, "", body).await.0, 404);
    move_to(&server, &ada.key, &sub, "data/back").await;
    assert_eq!(server.download(&link, "").await.1, b"in");
}
