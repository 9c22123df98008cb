//! Earlier versions of files.

use serde_json::{Value, json};

use crate::{
    agree::assert_agreement,
    server::{Server, code, noise},
};

async fn numbers(server: &Server, key: &str, id: &str) -> Vec<u64> {
    let path = format!("/api/v1/files/{id}/versions?limit=100");
    let (status, page) = server.get(&path, key).await;
    assert_eq!(status, 200, "{page}");
    let items = page["items"].as_array().unwrap();
    assert_eq!(page["total"], items.len());
    items
        .iter()
        .map(|version| version["version"].as_u64().unwrap())
        .collect()
}

fn id(file: &Value) -> &str {
    file["id"].as_str().unwrap()
}

#[tokio::test]
async fn the_ten_newest_versions_are_kept_and_each_can_be_had() {
    let server = Server::start();
    let key = server.user("ada@example.com").key;
    let mut file = Value::Null;
    for number in 1..=13 {
        file = server.upload(&key, "a.txt", &noise(number, 100)).await;
    }
    let kept: Vec<u64> = (4..=13).rev().collect();
    assert_eq!(numbers(&server, &key, id(&file)).await, kept);
    assert_eq!(server.used_bytes(&key).await, 1000);
    let link = file["url"].as_str().unwrap();
    for number in kept {
        let (_, found) = server
            .download(&format!("{link}?version={number}"), &key)
            .await;
        assert_eq!(found, noise(number, 100));
    }
    let again = server.upload(&key, "a.txt", &noise(13, 100)).await;
    assert_eq!(again["version"], 14);
    let same_bytes: Vec<u64> = (4..=14).rev().filter(|number| *number != 13).collect();
    assert_eq!(numbers(&server, &key, id(&file)).await, same_bytes);
    for (query, key) in [("3", key.as_str()), ("12", ""), ("x", &key)] {
        let (status, _) = server
            .download(&format!("{link}?version={query}"), key)
            .await;
        assert_eq!(status, 404, "version {query}");
    }
    assert_agreement(&server).await;
}

#[tokio::test]
async fn a_restored_version_is_the_newest_and_nothing_is_lost() {
    let server = Server::start();
    let key = server.user("ada@example.com").key;
    let old = noise(1, 9 << 20);
    let file = server.upload(&key, "a.bin", &old).await;
    server.upload(&key, "a.bin", b"a mistake").await;
    let restore = |number: u64| format!("/api/v1/files/{}/versions/{number}/restore", id(&file));
    let (status, restored) = server.post(&restore(1), &key, Value::Null).await;
    assert_eq!(status, 200, "{restored}");
    assert_eq!(
        (&restored["id"], &restored["version"], &restored["url"]),
        (&file["id"], &json!(3), &file["url"])
    );
    assert_eq!(restored["sha256"], file["sha256"]);
    let link = file["url"].as_str().unwrap();
    assert!(server.download(link, "").await.1 == old);
    assert_eq!(numbers(&server, &key, id(&file)).await, [3, 2, 1]);
    let (status, again) = server.post(&restore(3), &key, Value::Null).await;
    assert_eq!((status.as_u16(), &again["version"]), (200, &json!(3)));
    let (status, error) = server.post(&restore(9), &key, Value::Null).await;
    assert_eq!((status.as_u16(), code(&error)), (404, "NOT_FOUND"));
    assert_agreement(&server).await;
}

#[tokio::test]
async fn no_versions_are_kept_where_none_are_wanted() {
    let server = Server::start_with(&["--versions-kept", "0"]);
    let key = server.user("ada@example.com").key;
    server.upload(&key, "a.txt", b"one").await;
    let file = server.upload(&key, "a.txt", b"three").await;
    assert_eq!(numbers(&server, &key, id(&file)).await, [2]);
    assert_eq!(server.used_bytes(&key).await, 5);
    let plans = (
        server.plan(&key, "a.txt", 4).await,
        server.plan(&key, "a.txt", 6).await,
    );
    server.send_bytes(&key, &plans.0, b"late").await;
    server.send_bytes(&key, &plans.1, b"newest").await;
    assert_eq!(server.report(&key, &plans.1).await.0, 200);
    let (status, error) = server.report(&key, &plans.0).await;
    assert_eq!((status.as_u16(), code(&error)), (409, "CONFLICT"));
    assert_agreement(&server).await;
}

#[tokio::test]
async fn a_quota_counts_versions() {
    let server = Server::start();
    let flags = ["--verified", "--default-quota", "1000"];
    let key = server.user_with("ada@example.com", "all", &flags).key;
    let file = server.upload(&key, "a.bin", &noise(1, 400)).await;
    server.upload(&key, "a.bin", &noise(2, 400)).await;
    let body = json!({ "path": "a.bin", "size_bytes": 400 });
    let (status, error) = server.post("/api/v1/files", &key, body).await;
    assert_eq!((status.as_u16(), code(&error)), (507, "QUOTA_EXCEEDED"));
    let path = format!("/api/v1/files/{}/versions/1/restore", id(&file));
    let (status, error) = server.post(&path, &key, Value::Null).await;
    assert_eq!((status.as_u16(), code(&error)), (507, "QUOTA_EXCEEDED"));
    assert_agreement(&server).await;
}
