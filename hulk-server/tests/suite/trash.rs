//! Deleting to the trash, and restoring from it.

use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    agree::assert_agreement,
    server::{Server, code, has_embedded_store, noise, run, sql, text},
};

async fn trash(server: &Server, key: &str) -> Vec<Value> {
    let (status, page) = server.get("/api/v1/trash?limit=1000", key).await;
    assert_eq!(status, 200, "{page}");
    let items = page["items"].as_array().unwrap().clone();
    assert_eq!(page["total"], items.len());
    items
}

async fn restore(server: &Server, key: &str, id: &str) -> (u16, Value) {
    let path = format!("/api/v1/trash/{id}/restore");
    let (status, restored) = server.post(&path, key, Value::Null).await;
    (status.as_u16(), restored)
}

async fn total(server: &Server, key: &str) -> u64 {
    server.get("/api/v1/files", key).await.1["total"]
        .as_u64()
        .unwrap()
}

#[tokio::test]
async fn a_file_goes_to_the_trash_and_comes_back_with_its_link_and_versions() {
    let server = Server::start();
    let key = server.user("ada@example.com").key;
    server.upload(&key, "d/a.txt", b"old").await;
    let file = server.upload(&key, "d/a.txt", b"newer").await;
    let (id, link) = (file["id"].as_str().unwrap(), file["url"].as_str().unwrap());
    let path = format!("/api/v1/files/{id}");
    let deleted = server.send(Method::DELETE, &path, &key, None).await;
    assert_eq!(deleted.status(), 204);
    let until = deleted.headers()["x-trashed-until"].to_str().unwrap();
    assert_eq!(server.download(link, &key).await.0, 404);
    assert_eq!(
        server.get(&format!("/api/v1/files/{id}"), &key).await.0,
        404
    );
    assert_eq!(total(&server, &key).await, 0);
    assert_eq!(server.used_bytes(&key).await, 8, "it still counts");
    let items = trash(&server, &key).await;
    assert_eq!(
        (
            &items[0]["path"],
            &items[0]["kind"],
            &items[0]["size_bytes"]
        ),
        (&json!("d/a.txt"), &json!("file"), &json!(8))
    );
    let day = |time: &str| time[..10].to_owned();
    assert_eq!(day(until), day(items[0]["expires_at"].as_str().unwrap()));
    let (status, restored) = restore(&server, &key, id).await;
    assert_eq!(
        (status, &restored["path"], &restored["renamed"]),
        (200, &json!("d/a.txt"), &json!(false))
    );
    assert_eq!(server.download(link, "").await.1, b"newer");
    let old = format!("{link}?version=1");
    assert_eq!(server.download(&old, &key).await.1, b"old");
    assert_eq!(total(&server, &key).await, 1);
    assert_eq!(restore(&server, &key, id).await.0, 404);
    assert_agreement(&server).await;
}

#[tokio::test]
async fn a_directory_goes_whole_and_comes_back_under_a_free_name() {
    let server = Server::start();
    let key = server.user("ada@example.com").key;
    let file = server.upload(&key, "d/e/a.txt", b"a").await;
    server.upload(&key, "d/b.txt", b"b").await;
    let first = server.upload(&key, "d/first.txt", b"f").await;
    let directory = server
        .get("/api/v1/directories?filter~path=d", &key)
        .await
        .1;
    let id = directory["items"][0]["id"].as_str().unwrap();
    let path = format!("/api/v1/directories/{id}");
    // A file that was deleted before its directory stays a separate item.
    let first = first["id"].as_str().unwrap();
    server.delete(&format!("/api/v1/files/{first}"), &key).await;
    let (status, error) = server
        .delete(&format!("{path}?recursive=false"), &key)
        .await;
    assert_eq!(
        (status.as_u16(), code(&error)),
        (409, "DIRECTORY_NOT_EMPTY")
    );
    // An upload in progress in the directory is cancelled.
    let unfinished = server.plan(&key, "d/unfinished.bin", 1000).await;
    assert_eq!(server.delete(&path, &key).await.0, 204);
    let late = server.send_bytes(&key, &unfinished, &[0; 1000]).await;
    // An external store cannot check whether the upload is still open.
    let expected = if has_embedded_store() { 404 } else { 200 };
    assert_eq!(late.status(), expected);
    assert_eq!(server.report(&key, &unfinished).await.0, 404);
    assert_eq!(total(&server, &key).await, 0);
    assert_eq!(server.get(&path, &key).await.0, 404);
    assert_eq!(trash(&server, &key).await.len(), 2);
    server.upload(&key, "d", b"in its place").await;
    let (status, restored) = restore(&server, &key, id).await;
    assert_eq!(
        (status, &restored["path"], &restored["renamed"]),
        (200, &json!("d (2)"), &json!(true)),
        "{restored}"
    );
    let link = file["url"].as_str().unwrap();
    assert_eq!(server.download(link, "").await.1, b"a");
    let shown = format!("/api/v1/files/{}", file["id"].as_str().unwrap());
    assert_eq!(server.get(&shown, &key).await.1["path"], "d (2)/e/a.txt");
    // A file now has the path of its directory.
    let (status, error) = restore(&server, &key, first).await;
    assert_eq!((status, code(&error)), (409, "FILE_EXISTS"));
    let elsewhere = json!({ "path": "found/first.txt" });
    let path = format!("/api/v1/trash/{first}/restore");
    let (status, restored) = server.post(&path, &key, elsewhere).await;
    assert_eq!(
        (status.as_u16(), &restored["path"]),
        (200, &json!("found/first.txt"))
    );
    assert_eq!(total(&server, &key).await, 4);
    assert_agreement(&server).await;
}

