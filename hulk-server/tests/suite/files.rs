//! Uploading, showing, changing and deleting files.

use serde_json::json;

use crate::server::{Server, code, md5, noise, sha256};

#[tokio::test]
async fn an_upload_in_three_requests_is_there_bit_for_bit() {
    let server = Server::start();
    let key = server.user("ada@example.com").key;
    for size in [
        0,
        1,
        65_535,
        65_536,
        65_537,
        (1 << 20) - 1,
        1 << 20,
        (1 << 20) + 1,
        9 << 20,
    ] {
        let bytes = noise(size as u64, size);
        let file = server
            .upload(&key, &format!("sizes/{size}.bin"), &bytes)
            .await;
        assert_eq!(file["size_bytes"], size);
        // The store does not compute the SHA-256 of a multipart upload.
        if size <= 8 << 20 {
            assert_eq!(file["sha256"], sha256(&bytes));
        }
        let link = file["url"].as_str().unwrap();
        let (status, found) = server.download(link, "").await;
        assert_eq!(status, 200);
        assert!(found == bytes, "{size} bytes came back changed");
    }
}

#[tokio::test]
async fn a_file_is_invisible_until_it_is_validated() {
    let server = Server::start();
    let key = server.user("ada@example.com").key;
    let planned = server.plan(&key, "a.txt", 5).await;
    assert_eq!(planned["file"]["status"], "reserved");
    let link = planned["file"]["url"].as_str().unwrap();
    assert_eq!(server.download(link, &key).await.0, 404);
    assert_eq!(server.get("/api/v1/files", &key).await.1["total"], 0);

    let (status, error) = server.report(&key, &planned).await;
    assert_eq!((status.as_u16(), code(&error)), (422, "UPLOAD_INCOMPLETE"));

    server.send_bytes(&key, &planned, b"hello").await;
    assert_eq!(server.download(link, &key).await.0, 404);
    assert_eq!(server.report(&key, &planned).await.1["status"], "validated");
    assert_eq!(server.report(&key, &planned).await.1["status"], "validated");
    assert_eq!(server.download(link, "").await.1, b"hello");
    assert_eq!(server.get("/api/v1/files", &key).await.1["total"], 1);
}

#[tokio::test]
async fn the_same_plan_again_is_the_same_upload() {
    let server = Server::start();
    let key = server.user("ada@example.com").key;
    let first = server.plan(&key, "a.bin", 1000).await;
    let second = server.plan(&key, "a.bin", 1000).await;
    assert_eq!(first["file"]["id"], second["file"]["id"]);
    assert_eq!(first["file"]["version"], second["file"]["version"]);
    assert_eq!(server.used_bytes(&key).await, 1000);

    let other = server.plan(&key, "a.bin", 1001).await;
    assert_eq!(first["file"]["id"], other["file"]["id"]);
    assert_ne!(first["file"]["version"], other["file"]["version"]);
    assert_eq!(server.used_bytes(&key).await, 2001);
}

#[tokio::test]
async fn the_same_upload_takes_what_else_is_said_last() {
    let server = Server::start();
    let key = server.user("ada@example.com").key;
    let first = json!({ "path": "a.txt", "size_bytes": 5, "permissions": "public", "expiration_policy": "1d" });
    server.post("/api/v1/files", &key, first).await;
    let last = json!({ "path": "a.txt", "size_bytes": 5, "permissions": "private", "expiration_policy": "7d", "tags": ["t"] });
    let (_, planned) = server.post("/api/v1/files", &key, last).await;
    server.send_bytes(&key, &planned, b"hello").await;
    let (_, file) = server.report(&key, &planned).await;
    assert_eq!(
        (&file["permissions"], &file["expiration_policy"]),
        (&"private".into(), &"7d".into())
    );
    assert_eq!(file["tags"], json!(["t"]));
    let link = file["url"].as_str().unwrap();
    assert_eq!(server.download(link, "").await.0, 404);
    assert_eq!(server.download(link, &key).await.1, b"hello");
}

