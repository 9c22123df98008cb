//! Lists: orders, filters, pages.

use serde_json::Value;

use crate::server::Server;

async fn names(server: &Server, key: &str, query: &str) -> Vec<String> {
    let (status, page) = server.get(&format!("/api/v1/files?{query}"), key).await;
    assert_eq!(status, 200, "{page}");
    page["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|f| f["filename"].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn orders_and_filters() {
    let server = Server::start();
    let key = server.user("ada@example.com").key;
    for (path, size) in [("b.txt", 3), ("a.txt", 1), ("B.txt", 2), ("d/c.bin", 9)] {
        server.upload(&key, path, &vec![b'x'; size]).await;
    }
    assert_eq!(
        names(&server, &key, "").await,
        ["c.bin", "B.txt", "a.txt", "b.txt"]
    );
    assert_eq!(
        names(&server, &key, "order_by=created_at").await,
        ["b.txt", "a.txt", "B.txt", "c.bin"]
    );
    assert_eq!(
        names(&server, &key, "order_by=filename+asc").await,
        ["B.txt", "a.txt", "b.txt", "c.bin"]
    );
    assert_eq!(
        names(&server, &key, "order_by=size_bytes+desc").await,
        ["c.bin", "b.txt", "B.txt", "a.txt"]
    );
    assert_eq!(
        names(
            &server,
            &key,
            "filter~mime_type=text/plain&order_by=filename"
        )
        .await,
        ["B.txt", "a.txt", "b.txt"]
    );
    assert_eq!(names(&server, &key, "filter~path=d/c.bin").await, ["c.bin"]);
    assert_eq!(names(&server, &key, "filter~path=d/none").await, [""; 0]);
    let (_, directories) = server.get("/api/v1/directories", &key).await;
    assert_eq!(directories["items"][0]["path"], "d");
    let id = directories["items"][0]["id"].as_str().unwrap();
    assert_eq!(
        names(&server, &key, &format!("filter~directory_id={id}")).await,
        ["c.bin"]
    );
    assert_eq!(
        server
            .get(&format!("/api/v1/directories/{id}"), &key)
            .await
            .1["path"],
        "d"
    );
}

#[tokio::test]
async fn cursors_walk_every_order_without_gap_or_repeat() {
    let server = Server::start();
    let key = server.user("ada@example.com").key;
    for n in 0..12 {
        server
            .upload(&key, &format!("{:02}.txt", n % 12), &vec![b'x'; n / 3])
            .await;
    }
    for order in [
        "created_at+desc",
        "created_at+asc",
        "filename+desc",
        "size_bytes+asc",
        "size_bytes+desc",
        "updated_at+asc",
    ] {
        let all = names(&server, &key, &format!("limit=100&order_by={order}")).await;
        let (mut paged, mut cursor) = (Vec::new(), String::new());
        loop {
            let (_, page) = server
                .get(
                    &format!("/api/v1/files?limit=5&order_by={order}{cursor}"),
                    &key,
                )
                .await;
            assert_eq!(page["total"], 12);
            paged.extend(
                page["items"]
                    .as_array()
                    .unwrap()
                    .iter()
                    .map(|f| f["filename"].as_str().unwrap().to_owned()),
            );
            match &page["next_cursor"] {
                Value::String(next) => cursor = format!("&cursor={next}"),
                _ => break,
            }
        }
        assert_eq!(paged, all, "{order}");
    }
    let (_, page) = server
        .get("/api/v1/files?limit=5&order_by=filename", &key)
        .await;
    let cursor = page["next_cursor"].as_str().unwrap();
    let (status, _) = server
        .get(
            &format!("/api/v1/files?order_by=created_at&cursor={cursor}"),
            &key,
        )
        .await;
    assert_eq!(status, 400, "a cursor is valid for its own order only");
}
