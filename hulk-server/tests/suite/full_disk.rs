//! A full disk: 507, nothing partly visible, and uploads work again once there is room.

use serde_json::json;

use crate::{
    agree::assert_agreement,
    harness::SmallDisk,
    server::{Server, code, noise},
    store::{BUCKET, sdk, status},
};

#[tokio::test]
async fn a_full_disk_refuses_uploads_and_keeps_what_is_there() {
    let Some(disk) = SmallDisk::mount(48 << 20) else {
        return;
    };
    let server = Server::start_in(&disk.path().join("data"), &[]);
    let key = server.user("ada@example.com").key;
    let kept = noise(1, 1 << 20);
    let file = server.upload(&key, "kept.bin", &kept).await;

    // Refused before bytes are sent, if the size is known to be too large.
    let (status_code, error) = server
        .post(
            "/api/v1/files",
            &key,
            json!({ "path": "big.bin", "size_bytes": 60 << 20 }),
        )
        .await;
    assert_eq!(
        (status_code.as_u16(), code(&error)),
        (507, "QUOTA_EXCEEDED")
    );

    // Planned while there was room, which another file takes before the bytes arrive.
    let planned = server.plan(&key, "late.bin", 20 << 20).await;
    let hog = disk.path().join("hog");
    std::fs::write(&hog, vec![0; 30 << 20]).unwrap();
    let answer = server.send_bytes(&key, &planned, &noise(2, 20 << 20)).await;
    assert_eq!(answer.status(), 507);
    assert!(answer.text().await.unwrap().contains("InsufficientStorage"));
    assert_eq!(server.report(&key, &planned).await.0, 422);
    assert_eq!(server.get("/api/v1/files", &key).await.1["total"], 1);
    assert!(server.download(file["url"].as_str().unwrap(), "").await.1 == kept);
    let s3 = sdk(&server);
    let object = planned["upload"]["parts"][0]["url"]
        .as_str()
        .unwrap()
        .split(BUCKET)
        .nth(1)
        .unwrap();
    let object = object.split('?').next().unwrap().trim_start_matches('/');
    assert_eq!(
        status(s3.head_object().bucket(BUCKET).key(object).send().await),
        404
    );

    std::fs::remove_file(&hog).unwrap();
    let bytes = noise(3, 20 << 20);
    assert_eq!(
        server.send_bytes(&key, &planned, &bytes).await.status(),
        200
    );
    assert_eq!(server.report(&key, &planned).await.0, 200);
}

#[tokio::test]
async fn a_disk_that_is_full_to_the_last_byte_is_used_again_once_there_is_room() {
    let Some(disk) = SmallDisk::mount(24 << 20) else {
        return;
    };
    let server = Server::start_in(&disk.path().join("data"), &[]);
    let key = server.user("ada@example.com").key;
    server.upload(&key, "kept.bin", &noise(1, 100_000)).await;
    let hog = disk.path().join("hog");
    for round in 0..5 {
        fill(&hog);
        // Among many requests, some hit the full disk in the middle of a transaction.
        for number in 0..20 {
            let body = json!({ "path": format!("{round}/{number}"), "size_bytes": 10 });
            let (status, error) = server.post("/api/v1/files", &key, body).await;
            assert_eq!(
                (status.as_u16(), code(&error)),
                (507, "QUOTA_EXCEEDED"),
                "{error}"
            );
            let (status, error) = server
                .post(
                    "/api/v1/api-keys",
                    &key,
                    json!({
                        "label": "x".repeat(100), "permissions": "read",
                    }),
                )
                .await;
            assert!(
                status == 201 || code(&error) == "QUOTA_EXCEEDED",
                "{status} {error}"
            );
        }
        std::fs::remove_file(&hog).unwrap();
        server
            .upload(&key, &format!("{round}.bin"), &noise(round, 10_000))
            .await;
    }
    assert_agreement(&server).await;
}

/// Fills the disk to the last byte.
fn fill(hog: &std::path::Path) {
    use std::io::Write;
    let mut file = std::fs::File::create(hog).unwrap();
    for size in [1 << 16, 1 << 12, 1] {
        while file.write_all(&vec![0; size]).is_ok() {}
    }
}
