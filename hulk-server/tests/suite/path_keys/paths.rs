//! Paths that lead out, and lists that would tell of what is outside.

use serde_json::{Value, json};

use super::{bound_key, directory, id, private, start};
use crate::server::{Server, code, sha256};

#[tokio::test]
async fn no_spelling_of_a_path_leads_out() {
    let (server, ada, bound) = start().await;
    server.upload(&ada.key, "data2/a.txt", b"x").await;
    for (path, expected) in [
        ("other/x", 403),
        ("/other/x", 403),
        ("x", 403),
        ("data2/a.txt", 403),
        ("data2/x", 403),
        ("data.txt", 403),
        ("DATA/x", 403),
        ("data /x", 403),
        ("other/data/x", 403),
        ("data\u{200f}/x", 403),
        ("data/../other/x", 400),
        ("data/./x", 400),
        ("../data/x", 400),
        ("data//x", 400),
        ("data/\u{202e}x", 400),
        ("data/x", 201),
        ("/data/y", 201),
        ("data/data2/x", 201),
        ("data/..x", 201),
    ] {
        let body = json!({ "path": path, "size_bytes": 1 });
        let (status, answer) = server.post("/api/v1/files", &bound, body.clone()).await;
        assert_eq!(status, expected, "{path:?}: {answer}");
        let batch = json!({ "items": [body] });
        let (status, answer) = server.post("/api/v1/files/batch", &bound, batch).await;
        // What is no path refuses the batch as a whole.
        if status == 200 {
            let is_refused = answer["items"][0]["error"].is_object();
            assert_eq!(is_refused, expected != 201, "{path:?}: {answer}");
        }
        if expected == 403 {
            let body = json!({ "path": path });
            let (status, answer) = server.post("/api/v1/directories", &bound, body).await;
            assert_eq!(status, expected, "{path:?}: {answer}");
        }
    }
    // The directory itself exists: a client learns that it is one.
    let body = json!({ "path": "data", "size_bytes": 1 });
    let (status, answer) = server.post("/api/v1/files", &bound, body).await;
    assert_eq!((status.as_u16(), code(&answer)), (409, "DIRECTORY_EXISTS"));
    let body = json!({ "path": "data", "default_permissions": "public" });
    let (status, answer) = server.post("/api/v1/directories", &bound, body).await;
    assert_eq!((status.as_u16(), code(&answer)), (409, "DIRECTORY_EXISTS"));
    let (_, top) = server.get("/api/v1/directories", &ada.key).await;
    assert_eq!(top["total"], 2, "only data and data2: {top}");
}

#[tokio::test]
async fn one_path_in_two_unicode_forms_is_one_path() {
    let server = Server::start();
    let ada = server.user("ada@example.com");
    let (composed, decomposed) = ("caf\u{e9}", "cafe\u{301}");
    let bound = bound_key(&server, &ada.key, "all", decomposed).await;
    for form in [composed, decomposed] {
        let file = server.upload(&bound, &format!("{form}/a.txt"), b"x").await;
        assert_eq!(file["path"], format!("{composed}/a.txt"));
    }
    let body = json!({ "path": "cafe/a.txt", "size_bytes": 1 });
    assert_eq!(server.post("/api/v1/files", &bound, body).await.0, 403);
}

#[tokio::test]
async fn refusals_do_not_tell_what_exists_outside() {
    let (server, ada, bound) = start().await;
    server.upload(&ada.key, "other/file", b"x").await;
    let inside = server.upload(&ada.key, "data/in.txt", b"x").await;
    let refusal = async |path: &str| {
        let body = json!({ "path": path, "size_bytes": 1, "if_exists": "fail" });
        server.post("/api/v1/files", &bound, body).await
    };
    let nothing = refusal("nothing/here").await;
    assert_eq!(nothing.0, 403);
    for path in ["other/file", "other/file/below", "other"] {
        assert_eq!(refusal(path).await, nothing, "{path}");
    }
    let moving = async |path: &str| {
        let body = json!({ "items": [{ "id": id(&inside), "path": path }] });
        server.post("/api/v1/moves", &bound, body).await
    };
    let nothing = moving("nothing/here").await;
    assert_eq!(nothing.0, 403);
    for path in ["other/file", "other/file/below", "other"] {
        assert_eq!(moving(path).await, nothing, "{path}");
    }
}

