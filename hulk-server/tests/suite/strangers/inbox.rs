//! Uploads through drop links.

use serde_json::{Value, json};

use crate::{
    agree::assert_agreement,
    server::{Server, code, database, has_embedded_store, sha256, signed, sql},
    shares::{public, share},
    storage::sweep,
};

async fn plan(server: &Server, link: &Value, path: &str, size: u64) -> (u16, Value) {
    let body = json!({ "path": path, "size_bytes": size });
    let (status, answer) = server
        .post(&format!("{}/files", public(link)), "", body)
        .await;
    (status.as_u16(), answer)
}

async fn finish(server: &Server, link: &Value, planned: &Value, bytes: &[u8]) -> u16 {
    let put = signed(&server.http, &planned["upload"]).body(bytes.to_vec());
    assert_eq!(put.send().await.unwrap().status(), 200);
    let id = planned["file"]["id"].as_str().unwrap();
    let report = json!({ "status": "uploaded", "sha256": sha256(bytes) });
    let path = format!("{}/files/{id}/status", public(link));
    server.put(&path, "", report).await.0.as_u16()
}

async fn shown(server: &Server, key: &str, link: &Value) -> Value {
    let shares = server.get("/api/v1/shares", key).await.1;
    let items = shares["items"].as_array().unwrap();
    items
        .iter()
        .find(|item| item["id"] == link["id"])
        .unwrap()
        .clone()
}

async fn inbox(server: &Server, key: &str, more: Value) -> Value {
    server
        .post("/api/v1/directories", key, json!({ "path": "inbox" }))
        .await;
    let mut body =
        json!({ "path": "inbox", "permissions": { "can_upload": true, "can_share": true } });
    body.as_object_mut()
        .unwrap()
        .extend(more.as_object().unwrap().clone());
    share(server, key, body).await
}

#[tokio::test]
async fn plans_without_bytes_do_not_fill_the_quota() {
    let server = Server::start();
    let flags = ["--verified", "--default-quota", "1000000"];
    let ada = server.user_with("ada@example.com", "all", &flags);
    let link = inbox(&server, &ada.key, json!({})).await;
    assert_eq!(link["max_total_bytes"], 500_000, "half of the quota");
    assert_eq!(link["max_files"], 1000);
    let (status, error) = plan(&server, &link, "all.bin", 900_000).await;
    assert_eq!((status, code(&error)), (507, "QUOTA_EXCEEDED"));
    for number in 0..32 {
        assert_eq!(
            plan(&server, &link, &format!("{number}.bin"), 1000).await.0,
            201
        );
    }
    let (status, error) = plan(&server, &link, "more.bin", 1000).await;
    assert_eq!((status, code(&error)), (429, "TOO_MANY_REQUESTS"));
    let items: Vec<Value> = (0..3)
        .map(|n| json!({ "path": format!("b{n}"), "size_bytes": 1 }))
        .collect();
    let path = format!("{}/files/batch", public(&link));
    let batch = server.post(&path, "", json!({ "items": items })).await.1;
    assert_eq!(
        batch["items"][0]["error"]["code"], "TOO_MANY_REQUESTS",
        "{batch}"
    );
    // A link that was made with this one does not bypass the limit.
    let path = format!("{}/shares", public(&link));
    let body = json!({ "permissions": { "can_upload": true } });
    let child = server.post(&path, "", body).await.1;
    assert_eq!(plan(&server, &child, "child.bin", 1000).await.0, 429);

    let held = shown(&server, &ada.key, &link).await;
    assert_eq!(
        (&held["unfinished_files"], &held["received_bytes"]),
        (&json!(32), &json!(32_000))
    );
    let path = format!("/api/v1/shares/{}/uploads", link["id"].as_str().unwrap());
    let uploads = server.get(&format!("{path}?limit=5"), &ada.key).await.1;
    assert_eq!(
        (
            &uploads["total"],
            uploads["items"].as_array().unwrap().len()
        ),
        (&json!(32), 5)
    );
    assert_eq!(uploads["items"][0]["path"], "inbox/0.bin");
    assert_eq!(uploads["items"][0]["address"], "127.0.0.1");
    assert_eq!(server.used_bytes(&ada.key).await, 32_000);
    let cancelled = server.delete(&path, &ada.key).await;
    assert_eq!(
        (cancelled.0.as_u16(), &cancelled.1["uploads"]),
        (200, &json!(32))
    );
    assert_eq!(server.used_bytes(&ada.key).await, 0);
    let held = shown(&server, &ada.key, &link).await;
    assert_eq!(
        (&held["unfinished_files"], &held["received_bytes"]),
        (&json!(0), &json!(0))
    );
    // The owner also sees and cancels uploads through a link that was made with this one.
    assert_eq!(plan(&server, &child, "child.bin", 1000).await.0, 201);
    let uploads = server.get(&path, &ada.key).await.1;
    assert_eq!(uploads["total"], 1);
    assert_eq!(uploads["items"][0]["path"], "inbox/child.bin");
    let cancelled = server.delete(&path, &ada.key).await.1;
    assert_eq!(cancelled["uploads"], 1);
    assert_agreement(&server).await;
}