#[tokio::test]
async fn the_same_report_many_times_at_once_has_one_answer() {
    let server = Server::start();
    let key = server.user("ada@example.com").key;
    for round in 0..10 {
        let planned = server.plan(&key, &format!("{round}.bin"), 5).await;
        server.send_bytes(&key, &planned, b"hello").await;
        let reports = (0..8).map(|_| server.report(&key, &planned));
        for (status, file) in futures_util::future::join_all(reports).await {
            assert_eq!(
                (status.as_u16(), &file["status"]),
                (200, &"validated".into()),
                "{file}"
            );
        }
    }
    assert_eq!(server.used_bytes(&key).await, 50);
}

#[tokio::test]
async fn a_declared_digest_that_differs_fails_the_upload_and_gives_the_space_back() {
    let server = Server::start();
    let key = server.user("ada@example.com").key;
    let body = json!({ "path": "a.txt", "size_bytes": 5, "sha256": sha256(b"hello") });
    let (_, planned) = server.post("/api/v1/files", &key, body).await;
    server.send_bytes(&key, &planned, b"jello").await;
    // One store attests SHA-256, another MD5.
    let id = planned["file"]["id"].as_str().unwrap();
    let report = json!({ "status": "uploaded", "md5": md5(b"hello") });
    let (status, error) = server
        .put(&format!("/api/v1/files/{id}/status"), &key, report)
        .await;
    assert_eq!((status.as_u16(), code(&error)), (422, "DIGEST_MISMATCH"));
    assert_eq!(server.used_bytes(&key).await, 0);
    assert_eq!(
        server.get(&format!("/api/v1/files/{id}"), &key).await.1["status"],
        "failed"
    );
    let (status, error) = server.report(&key, &planned).await;
    assert_eq!((status.as_u16(), code(&error)), (422, "UPLOAD_INCOMPLETE"));
    let file = server.upload(&key, "a.txt", b"hello").await;
    assert_eq!(file["id"], id);
}

#[tokio::test]
async fn a_new_version_keeps_id_and_link_and_the_old_one_serves_until_then() {
    let server = Server::start();
    let key = server.user("ada@example.com").key;
    let old = server.upload(&key, "a.txt", b"old").await;
    let link = old["url"].as_str().unwrap();
    let planned = server.plan(&key, "a.txt", 5).await;
    assert_eq!(server.download(link, "").await.1, b"old");
    server.send_bytes(&key, &planned, b"newer").await;
    assert_eq!(server.download(link, "").await.1, b"old");
    let new = server.report(&key, &planned).await.1;
    assert_eq!(
        (new["id"].clone(), new["version"].clone()),
        (old["id"].clone(), json!(2))
    );
    assert_eq!(server.download(link, "").await.1, b"newer");
    assert_eq!(server.used_bytes(&key).await, 8, "both are kept");
}

#[tokio::test]
async fn if_exists_fail_refuses_before_and_after_sending() {
    let server = Server::start();
    let key = server.user("ada@example.com").key;
    let body = json!({ "path": "a.txt", "size_bytes": 4, "if_exists": "fail" });
    let (_, planned) = server.post("/api/v1/files", &key, body.clone()).await;
    server.upload(&key, "a.txt", b"first").await;
    server.send_bytes(&key, &planned, b"late").await;
    let id = planned["file"]["id"].as_str().unwrap();
    let report = json!({ "status": "uploaded", "version": planned["file"]["version"] });
    let (status, error) = server
        .put(&format!("/api/v1/files/{id}/status"), &key, report)
        .await;
    assert_eq!((status.as_u16(), code(&error)), (409, "FILE_EXISTS"));
    let (status, error) = server.post("/api/v1/files", &key, body).await;
    assert_eq!((status.as_u16(), code(&error)), (409, "FILE_EXISTS"));
    assert_eq!(server.download(&format!("/d/{id}"), "").await.1, b"first");
    assert_eq!(server.used_bytes(&key).await, 5);
}

