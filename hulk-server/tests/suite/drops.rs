//! Uploads through share links.

use serde_json::{Value, json};

use crate::{
    agree::assert_agreement,
    server::{Server, code, md5, noise, sha256, signed},
    shares::{public, share, status, token},
};

/// Uploads through a link like `hulk put`: plan, bytes, report.
async fn put_through(server: &Server, share: &Value, path: &str, bytes: &[u8]) -> Value {
    let body = json!({ "path": path, "size_bytes": bytes.len(), "sha256": sha256(bytes),
        "part_md5s": [md5(bytes)] });
    let (status, planned) = server
        .post(&format!("{}/files", public(share)), "", body)
        .await;
    assert_eq!(status, 201, "{planned}");
    if planned["upload"]["kind"] == "none" {
        return planned["file"].clone();
    }
    let put = signed(&server.http, &planned["upload"]).body(bytes.to_owned());
    assert!(put.send().await.unwrap().status().is_success());
    let id = planned["file"]["id"].as_str().unwrap();
    let report = json!({ "status": "uploaded", "version": planned["file"]["version"] });
    let path = format!("{}/files/{id}/status", public(share));
    let (status, file) = server.put(&path, "", report).await;
    assert_eq!(status, 200, "{file}");
    file
}

#[tokio::test]
async fn a_drop_link_takes_files_and_replaces_none() {
    let server = Server::start();
    let flags = ["--verified", "--default-quota", "100000"];
    let key = server.user_with("ada@example.com", "all", &flags).key;
    server.upload(&key, "inbox/report.txt", b"mine").await;
    let link = share(
        &server,
        &key,
        json!({ "path": "inbox", "max_file_bytes": 10_000, "max_total_bytes": 1_000_000,
        "permissions": { "can_upload": true } }),
    )
    .await;
    let shown = server.get(&public(&link), "").await.1;
    assert_eq!(
        (&shown["files"], &shown["max_file_bytes"]),
        (&json!([]), &json!(10_000))
    );
    let first = put_through(&server, &link, "report.txt", b"theirs").await;
    assert_eq!(first["path"], "report (2).txt");
    let again = put_through(&server, &link, "report.txt", b"theirs").await;
    assert_eq!(
        again["id"], first["id"],
        "uploading the same file again makes no other file"
    );
    let other = put_through(&server, &link, "report.txt", b"other").await;
    assert_eq!(other["path"], "report (3).txt");
    let deep = put_through(&server, &link, "new/deep.txt", b"deep").await;
    assert_eq!(deep["path"], "new/deep.txt");
    let shown = format!("/api/v1/files/{}", deep["id"].as_str().unwrap());
    assert_eq!(
        server.get(&shown, &key).await.1["path"],
        "inbox/new/deep.txt"
    );
    let link_path = format!("/s/{}", token(&link));
    assert_eq!(status(&server, &link_path, &[]).await, 200);
    // Plain curl can upload; files that are too large or outside the directory are refused.
    let put = server
        .http
        .put(server.url(&format!("{link_path}/by-curl.txt")));
    let redirect = put.body("curled").send().await.unwrap();
    assert_eq!(redirect.status(), 307);
    let location = redirect.headers()["location"].to_str().unwrap();
    let sent = server
        .http
        .put(location)
        .body("curled")
        .send()
        .await
        .unwrap();
    assert!(sent.status().is_success());
    let found = server
        .get("/api/v1/files?filter~path=inbox/by-curl.txt", &key)
        .await
        .1;
    assert_eq!(found["total"], 1);
    let files = format!("{}/files", public(&link));
    for (path, size, expected) in [
        ("large.bin", 10_001, (413, "PAYLOAD_TOO_LARGE")),
        ("../up.bin", 1, (400, "VALIDATION_ERROR")),
    ] {
        let body = json!({ "path": path, "size_bytes": size });
        let (status, error) = server.post(&files, "", body).await;
        assert_eq!((status.as_u16(), code(&error)), expected);
    }
    // A path that is short enough in the shared directory may be too long from the owner's root.
    let deep = vec!["x".repeat(250); 4].join("/");
    let body = json!({ "path": format!("{deep}/12345678901234"), "size_bytes": 1 });
    let (status, error) = server.post(&files, "", body).await;
    assert_eq!((status.as_u16(), code(&error)), (400, "VALIDATION_ERROR"));
    // An upload of unknown length is stopped at the link's size limit.
    let body = json!({ "path": "stream.bin", "size_bytes": null });
    let planned = server.post(&files, "", body).await.1;
    let parts = format!(
        "{files}/{}/upload/parts",
        planned["file"]["id"].as_str().unwrap()
    );
    let (status, error) = server
        .post(&parts, "", json!({ "parts": [{ "number": 1 }] }))
        .await;
    assert_eq!((status.as_u16(), code(&error)), (413, "PAYLOAD_TOO_LARGE"));
    for number in 0..9 {
        put_through(&server, &link, "much.bin", &noise(number, 10_000)).await;
    }
    let body = json!({ "path": "more.bin", "size_bytes": 10_000 });
    assert_eq!(
        server.post(&files, "", body).await.0,
        507,
        "the owner's quota applies"
    );
    assert_agreement(&server).await;
}

#[tokio::test]
async fn a_digest_alone_brings_no_bytes_through_a_link() {
    let server = Server::start();
    let key = server.user("ada@example.com").key;
    let secret = noise(1, 1000);
    server.upload(&key, "secret.bin", &secret).await;
    server.upload(&key, "box/x", b"x").await;
    let link = share(
        &server,
        &key,
        json!({ "path": "box",
        "permissions": { "can_upload": true, "can_download": true } }),
    )
    .await;
    let body = json!({ "path": "guess.bin", "size_bytes": 1000, "sha256": sha256(&secret),
        "permissions": "public", "expiration_policy": "1d" });
    let (_, planned) = server
        .post(&format!("{}/files", public(&link)), "", body)
        .await;
    assert_eq!(planned["upload"]["kind"], "single");
    assert_eq!(planned["file"]["permissions"], "inherit");
    assert_eq!(planned["file"]["expiration_policy"], "infinite");
    // The owner's own upload is not accessible through the link.
    let own = server.plan(&key, "box/own.bin", 20 << 20).await;
    let own = own["file"]["id"].as_str().unwrap();
    let path = format!("{}/files/{own}/upload", public(&link));
    assert_eq!(server.get(&path, "").await.0, 404);
    assert_eq!(server.delete(&path, "").await.0, 404);
    let parts = json!({ "parts": [{ "number": 1 }] });
    assert_eq!(
        server.post(&format!("{path}/parts"), "", parts).await.0,
        404
    );
}