#[tokio::test]
async fn a_link_takes_so_many_bytes_and_files_in_all() {
    let server = Server::start();
    let key = server.user("ada@example.com").key;
    let link = inbox(
        &server,
        &key,
        json!({ "max_total_bytes": 1000, "max_files": 3 }),
    )
    .await;
    for number in 0..2 {
        let name = format!("{number}.bin");
        let (status, planned) = plan(&server, &link, &name, 400).await;
        assert_eq!(status, 201, "{planned}");
        assert_eq!(
            finish(&server, &link, &planned, &vec![number; 400]).await,
            200
        );
    }
    let (status, error) = plan(&server, &link, "large.bin", 201).await;
    assert_eq!((status, code(&error)), (507, "QUOTA_EXCEEDED"), "{error}");
    let (status, third) = plan(&server, &link, "third.bin", 100).await;
    assert_eq!(status, 201);
    let (status, error) = plan(&server, &link, "fourth.bin", 1).await;
    assert_eq!((status, code(&error)), (507, "QUOTA_EXCEEDED"), "{error}");
    // Cancelled uploads no longer count; received files do, even after the owner deletes them.
    let id = third["file"]["id"].as_str().unwrap();
    let path = format!("{}/files/{id}/upload", public(&link));
    assert_eq!(server.delete(&path, "").await.0, 204);
    let files = server.get("/api/v1/files?filter~name=0.bin", &key).await.1;
    let id = files["items"][0]["id"].as_str().unwrap();
    server
        .delete(&format!("/api/v1/files/{id}?purge=true"), &key)
        .await;
    let held = shown(&server, &key, &link).await;
    assert_eq!(
        (&held["received_files"], &held["received_bytes"]),
        (&json!(2), &json!(800))
    );
    assert_eq!(plan(&server, &link, "fifth.bin", 200).await.0, 201);
    assert_eq!(plan(&server, &link, "sixth.bin", 0).await.0, 507);
    for bad in [json!({ "max_files": 0 }), json!({ "max_total_bytes": 0 })] {
        let mut body = json!({ "path": "inbox", "permissions": { "can_upload": true } });
        body.as_object_mut()
            .unwrap()
            .extend(bad.as_object().unwrap().clone());
        assert_eq!(server.post("/api/v1/shares", &key, body).await.0, 400);
    }
    assert_agreement(&server).await;
}

/// Makes all versions look untouched for this many minutes.
async fn age(server: &Server, minutes: i64) {
    let at = hulk_proto::Timestamp::now().unix_millis() - minutes * 60_000;
    let statement = format!("UPDATE versions SET updated_at = {at}");
    sql(&server.data_dir, statement).await;
}

#[tokio::test]
async fn a_plan_of_which_nothing_comes_ends_after_a_quarter_of_an_hour() {
    let mut server = Server::start();
    let key = server.user("ada@example.com").key;
    let link = inbox(&server, &key, json!({})).await;
    let same = json!({ "path": "untouched.bin", "size_bytes": 1000, "sha256": sha256(b"a") });
    let files = format!("{}/files", public(&link));
    let untouched = server.post(&files, "", same.clone()).await.1;
    let (_, begun) = plan(&server, &link, "begun.bin", 9 << 20).await;
    let id = begun["file"]["id"].as_str().unwrap();
    let path = format!("{}/files/{id}/upload/parts", public(&link));
    let first = server
        .post(&path, "", json!({ "parts": [{ "number": 1 }] }))
        .await
        .1;
    let put = signed(&server.http, &first["parts"][0]).body(vec![0; 8 << 20]);
    assert_eq!(put.send().await.unwrap().status(), 200);
    let own = server.plan(&key, "own.bin", 500).await;
    let (_, wished) = plan(&server, &link, "wished.bin", 9 << 20).await;
    age(&server, 14).await;
    assert_eq!(sweep(&mut server, 24).await["stale_uploads"], 0);
    age(&server, 16).await;
    // Only received bytes keep a plan alive: neither the same plan again nor another URL does.
    let again = server.post(&files, "", same).await.1;
    assert_eq!(again["file"]["id"], untouched["file"]["id"]);
    let wish = format!(
        "{}/files/{}/upload/parts",
        public(&link),
        wished["file"]["id"].as_str().unwrap()
    );
    let parts = json!({ "parts": [{ "number": 1 }] });
    assert_eq!(server.post(&wish, "", parts).await.0, 200);
    assert_eq!(sweep(&mut server, 24).await["stale_uploads"], 2);
    let path = format!(
        "{}/files/{}/upload",
        public(&link),
        untouched["file"]["id"].as_str().unwrap()
    );
    assert_eq!(server.get(&path, "").await.0, 404);
    let path = format!("{}/files/{id}/upload", public(&link));
    assert_eq!(server.get(&path, "").await.0, 200, "a part was received");
    age(&server, 25 * 60).await;
    assert_eq!(sweep(&mut server, 24).await["stale_uploads"], 1);
    assert_eq!(server.get(&path, "").await.0, 404);
    assert_eq!(
        server.report(&key, &own).await.0,
        422,
        "the owner's own upload stays"
    );
    assert_eq!(server.used_bytes(&key).await, 500);
}