#[tokio::test]
async fn what_is_purged_gives_its_space_back_and_the_error_says_when_that_helps() {
    let server = Server::start();
    let flags = ["--verified", "--default-quota", "3000"];
    let key = server.user_with("ada@example.com", "all", &flags).key;
    for number in 0..3 {
        server
            .upload(&key, &format!("d/{number}.bin"), &noise(number, 1000))
            .await;
    }
    let files = server.get("/api/v1/files", &key).await.1;
    let ids: Vec<&str> = (0..3)
        .map(|n| files["items"][n]["id"].as_str().unwrap())
        .collect();
    let body = json!({ "path": "more.bin", "size_bytes": 1000 });
    let (_, error) = server.post("/api/v1/files", &key, body.clone()).await;
    assert!(!error.to_string().contains("trash"), "{error}");
    server
        .delete(&format!("/api/v1/files/{}", ids[0]), &key)
        .await;
    let (status, error) = server.post("/api/v1/files", &key, body.clone()).await;
    assert_eq!((status.as_u16(), code(&error)), (507, "QUOTA_EXCEEDED"));
    let message = error["error"]["message"].as_str().unwrap();
    assert!(
        message.contains("emptying the trash frees 1000 bytes"),
        "{message}"
    );
    server
        .delete(&format!("/api/v1/files/{}", ids[1]), &key)
        .await;
    assert_eq!(
        server
            .delete(&format!("/api/v1/trash/{}", ids[0]), &key)
            .await
            .0,
        204
    );
    assert_eq!(server.used_bytes(&key).await, 2000);
    let (status, emptied) = server.delete("/api/v1/trash", &key).await;
    assert_eq!((status.as_u16(), &emptied["items"]), (200, &json!(1)));
    server
        .delete(&format!("/api/v1/files/{}?purge=true", ids[2]), &key)
        .await;
    assert_eq!(server.used_bytes(&key).await, 0);
    assert!(trash(&server, &key).await.is_empty());
    assert_eq!(server.post("/api/v1/files", &key, body).await.0, 201);
    assert_agreement(&server).await;
}

#[tokio::test]
async fn a_sweep_deletes_what_was_in_the_trash_for_its_time() {
    let mut server = Server::start();
    let key = server.user("ada@example.com").key;
    for path in ["d/a.txt", "d/e/b.txt", "kept.txt"] {
        server.upload(&key, path, path.as_bytes()).await;
    }
    for path in ["d", "kept.txt"] {
        let kind = if path == "d" { "directories" } else { "files" };
        let found = server
            .get(&format!("/api/v1/{kind}?filter~path={path}"), &key)
            .await
            .1;
        let id = found["items"][0]["id"].as_str().unwrap();
        server.delete(&format!("/api/v1/{kind}/{id}"), &key).await;
    }
    server.process.terminate();
    sql(
        &server.data_dir,
        "UPDATE trash SET trashed_at = 1 WHERE path = 'd'",
    )
    .await;
    let swept = text(&run(&server.data_dir, &["--json", "sweep"], ""));
    let swept: Value = serde_json::from_str(&swept).unwrap();
    assert_eq!(swept["purged_trash"], 1);
    let again = Server::start_in(&server.data_dir, &[]);
    assert_eq!(trash(&again, &key).await.len(), 1);
    assert_eq!(again.used_bytes(&key).await, 8);
    assert_agreement(&again).await;
}

#[tokio::test]
async fn without_a_trash_what_is_deleted_is_gone() {
    let server = Server::start_with(&["--trash-days", "0"]);
    let key = server.user("ada@example.com").key;
    let file = server.upload(&key, "d/a.txt", b"hello").await;
    let id = file["directory_id"].as_str().unwrap();
    assert_eq!(
        server
            .delete(&format!("/api/v1/directories/{id}"), &key)
            .await
            .0,
        204
    );
    assert!(trash(&server, &key).await.is_empty());
    assert_eq!(server.used_bytes(&key).await, 0);
    assert_agreement(&server).await;
}

#[tokio::test]
async fn the_root_stays() {
    let server = Server::start();
    let key = server.user("ada@example.com").key;
    let file = server.upload(&key, "a.txt", b"hello").await;
    let path = format!(
        "/api/v1/directories/{}",
        file["directory_id"].as_str().unwrap()
    );
    assert_eq!(server.delete(&path, &key).await.0, 400);
    let moved = json!({ "path": "elsewhere" });
    assert_eq!(server.put(&path, &key, moved).await.0, 400);
    let inherit = json!({ "default_permissions": "inherit" });
    assert_eq!(server.put(&path, &key, inherit).await.0, 400);
    // The root's permissions hide all files that do not set their own.
    let link = file["url"].as_str().unwrap();
    let private = json!({ "default_permissions": "private" });
    assert_eq!(server.put(&path, &key, private).await.0, 200);
    assert_eq!(server.download(link, "").await.0, 404);
    assert_eq!(server.download(link, &key).await.1, b"hello");
}
