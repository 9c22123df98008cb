//! Searching for files, and usage totals.

use serde_json::{Value, json};

use crate::server::{Server, code, noise, sql};

async fn found(server: &Server, key: &str, q: &str) -> Vec<String> {
    let query: String = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs([("q", q), ("order_by", "filename"), ("limit", "100")])
        .finish();
    let (status, page) = server
        .get(&format!("/api/v1/files/search?{query}"), key)
        .await;
    assert_eq!(status, 200, "{q}: {page}");
    let items = page["items"].as_array().unwrap();
    assert_eq!(page["total"], items.len(), "{q}");
    items
        .iter()
        .map(|file| file["filename"].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn by_name_tag_type_size_and_age() {
    let server = Server::start();
    let key = server.user("ada@example.com").key;
    let bob = server.user("bob@example.com").key;
    for (path, size, tags) in [
        ("Report 2025.PDF", 10, json!(["draft", "a\"b"])),
        ("d/report_2026.pdf", 2000, json!(["final"])),
        ("model.safetensors", 5000, json!(["drafts"])),
        ("ÜBER.txt", 1, json!([])),
        ("100%.csv", 3, json!(["draft"])),
    ] {
        let bytes = noise(size, size as usize);
        let file = server.upload(&key, path, &bytes).await;
        let path = format!("/api/v1/files/{}", file["id"].as_str().unwrap());
        assert_eq!(
            server.put(&path, &key, json!({ "tags": tags })).await.0,
            200
        );
    }
    for (q, expected) in [
        ("report", &["Report 2025.PDF", "report_2026.pdf"][..]),
        ("REPORT 2025", &["Report 2025.PDF"]),
        ("\"report 2025\"", &["Report 2025.PDF"]),
        ("report_2", &["report_2026.pdf"]),
        ("100%", &["100%.csv"]),
        ("über", &["ÜBER.txt"]),
        ("tag:draft", &["100%.csv", "Report 2025.PDF"]),
        ("tag:Draft", &[]),
        ("type:model", &["model.safetensors"]),
        ("type:documents size<1KB", &["Report 2025.PDF", "ÜBER.txt"]),
        ("type:text/csv", &["100%.csv"]),
        ("size>=2000 size<=2000", &["report_2026.pdf"]),
        ("age>1h", &[]),
        ("age<1h tag:final", &["report_2026.pdf"]),
    ] {
        assert_eq!(found(&server, &key, q).await, expected, "{q}");
    }
    assert_eq!(found(&server, &bob, "report").await, [""; 0]);
    for q in ["", "size>x", "\"", "type:nothing"] {
        let path = format!("/api/v1/files/search?q={q}");
        let (status, error) = server.get(&path, &key).await;
        assert_eq!((status.as_u16(), code(&error)), (400, "VALIDATION_ERROR"));
    }
    let tags = json!({ "path": "t", "size_bytes": 1, "tags": ["a,b"] });
    assert_eq!(server.post("/api/v1/files", &key, tags).await.0, 400);
}

#[tokio::test]
async fn a_search_goes_on_by_cursor() {
    let server = Server::start();
    let key = server.user("ada@example.com").key;
    for number in 0..7 {
        server.upload(&key, &format!("n{number}.txt"), b"x").await;
        server.upload(&key, &format!("o{number}.txt"), b"x").await;
    }
    let (mut names, mut cursor) = (Vec::new(), String::new());
    loop {
        let path = format!("/api/v1/files/search?q=n&limit=3&order_by=filename{cursor}");
        let page = server.get(&path, &key).await.1;
        assert_eq!(page["total"], 7);
        let items = page["items"].as_array().unwrap();
        names.extend(items.iter().map(|file| file["filename"].clone()));
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    let expected: Vec<Value> = (0..7).map(|n| json!(format!("n{n}.txt"))).collect();
    assert_eq!(names, expected);
}

#[tokio::test]
async fn usage_adds_up() {
    let server = Server::start();
    let ada = server.user("ada@example.com");
    let key = &ada.key;
    for (path, size) in [
        ("a.png", 1),
        ("b.mp4", 2),
        ("c.mp3", 4),
        ("d.onnx", 8),
        ("e.parquet", 16),
        ("f.pdf", 32),
        ("g.tar.gz", 64),
        ("h.bin", 128),
        ("h.bin", 256),
        ("thrown.bin", 512),
        ("soon.txt", 1024),
    ] {
        server.upload(key, path, &noise(size, size as usize)).await;
    }
    server.plan(key, "unfinished.bin", 2048).await;
    let id = |path: &str| format!("/api/v1/files?filter~path={path}");
    let thrown = server.get(&id("thrown.bin"), key).await.1["items"][0]["id"].clone();
    server
        .delete(&format!("/api/v1/files/{}", thrown.as_str().unwrap()), key)
        .await;
    sql(
        &server.data_dir,
        format!(
            "UPDATE versions SET expires_at = {} WHERE size_bytes = 1024",
            hulk_proto::Timestamp::now().unix_millis() + 1_000_000
        ),
    )
    .await;
    let path = format!("/api/v1/users/{}/usage", ada.user_id);
    let (status, usage) = server.get(&path, key).await;
    assert_eq!(status, 200, "{usage}");
    let expected = json!({ "total": 9, "images": 1, "videos": 1, "audios": 1, "models": 1,
        "datasets": 1, "documents": 2, "archives": 1, "other": 1 });
    assert_eq!(usage["file_counts"], expected);
    let expected = json!({ "total": 1407, "images": 1, "videos": 2, "audios": 4, "models": 8,
        "datasets": 16, "documents": 1056, "archives": 64, "other": 256 });
    assert_eq!(usage["byte_counts"], expected);
    for (name, bytes) in [
        ("version_bytes", 128),
        ("trash_bytes", 512),
        ("upload_bytes", 2048),
        ("expiring_soon", 1),
        ("used_bytes", 4095),
    ] {
        assert_eq!(usage[name], bytes, "{name}: {usage}");
    }
    // A renamed file is of the kind that its new name indicates.
    let h = server.get(&id("h.bin"), key).await.1["items"][0]["id"].clone();
    let renamed = json!({ "path": "h.gguf" });
    server
        .put(
            &format!("/api/v1/files/{}", h.as_str().unwrap()),
            key,
            renamed,
        )
        .await;
    assert_eq!(server.get(&path, key).await.1["file_counts"]["models"], 2);
}

#[tokio::test]
async fn downloads_are_counted_and_dated() {
    let server = Server::start();
    let key = server.user("ada@example.com").key;
    let file = server.upload(&key, "a.txt", b"x").await;
    assert_eq!(file["last_downloaded_at"], Value::Null);
    server.download(file["url"].as_str().unwrap(), "").await;
    let path = format!("/api/v1/files/{}", file["id"].as_str().unwrap());
    for _ in 0..200 {
        let shown = server.get(&path, &key).await.1;
        if shown["download_count"] == 1 && shown["last_downloaded_at"].is_string() {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    panic!("the download was not counted");
}
