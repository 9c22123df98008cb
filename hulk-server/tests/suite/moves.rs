//! Moving files and directories; links stay valid.

use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    agree::assert_agreement,
    server::{Server, code, database, sql},
};

async fn directory(server: &Server, key: &str, path: &str) -> String {
    let path = format!("/api/v1/directories?filter~path={path}");
    let found = server.get(&path, key).await.1;
    found["items"][0]["id"].as_str().unwrap().to_owned()
}

async fn moves(server: &Server, key: &str, items: Value) -> (u16, Value) {
    let body = json!({ "items": items });
    let (status, moved) = server.post("/api/v1/moves", key, body).await;
    (status.as_u16(), moved)
}

async fn paths(server: &Server, key: &str) -> Vec<String> {
    let (_, page) = server.get("/api/v1/files?limit=1000", key).await;
    let items = page["items"].as_array().unwrap().iter();
    let mut paths: Vec<String> = items
        .map(|file| file["path"].as_str().unwrap().to_owned())
        .collect();
    paths.sort();
    paths
}

#[tokio::test]
async fn a_directory_moves_with_all_that_is_in_it() {
    let server = Server::start();
    let ada = server.user("ada@example.com");
    let key = &ada.key;
    let file = server.upload(key, "a/b/c.txt", b"hello").await;
    let id = directory(&server, key, "a").await;
    let path = format!("/api/v1/directories/{id}");
    let (status, moved) = server.put(&path, key, json!({ "path": "x/y" })).await;
    assert_eq!((status.as_u16(), &moved["path"]), (200, &json!("x/y")));
    assert_eq!(paths(&server, key).await, ["x/y/b/c.txt"]);
    let link = file["url"].as_str().unwrap();
    assert_eq!(server.download(link, "").await.1, b"hello");
    for (path, status) in [("x/y/b/c.txt", 302), ("a/b/c.txt", 404)] {
        let path = format!("/d/~{}/{path}", ada.user_id);
        let answer = server.send(Method::GET, &path, "", None).await;
        assert_eq!(answer.status(), status);
    }
    assert_agreement(&server).await;
}

#[tokio::test]
async fn all_move_or_none_and_all_that_is_in_the_way_is_said() {
    let server = Server::start();
    let key = server.user("ada@example.com").key;
    let (a, b) = (
        server.upload(&key, "a.txt", b"a").await,
        server.upload(&key, "b.txt", b"b").await,
    );
    server.upload(&key, "to/a.txt", b"other").await;
    server.upload(&key, "to/b.txt/c", b"other").await;
    let to = |file: &Value, path: &str| json!({ "id": file["id"], "path": path });
    let items = json!([to(&a, "to/a.txt"), to(&b, "to/b.txt"), to(&a, "free.txt")]);
    let before = paths(&server, &key).await;
    let (status, error) = moves(&server, &key, items).await;
    assert_eq!((status, code(&error)), (409, "FILE_EXISTS"), "{error}");
    let details = error["error"]["details"].as_array().unwrap();
    assert_eq!(
        (details.len(), &details[1]["field"]),
        (2, &json!("to/b.txt"))
    );
    assert_eq!(paths(&server, &key).await, before);
    let items = json!([to(&a, "new/1.txt"), to(&b, "new/2.md")]);
    let (status, moved) = moves(&server, &key, items).await;
    assert_eq!(
        (status, &moved["items"][1]["path"]),
        (200, &json!("new/2.md"))
    );
    // Within one request, a file can take the path that another one leaves.
    let items = json!([to(&a, "new/3.txt"), to(&b, "new/1.txt")]);
    assert_eq!(moves(&server, &key, items).await.0, 200);
    assert_agreement(&server).await;
}

#[tokio::test]
async fn no_directory_moves_into_itself_nor_too_deep() {
    let server = Server::start();
    let key = server.user("ada@example.com").key;
    server.upload(&key, "a/b/c.txt", b"hello").await;
    let id = directory(&server, &key, "a").await;
    let path = format!("/api/v1/directories/{id}");
    for into in ["a/b/a", "a/a", "a/b/c.txt/a"] {
        let (status, error) = server.put(&path, &key, json!({ "path": into })).await;
        assert_eq!(status, 409, "{into}: {error}");
    }
    // Moving a directory to its own path changes nothing.
    let same = server.put(&path, &key, json!({ "path": "a" })).await;
    assert_eq!(same.0, 200);
    let deep = vec!["x".repeat(250); 4].join("/");
    server.upload(&key, &format!("{deep}/f"), b"deep").await;
    let (status, error) = server
        .put(
            &path,
            &key,
            json!({ "path": format!("{deep}/{}", "y".repeat(16)) }),
        )
        .await;
    assert_eq!((status.as_u16(), code(&error)), (400, "VALIDATION_ERROR"));
    assert_eq!(paths(&server, &key).await.len(), 2);
}

/// Links to the file: its own, and with the token of a share of its directory that only grants downloads,
/// only grants uploads, has expired, or was revoked.
async fn links(server: &Server, key: &str, file: &Value) -> Vec<String> {
    let link = format!("/d/{}", file["id"].as_str().unwrap());
    let mut links = vec![link.clone()];
    for (index, grants) in [
        json!({ "can_download": true }),
        json!({ "can_upload": true }),
        json!({ "can_download": true }),
        json!({ "can_download": true }),
    ]
    .into_iter()
    .enumerate()
    {
        let body = json!({ "path": "a", "permissions": grants });
        let share = server.post("/api/v1/shares", key, body).await.1;
        let id = share["id"].as_str().unwrap();
        let end = format!("UPDATE shares SET expires_at = 1 WHERE id = '{id}'");
        match index {
            2 => sql(&server.data_dir, end).await,
            3 => {
                let path = format!("/api/v1/shares/{id}");
                assert_eq!(server.delete(&path, key).await.0, 204);
            }
            _ => {}
        }
        links.push(format!("{link}?token={}", share["token"].as_str().unwrap()));
    }
    links
}