#[tokio::test]
async fn two_uploads_to_one_path_at_once_are_two_versions_never_a_mixture() {
    let server = Server::start();
    let key = server.user("ada@example.com").key;
    for round in 0..10 {
        let (one, other) = (noise(round, 300_000), noise(round + 100, 300_001));
        let path = format!("race/{round}.bin");
        let plans = (
            server.plan(&key, &path, one.len()).await,
            server.plan(&key, &path, other.len()).await,
        );
        server.send_bytes(&key, &plans.0, &one).await;
        server.send_bytes(&key, &plans.1, &other).await;
        let (first, second) =
            tokio::join!(server.report(&key, &plans.0), server.report(&key, &plans.1));
        assert_eq!(plans.0["file"]["id"], plans.1["file"]["id"]);
        assert_eq!(
            (first.0.as_u16(), second.0.as_u16()),
            (200, 200),
            "{}",
            first.1
        );
        let link = format!("/d/{}", second.1["id"].as_str().unwrap());
        assert!(
            server.download(&link, "").await.1 == other,
            "the later is current"
        );
        for (number, bytes) in [(1, &one), (2, &other)] {
            let (_, found) = server
                .download(&format!("{link}?version={number}"), &key)
                .await;
            assert!(found == *bytes, "version {number}");
        }
    }
    assert_eq!(server.used_bytes(&key).await, 10 * 600_001);
}

#[tokio::test]
async fn a_quota_holds_under_a_race() {
    let server = Server::start_with(&[]);
    let key = server
        .user_with(
            "ada@example.com",
            "all",
            &["--verified", "--default-quota", "10000"],
        )
        .key;
    let plans = (0..1000).map(|n| {
        let body = json!({ "path": format!("{n}"), "size_bytes": 1000 });
        server.post("/api/v1/files", &key, body)
    });
    let answers = futures_util::future::join_all(plans).await;
    let taken = answers.iter().filter(|(status, _)| *status == 201).count();
    assert_eq!(taken, 10);
    for (status, body) in answers {
        assert!(
            status == 201 || (status == 507 && code(&body) == "QUOTA_EXCEEDED"),
            "{status} {body}"
        );
    }
    assert_eq!(server.used_bytes(&key).await, 10_000);
}

#[tokio::test]
async fn a_cancelled_upload_gives_its_space_back() {
    let server = Server::start();
    let key = server.user("ada@example.com").key;
    let planned = server.plan(&key, "a.bin", 5).await;
    let path = format!(
        "/api/v1/files/{}/upload",
        planned["file"]["id"].as_str().unwrap()
    );
    assert_eq!(server.delete(&path, &key).await.0, 204);
    assert_eq!(server.used_bytes(&key).await, 0);
    assert_eq!(server.delete(&path, &key).await.0, 404);
}

#[tokio::test]
async fn a_file_is_moved_relabelled_and_its_link_stays() {
    let server = Server::start();
    let key = server.user("ada@example.com").key;
    let file = server.upload(&key, "a.txt", b"hello").await;
    server.upload(&key, "taken.txt", b"x").await;
    let path = format!("/api/v1/files/{}", file["id"].as_str().unwrap());
    let change = json!({ "path": "deep/er/b.txt", "tags": ["x"], "description": "d",
        "metadata": {"k": [1]}, "permissions": "private", "expiration_policy": "7d" });
    let (status, changed) = server.put(&path, &key, change).await;
    assert_eq!(status, 200, "{changed}");
    assert_eq!(changed["path"], "deep/er/b.txt");
    assert_eq!(changed["tags"], json!(["x"]));
    assert_eq!(changed["metadata"], json!({"k": [1]}));
    assert_eq!(changed["expiration_policy"], "7d");
    let link = file["url"].as_str().unwrap();
    assert_eq!(server.download(link, "").await.0, 404, "it is private now");
    assert_eq!(server.download(link, &key).await.1, b"hello");

    let (status, error) = server
        .put(&path, &key, json!({ "path": "taken.txt" }))
        .await;
    assert_eq!((status.as_u16(), code(&error)), (409, "FILE_EXISTS"));
}

