//! Parts of large uploads: those of others are not reused, and an upload is resumed with its own key.

use serde_json::json;

use super::{id, put, start};
use crate::server::{has_embedded_store, md5, noise, signed};

const MIB: usize = 1 << 20;
const PART: usize = 8 * MIB;

/// Digest of a part as the store reports it.
fn part_digest(bytes: &[u8]) -> String {
    match has_embedded_store() {
        true => blake3::hash(bytes).to_hex().to_string(),
        false => md5(bytes),
    }
}

#[tokio::test]
async fn parts_of_others_are_not_reused() {
    let (server, ada, upload) = start();
    let bytes = noise(1, 20 * MIB);
    let body = json!({ "path": "big.bin", "size_bytes": bytes.len(), "permissions": "private" });
    put(&server, &ada.key, body, &bytes).await;
    let md5s: Vec<String> = bytes.chunks(PART).map(md5).collect();
    let digest = part_digest(&bytes[PART..2 * PART]);
    for (key, path, is_reused) in [
        (&upload, "big.bin", false),
        (&upload, "copy.bin", false),
        (&ada.key, "big.bin", true),
    ] {
        let body = json!({ "path": path, "size_bytes": bytes.len(), "part_md5s": md5s });
        let (status, planned) = server.post("/api/v1/files", key, body).await;
        assert_eq!(status, 201, "{planned}");
        let plan = &planned["upload"];
        assert_eq!(plan["has_previous"], is_reused, "{planned}");
        assert!(is_reused || plan["received"] == json!([]), "{planned}");
        assert!(is_reused || plan["reused"] == json!([]), "{planned}");
        assert!(is_reused || plan["may_be_stored"] == false, "{planned}");
        let wanted = json!([{ "number": 2, "digest": digest }]);
        let (status, answer) = server.sign(key, &planned, wanted).await;
        assert_eq!(status, 200, "{answer}");
        let sent = answer["parts"].as_array().unwrap().len();
        assert_eq!(sent, usize::from(!is_reused), "{path}: {answer}");
    }
}

#[tokio::test]
async fn parts_that_were_sent_are_resumed_with_the_same_key() {
    let (server, ada, upload) = start();
    let other = server.key("ada@example.com", "upload");
    let bytes = noise(2, 20 * MIB);
    let planned = server.plan(&upload, "big.bin", bytes.len()).await;
    let upload_path = format!("/api/v1/files/{}/upload", id(&planned["file"]));
    let (_, answer) = server
        .sign(&upload, &planned, json!([{ "number": 1 }]))
        .await;
    let sent = signed(&server.http, &answer["parts"][0]).body(bytes[..PART].to_vec());
    assert_eq!(sent.send().await.unwrap().status(), 200);
    for (key, is_resumed) in [(&other, false), (&ada.key, false), (&upload, true)] {
        let again = server.plan(key, "big.bin", bytes.len()).await;
        assert_eq!(id(&again["file"]), id(&planned["file"]));
        let is_same = again["file"]["version"] == planned["file"]["version"];
        let received = again["upload"]["received"].as_array().unwrap().len();
        assert_eq!((is_same, received), (is_resumed, usize::from(is_resumed)));
    }
    let (_, state) = server.get(&upload_path, &upload).await;
    assert_eq!(state["missing"], json!([2, 3]), "{state}");
    let (_, state) = server.get(&upload_path, &other).await;
    assert_eq!(state["missing"], json!([1, 2, 3]), "{state}");
    assert_eq!(server.delete(&upload_path, &other).await.0, 204);
    assert_eq!(server.delete(&upload_path, &other).await.0, 404);

    server.send_bytes(&upload, &planned, &bytes).await;
    let (status, file) = server.report(&upload, &planned).await;
    assert_eq!(status, 200, "{file}");
    assert_eq!(
        server.delete(&upload_path, &upload).await.0,
        404,
        "it is finished"
    );
    assert!(server.download(file["url"].as_str().unwrap(), "").await.1 == bytes);
}