#[tokio::test]
async fn defaults_are_inherited_from_the_nearest_directory() {
    let server = Server::start();
    let key = server.user("ada@example.com").key;
    let stranger = server.user("bob@example.com").key;
    let (read, upload, write) = (
        server.key("ada@example.com", "read"),
        server.key("ada@example.com", "upload"),
        server.key("ada@example.com", "write"),
    );
    let file = server.upload(&key, "a/b/c.txt", b"hello").await;
    let (a, b) = (
        directory(&server, &key, "a").await,
        directory(&server, &key, "a/b").await,
    );
    let links = links(&server, &key, &file).await;
    let file_path = format!("/api/v1/files/{}", file["id"].as_str().unwrap());
    // Permissions of a, b and the file, below a public root; whether anyone may download the file.
    for (a_says, b_says, file_says, is_public) in [
        ("inherit", "inherit", "inherit", true),
        ("private", "inherit", "inherit", false),
        ("private", "public", "inherit", true),
        ("public", "private", "inherit", false),
        ("private", "private", "public", true),
        ("public", "public", "private", false),
        ("inherit", "private", "inherit", false),
    ] {
        for (id, says) in [(&a, a_says), (&b, b_says)] {
            let path = format!("/api/v1/directories/{id}");
            let change = json!({ "default_permissions": says });
            assert_eq!(server.put(&path, &key, change).await.0, 200);
        }
        let change = json!({ "permissions": file_says });
        assert_eq!(server.put(&file_path, &key, change).await.0, 200);
        let others = if is_public { 302 } else { 404 };
        // A token grants the same to whoever sends it.
        for (who, caller, own) in [
            ("nobody", "", others),
            ("a stranger", &stranger, others),
            ("a read key", &read, 302),
            ("an upload key", &upload, others),
            ("a write key", &write, 302),
            ("the owner", &key, 302),
        ] {
            for (link, expected) in links.iter().zip([own, 302, 403, 410, 410]) {
                let found = server.send(Method::GET, link, caller, None).await.status();
                let case = format!("{a_says} {b_says} {file_says}: {who} at {link}");
                assert_eq!(found, expected, "{case}");
            }
        }
    }
    let path = format!("/api/v1/directories/{a}");
    let change = json!({ "default_expiration_policy": "7d" });
    assert_eq!(server.put(&path, &key, change).await.0, 200);
    let new = server.upload(&key, "a/b/new.txt", b"new").await;
    assert_eq!(new["expiration_policy"], "7d");
}

#[tokio::test]
async fn moves_puts_and_deletes_at_once_leave_a_tree() {
    let server = Server::start();
    let ada = server.user("ada@example.com");
    let key = &ada.key;
    for name in ["a", "b", "c", "d"] {
        server
            .upload(key, &format!("{name}/{name}.txt"), name.as_bytes())
            .await;
    }
    let mut ids = Vec::new();
    for name in ["a", "b", "c", "d"] {
        ids.push(directory(&server, key, name).await);
    }
    let workers = (0..8_usize).map(|worker| {
        let (server, ids) = (&server, &ids);
        async move {
            let mut random = fastrand::Rng::with_seed(worker as u64);
            for round in 0..12 {
                let name = ["a", "b", "c", "d"][random.usize(..4)];
                let below = ["", "a/", "b/", "c/", "d/", "a/b/"][random.usize(..6)];
                let id = &ids[random.usize(..4)];
                let (status, body) = match random.usize(..4) {
                    0 | 1 => {
                        let path = json!({ "path": format!("{below}{name}") });
                        server
                            .put(&format!("/api/v1/directories/{id}"), key, path)
                            .await
                    }
                    2 => {
                        let path = format!("{below}{worker}-{round}.txt");
                        let plan = json!({ "path": path, "size_bytes": 1 });
                        server.post("/api/v1/files", key, plan).await
                    }
                    _ => {
                        let thrown = server
                            .delete(&format!("/api/v1/directories/{id}"), key)
                            .await;
                        let back = format!("/api/v1/trash/{id}/restore");
                        server.post(&back, key, Value::Null).await;
                        thrown
                    }
                };
                assert!(!status.is_server_error(), "{status} {body}");
            }
        }
    });
    futures_util::future::join_all(workers).await;
    assert_is_tree(&server).await;
    assert_agreement(&server).await;
}

/// Asserts that every entry leads to a root or to an item in the trash, and that no name exists twice.
pub(crate) async fn assert_is_tree(server: &Server) {
    let mut database = database(&server.data_dir).await;
    let rows: Vec<(String, String, String, Option<String>)> =
        sqlx::query_as("SELECT id, parent_id, name, trash_id FROM entries")
            .fetch_all(&mut database)
            .await
            .unwrap();
    let parents: std::collections::HashMap<&str, &str> = rows
        .iter()
        .map(|(id, parent, _, _)| (id.as_str(), parent.as_str()))
        .collect();
    let mut names = std::collections::HashSet::new();
    for (id, parent, name, trash_id) in &rows {
        assert!(
            names.insert((parent, name)),
            "{parent}/{name} exists more than once"
        );
        let (mut at, mut steps) = (id.as_str(), 0);
        while let Some(above) = parents.get(at) {
            at = above;
            steps += 1;
            assert!(steps < 1000, "{id} is in a cycle");
        }
        let expected = match trash_id {
            None => String::new(),
            Some(top) => format!("trash/{top}"),
        };
        assert_eq!(at, expected, "{id} is an orphan");
    }
}