#[tokio::test]
async fn an_expiry_that_goes_there_and_back_keeps_the_bytes() {
    let server = Server::start();
    let key = server.user("ada@example.com").key;
    let file = server.upload(&key, "a.txt", b"hello").await;
    let path = format!("/api/v1/files/{}", file["id"].as_str().unwrap());
    for policy in ["7d", "infinite", "7d", "1d", "infinite", "infinite"] {
        let change = json!({ "expiration_policy": policy });
        let (status, changed) = server.put(&path, &key, change).await;
        assert_eq!(
            (status.as_u16(), &changed["expiration_policy"]),
            (200, &policy.into())
        );
        let link = file["url"].as_str().unwrap();
        assert_eq!(server.download(link, "").await.1, b"hello");
    }
    assert_eq!(server.used_bytes(&key).await, 5);
}

#[tokio::test]
async fn a_deleted_file_is_gone_and_its_bytes_leave_the_disk() {
    let server = Server::start();
    let key = server.user("ada@example.com").key;
    let bytes = noise(1, 3 << 20);
    let file = server.upload(&key, "a.bin", &bytes).await;
    let path = format!("/api/v1/files/{}?purge=true", file["id"].as_str().unwrap());
    assert_eq!(server.delete(&path, &key).await.0, 204);
    assert_eq!(server.delete(&path, &key).await.0, 404);
    assert_eq!(
        server.download(file["url"].as_str().unwrap(), &key).await.0,
        404
    );
    assert_eq!(server.used_bytes(&key).await, 0);
    let data = server.data_dir.join("store/data");
    for _ in 0..200 {
        if crate::harness::files_below(&data).is_empty() {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    panic!(
        "the bytes still exist: {:?}",
        crate::harness::files_below(&data)
    );
}

#[tokio::test]
async fn directories_and_files_do_not_share_a_name() {
    let server = Server::start();
    let key = server.user("ada@example.com").key;
    server.upload(&key, "a/b.txt", b"x").await;
    let (status, error) = server
        .post(
            "/api/v1/files",
            &key,
            json!({ "path": "a", "size_bytes": 1 }),
        )
        .await;
    assert_eq!((status.as_u16(), code(&error)), (409, "DIRECTORY_EXISTS"));
    let (status, error) = server
        .post(
            "/api/v1/files",
            &key,
            json!({ "path": "a/b.txt/c", "size_bytes": 1 }),
        )
        .await;
    assert_eq!((status.as_u16(), code(&error)), (409, "FILE_EXISTS"));
    assert_eq!(server.used_bytes(&key).await, 1);
}

#[tokio::test]
async fn limits_on_size_and_extension_hold() {
    let server = Server::start_with(&[
        "--max-file-size",
        "1000",
        "--allowed-extensions",
        "csv,.TXT",
    ]);
    let key = server.user("ada@example.com").key;
    let (status, error) = server
        .post(
            "/api/v1/files",
            &key,
            json!({ "path": "a.csv", "size_bytes": 1001 }),
        )
        .await;
    assert_eq!((status.as_u16(), code(&error)), (413, "PAYLOAD_TOO_LARGE"));
    for (path, expected) in [("a.csv", 201), ("a.Txt", 201), ("a.exe", 400), ("csv", 400)] {
        let body = json!({ "path": path, "size_bytes": 1 });
        assert_eq!(
            server.post("/api/v1/files", &key, body).await.0,
            expected,
            "{path}"
        );
    }
}

#[tokio::test]
async fn an_unverified_account_reads_but_does_not_upload() {
    let server = Server::start();
    let key = server.user_with("ada@example.com", "all", &[]).key;
    assert_eq!(server.get("/api/v1/files", &key).await.0, 200);
    let body = json!({ "path": "a.txt", "size_bytes": 1 });
    let (status, error) = server.post("/api/v1/files", &key, body).await;
    assert_eq!((status.as_u16(), code(&error)), (403, "EMAIL_NOT_VERIFIED"));
    let direct = server.put("/put/a.txt", &key, json!("x")).await;
    assert_eq!(direct.0, 403);
}