async fn objects(server: &Server) -> i64 {
    let mut connection = database(&server.data_dir).await;
    sqlx::query_scalar("SELECT COUNT(*) FROM entries")
        .fetch_one(&mut connection)
        .await
        .unwrap()
}

#[tokio::test]
async fn what_is_cancelled_leaves_no_names_and_no_directories() {
    let server = Server::start();
    let key = server.user("ada@example.com").key;
    let link = inbox(&server, &key, json!({})).await;
    let made = json!({ "path": "inbox/mine" });
    server.post("/api/v1/directories", &key, made).await;
    let before = objects(&server).await;
    for path in [
        "a.bin",
        "a.bin",
        "deep/er/b.bin",
        "deep/c.bin",
        "mine/d.bin",
    ] {
        assert_eq!(plan(&server, &link, path, 10).await.0, 201, "{path}");
    }
    assert_eq!(objects(&server).await, before + 7);
    let uploads = format!("/api/v1/shares/{}/uploads", link["id"].as_str().unwrap());
    assert_eq!(server.delete(&uploads, &key).await.1["uploads"], 5);
    // The owner's own empty directory may be deleted; all that the uploads created must be.
    assert!([before, before - 1].contains(&objects(&server).await));
    let (_, planned) = plan(&server, &link, "a.bin", 10).await;
    assert_eq!(
        planned["file"]["filename"], "a.bin",
        "its name is free again"
    );
    let id = planned["file"]["id"].as_str().unwrap();
    let path = format!("{}/files/{id}/upload", public(&link));
    assert_eq!(server.delete(&path, "").await.0, 204);
    let deep = vec!["d"; 33].join("/");
    assert_eq!(plan(&server, &link, &deep, 10).await.0, 400);
    assert_agreement(&server).await;
}

#[tokio::test]
async fn many_files_of_one_name_come_in() {
    let server = Server::start();
    let key = server.user("ada@example.com").key;
    let link = inbox(&server, &key, json!({})).await;
    // As curl sends them: no client reports the end.
    for number in 0..80 {
        let url = server.url(&format!("/s/{}/same.bin", link["token"].as_str().unwrap()));
        let body = format!("file {number}");
        let put = server
            .http
            .put(&url)
            .body(body.clone())
            .send()
            .await
            .unwrap();
        assert_eq!(put.status(), 307, "{number}");
        let url = put.headers()["location"].to_str().unwrap();
        let put = server.http.put(url).body(body).send().await.unwrap();
        assert_eq!(put.status(), 200, "{number}");
    }
    let files = server.get("/api/v1/files?limit=1", &key).await.1;
    assert_eq!(files["total"], 80);
}

#[tokio::test]
async fn a_link_that_is_revoked_or_over_takes_no_more_bytes() {
    let server = Server::start();
    let key = server.user("ada@example.com").key;
    let link = inbox(&server, &key, json!({})).await;
    let path = format!("{}/shares", public(&link));
    let body = json!({ "permissions": { "can_upload": true } });
    let child = server.post(&path, "", body).await.1;
    let mut planned = Vec::new();
    for (link, name) in [(&link, "own.bin"), (&child, "child.bin")] {
        planned.push(plan(&server, link, name, 5).await.1);
    }
    let id = link["id"].as_str().unwrap();
    let revoked = server.delete(&format!("/api/v1/shares/{id}"), &key).await;
    assert_eq!(revoked.0, 204);
    assert_eq!(server.used_bytes(&key).await, 0, "nothing is reserved");
    assert_eq!(plan(&server, &child, "more.bin", 5).await.0, 410);
    if has_embedded_store() {
        for planned in &planned {
            let put = signed(&server.http, &planned["upload"]).body("hello");
            assert_eq!(put.send().await.unwrap().status(), 404);
        }
        let link = inbox(&server, &key, json!({})).await;
        let (_, planned) = plan(&server, &link, "late.bin", 5).await;
        sql(
            &server.data_dir,
            "UPDATE shares SET expires_at = 1".to_owned(),
        )
        .await;
        let put = signed(&server.http, &planned["upload"]).body("hello");
        assert_eq!(put.send().await.unwrap().status(), 404);
    }
    assert_eq!(server.get("/api/v1/files", &key).await.1["total"], 0);
}