#[tokio::test]
async fn lists_searches_and_totals_have_only_what_is_within() {
    let (server, ada, bound) = start().await;
    for number in 0..3 {
        let path = format!("data/sub{number}/secret.txt");
        server.upload(&ada.key, &path, path.as_bytes()).await;
        let path = format!("other/secret{number}.txt");
        server.upload(&ada.key, &path, path.as_bytes()).await;
    }
    let top = server.upload(&ada.key, "secret.txt", b"top").await;
    let other = directory(&server, &ada.key, "other").await;
    let data = directory(&server, &ada.key, "data").await;
    let digest = sha256(b"top");
    for (query, total) in [
        ("/api/v1/files?", 3),
        ("/api/v1/files?filter~status=validated", 3),
        ("/api/v1/files?filter~path=other/secret1.txt", 0),
        ("/api/v1/files?filter~path=data/sub1/secret.txt", 1),
        ("/api/v1/files?filter~filename=secret.txt", 3),
        (&format!("/api/v1/files?filter~sha256={digest}"), 0),
        (
            &format!("/api/v1/files?filter~directory_id={}", id(&other)),
            0,
        ),
        ("/api/v1/files/search?q=secret", 3),
        ("/api/v1/files/search?q=secret1", 0),
        ("/api/v1/directories?", 1),
        ("/api/v1/directories?filter~path=other", 0),
        ("/api/v1/directories?filter~path=data", 1),
        (
            &format!("/api/v1/directories?filter~parent_id={}", id(&other)),
            0,
        ),
        (
            &format!("/api/v1/directories?filter~parent_id={}", id(&data)),
            3,
        ),
    ] {
        for limit in [1, 100] {
            let path = match query.contains('?') {
                true => format!("{query}&limit={limit}"),
                false => format!("{query}?limit={limit}"),
            };
            let (status, page) = server.get(&path, &bound).await;
            assert_eq!(status, 200, "{path}: {page}");
            assert_eq!(page["total"], total, "{path}: {page}");
            for item in page["items"].as_array().unwrap() {
                let shown = item["path"].as_str().unwrap();
                assert!(
                    shown == "data" || shown.starts_with("data/"),
                    "{path}: {shown}"
                );
            }
        }
    }
    let root = top["directory_id"].as_str().unwrap();
    let below = format!("/api/v1/directories?filter~parent_id={root}");
    assert_eq!(server.get(&below, &bound).await.1["total"], 0);
    let (_, page) = server.get("/api/v1/directories", &bound).await;
    assert_eq!(page["items"][0]["path"], "data");
    assert_eq!(page["items"][0]["parent_id"], Value::Null, "{page}");
    let (_, listing) = server.get(&format!("/b/{}", id(&data)), &bound).await;
    assert_eq!(listing["directory"]["parent_id"], Value::Null, "{listing}");
    assert!(!listing.to_string().contains(root), "{listing}");
    // The place in another list is none in this one.
    let (_, page) = server.get("/api/v1/files?limit=1", &ada.key).await;
    let cursor = page["next_cursor"].as_str().unwrap();
    let next = format!("/api/v1/files?limit=100&cursor={cursor}");
    let (_, page) = server.get(&next, &bound).await;
    for file in page["items"].as_array().unwrap() {
        assert!(
            file["path"].as_str().unwrap().starts_with("data/"),
            "{file}"
        );
    }
}

#[tokio::test]
async fn each_item_of_a_batch_succeeds_or_fails_alone() {
    let (server, ada, bound) = start().await;
    let inside = private(&server, &ada.key, "data/in.txt", b"in").await;
    let outside = private(&server, &ada.key, "other/out.txt", b"out").await;
    let body = json!({ "items": [
        { "path": "data/a", "size_bytes": 1 }, { "path": "other/b", "size_bytes": 1 },
        { "path": "data/c", "size_bytes": 1 } ] });
    let (_, planned) = server.post("/api/v1/files/batch", &bound, body).await;
    assert_eq!(code(&planned["items"][1]), "FORBIDDEN", "{planned}");
    for item in [0, 2] {
        assert!(
            planned["items"][item]["file"]["id"].is_string(),
            "{planned}"
        );
    }
    let body = json!({ "items": [
        { "id": id(&outside), "status": "uploaded" }, { "id": id(&inside), "status": "uploaded" } ] });
    let (_, reported) = server.put("/api/v1/files/batch/status", &bound, body).await;
    assert_eq!(code(&reported["items"][0]), "NOT_FOUND", "{reported}");
    assert_eq!(reported["items"][1]["path"], "data/in.txt", "{reported}");
    let body = json!({ "items": [
        { "path": "data", "default_permissions": "public", "is_listed": true },
        { "path": "other/d" }, { "path": "data/d" } ] });
    let (_, made) = server.post("/api/v1/directories/batch", &bound, body).await;
    assert_eq!(code(&made["items"][0]), "DIRECTORY_EXISTS", "{made}");
    assert_eq!(code(&made["items"][1]), "FORBIDDEN", "{made}");
    assert_eq!(made["items"][2]["path"], "data/d", "{made}");
    let data = directory(&server, &ada.key, "data").await;
    assert_eq!(data["default_permissions"], "inherit");
}
