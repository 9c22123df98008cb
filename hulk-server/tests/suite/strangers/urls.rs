//! Presigned URLs, and what they do not grant.

use reqwest::Method;
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;

use super::{connect, head, target};
use crate::{
    harness::files_below,
    server::{Server, has_embedded_store, noise, signed, sql},
    store::BUCKET,
};

/// Headers that have a meaning in S3, a few of each kind.
const OWN_HEADERS: [(&str, &str); 22] = [
    ("x-amz-copy-source-range", "bytes=0-3"),
    ("x-amz-copy-source-if-match", "*"),
    ("x-amz-metadata-directive", "REPLACE"),
    ("x-amz-meta-color", "green"),
    ("x-amz-acl", "public-read"),
    ("x-amz-grant-read", "id=1"),
    ("x-amz-tagging", "a=b"),
    ("x-amz-storage-class", "GLACIER"),
    ("x-amz-website-redirect-location", "/x"),
    ("x-amz-server-side-encryption", "AES256"),
    ("x-amz-server-side-encryption-customer-algorithm", "AES256"),
    ("x-amz-object-lock-mode", "GOVERNANCE"),
    ("x-amz-object-lock-legal-hold", "ON"),
    ("x-amz-checksum-sha256", "AAAA"),
    ("x-amz-checksum-crc64nvme", "AAAA"),
    ("x-amz-sdk-checksum-algorithm", "SHA256"),
    ("x-amz-trailer", "x-amz-checksum-crc32"),
    ("x-amz-content-sha256", "STREAMING-UNSIGNED-PAYLOAD-TRAILER"),
    ("x-amz-decoded-content-length", "1"),
    ("x-amz-write-offset-bytes", "1"),
    ("x-amz-security-token", "t"),
    ("x-amz-request-payer", "requester"),
];

fn key_of(url: &str) -> String {
    let url = reqwest::Url::parse(url).unwrap();
    url.path().split_once(&format!("{BUCKET}/")).map_or_else(
        || url.path().splitn(3, '/').nth(2).unwrap().to_owned(),
        |(_, key)| key.to_owned(),
    )
}

async fn location(server: &Server, path: &str, key: &str) -> String {
    let answer = server.send(Method::GET, path, key, None).await;
    answer.headers()["location"].to_str().unwrap().to_owned()
}

/// On every store: one that obeyed them would copy bytes that its client may not read.
#[tokio::test]
async fn headers_that_nobody_signed_are_refused() {
    let server = Server::start();
    let readiness = server.get("/readyz?verbose", "").await.1;
    let mut checks = readiness["checks"].as_array().unwrap().iter();
    let check = checks.find(|check| check["name"] == "unsigned headers");
    assert_eq!(check.unwrap()["outcome"], "good", "{readiness}");

    let (ada, bob) = (
        server.user("ada@example.com").key,
        server.user("bob@example.com").key,
    );
    let body = json!({ "path": "secret.bin", "size_bytes": 6, "permissions": "private" });
    let secret = server.post("/api/v1/files", &ada, body).await.1;
    server.send_bytes(&ada, &secret, b"secret").await;
    let secret = server.report(&ada, &secret).await.1;
    let download = location(&server, secret["url"].as_str().unwrap(), &ada).await;
    let bucket = reqwest::Url::parse(&download).unwrap();
    let bucket = bucket.path().split('/').nth(1).unwrap().to_owned();
    let source = format!("/{bucket}/{}", key_of(&download));

    let planned = server.plan(&bob, "mine.bin", 1).await;
    let parts = server.plan(&bob, "parts.bin", 9 << 20).await;
    let part = server.sign(&bob, &parts, json!([{ "number": 1 }])).await.1;
    let copy = ("x-amz-copy-source", source.as_str());
    let mine = server.upload(&bob, "theirs.bin", b"y").await;
    let read = location(&server, mine["url"].as_str().unwrap(), &bob).await;
    for (name, value) in OWN_HEADERS.into_iter().chain([copy]) {
        let put = signed(&server.http, &planned["upload"])
            .header(name, value)
            .body("x");
        let status = put.send().await.unwrap().status().as_u16();
        // A store may ignore headers that it does not obey, but not those that copy or change the body.
        let is_refused = matches!(status, 400 | 403 | 501);
        assert!(
            is_refused || !has_embedded_store() && name != copy.0,
            "{name}: {status}"
        );
        if has_embedded_store() {
            assert_eq!(status, 403, "{name}");
            let put = signed(&server.http, &part["parts"][0]).header(name, value);
            let put = put.body(vec![0; 8 << 20]).send().await;
            assert!(
                put.is_err() || put.unwrap().status() == 403,
                "{name} of a part"
            );
            let got = server.http.get(&read).header(name, value).send().await;
            assert_eq!(got.unwrap().status(), 403, "{name} of a download");
        }
    }
    let copied = signed(&server.http, &part["parts"][0]).header(copy.0, copy.1);
    let copied = copied.body(vec![0; 8 << 20]).send().await;
    assert!(copied.is_err() || !copied.unwrap().status().is_success());
    let (status, file) = server.report(&bob, &planned).await;
    if has_embedded_store() || status != 200 {
        assert_eq!(status, 422, "nothing was sent");
        return;
    }
    // The store ignored a header: the stored bytes are those that were sent.
    let url = file["url"].as_str().unwrap();
    assert_eq!(server.download(url, &bob).await.1, b"x");
}

#[tokio::test]
async fn one_url_tells_nothing_of_another() {
    let server = Server::start();
    let key = server.user("ada@example.com").key;
    let mut names = Vec::new();
    for number in 0..3 {
        let planned = server.plan(&key, "a.bin", 3).await;
        names.push(key_of(planned["upload"]["url"].as_str().unwrap()));
        server
            .send_bytes(&key, &planned, format!("{number}xx").as_bytes())
            .await;
        let file = server.report(&key, &planned).await.1;
        let url = location(&server, file["url"].as_str().unwrap(), &key).await;
        names.push(key_of(&url));
    }
    let direct = server
        .http
        .put(server.url("/put/b.bin"))
        .bearer_auth(&key)
        .body("xx");
    let direct = direct.send().await.unwrap();
    names.push(key_of(direct.headers()["location"].to_str().unwrap()));
    let mut tails: Vec<&str> = names
        .iter()
        .map(|name| {
            let (number, random) = name.rsplit('/').next().unwrap().split_once('.').unwrap();
            assert!(
                number.parse::<u32>().is_ok() && random.len() == 12,
                "{name}"
            );
            random
        })
        .collect();
    tails.sort_unstable();
    let all = tails.len();
    tails.dedup();
    // An upload directly to its final key has one key for both.
    assert!(all - tails.len() <= 3, "{names:?}");
}

#[tokio::test]
async fn a_url_ends_with_its_upload() {
    if !has_embedded_store() {
        return;
    }
    let server = Server::start();
    let key = server.user("ada@example.com").key;
    let plan = async |name: &str| server.plan(&key, name, 100_000).await;
    let path_of =
        |planned: &Value| format!("/api/v1/files/{}", planned["file"]["id"].as_str().unwrap());
    let bytes = noise(1, 100_000);

    let cancelled = plan("cancelled").await;
    server
        .delete(&format!("{}/upload", path_of(&cancelled)), &key)
        .await;
    let purged = plan("purged").await;
    server
        .delete(&format!("{}?purge=true", path_of(&purged)), &key)
        .await;
    let finished = plan("finished").await;
    server.send_bytes(&key, &finished, &bytes).await;
    server.report(&key, &finished).await;
    for planned in [&cancelled, &purged, &finished] {
        let answer = server.send_bytes(&key, planned, &bytes).await;
        assert_eq!(answer.status(), 404);
        assert!(answer.text().await.unwrap().contains("NoSuchUpload"));
    }
    let parts = server.plan(&key, "parts", 9 << 20).await;
    let first = server.sign(&key, &parts, json!([{ "number": 1 }])).await.1;
    server
        .delete(&format!("{}/upload", path_of(&parts)), &key)
        .await;
    let put = signed(&server.http, &first["parts"][0]).body(noise(2, 8 << 20));
    assert_eq!(put.send().await.unwrap().status(), 404);
    assert_eq!(server.used_bytes(&key).await, 100_000);
    let stored: Vec<_> = files_below(&server.data_dir.join("store/data"));
    assert_eq!(stored.len(), 1, "{stored:?}");
}

/// A body that is sent in two halves, with a pause in between.
fn halves(bytes: Vec<u8>, pause: std::time::Duration) -> reqwest::Body {
    let (first, second) = bytes.split_at(bytes.len() / 2);
    let (first, second) = (first.to_vec(), second.to_vec());
    let stream = futures_util::stream::unfold(0, move |step| {
        let (first, second) = (first.clone(), second.clone());
        async move {
            match step {
                0 => Some((Ok::<_, std::io::Error>(first), 1)),
                1 => {
                    tokio::time::sleep(pause).await;
                    Some((Ok(second), 2))
                }
                _ => None,
            }
        }
    });
    reqwest::Body::wrap_stream(stream)
}

#[tokio::test]
async fn one_url_takes_one_body_at_a_time_and_none_after_its_upload_was_cancelled() {
    if !has_embedded_store() {
        return;
    }
    let server = Server::start();
    let key = server.user("ada@example.com").key;
    let planned = server.plan(&key, "a.bin", 200_000).await;
    let pause = std::time::Duration::from_secs(2);
    let put = |bytes: Vec<u8>| {
        let put = signed(&server.http, &planned["upload"]).header("content-length", bytes.len());
        async move {
            put.body(halves(bytes, pause))
                .send()
                .await
                .unwrap()
                .status()
                .as_u16()
        }
    };
    let mut statuses = Vec::new();
    let puts = (0..4).map(|seed| put(noise(seed, 200_000)));
    statuses.extend(futures_util::future::join_all(puts).await);
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 412, 412, 412], "only one is stored");

    let planned = server.plan(&key, "b.bin", 200_000).await;
    let path = format!(
        "/api/v1/files/{}/upload",
        planned["file"]["id"].as_str().unwrap()
    );
    let late = signed(&server.http, &planned["upload"]).header("content-length", 200_000);
    let late = async {
        late.body(halves(noise(9, 200_000), pause))
            .send()
            .await
            .unwrap()
    };
    let cancel = async {
        tokio::time::sleep(pause / 2).await;
        server.delete(&path, &key).await
    };
    let (late, cancelled) = tokio::join!(late, cancel);
    assert_eq!((late.status().as_u16(), cancelled.0.as_u16()), (404, 204));
    assert_eq!(server.used_bytes(&key).await, 200_000);
    let stored = files_below(&server.data_dir.join("store/data"));
    assert_eq!(stored.len(), 1, "{stored:?}");
}

/// Total size of the files below a directory.
fn bytes_below(directory: &std::path::Path) -> u64 {
    let entries = std::fs::read_dir(directory).unwrap().flatten();
    let sizes = entries.map(|entry| match entry.metadata() {
        Ok(found) if found.is_dir() => bytes_below(&entry.path()),
        Ok(found) => found.len(),
        Err(_) => 0,
    });
    sizes.sum()
}

#[tokio::test]
async fn a_part_that_is_sent_and_hung_up_on_leaves_nothing() {
    let server = Server::start();
    if !has_embedded_store() {
        return;
    }
    let key = server.user("ada@example.com").key;
    let planned = server.plan(&key, "parts.bin", 9 << 20).await;
    let id = planned["file"]["id"].as_str().unwrap();
    let path = format!("/api/v1/files/{id}/upload/parts");
    let parts = json!({ "parts": [{ "number": 1 }] });
    let signed = server.post(&path, &key, parts).await.1;
    let part = &signed["parts"][0];
    let mut headers = String::new();
    for (name, value) in part["headers"].as_object().unwrap() {
        headers.push_str(&format!("{name}: {}\r\n", value.as_str().unwrap()));
    }
    let put = format!("PUT {}", target(part["url"].as_str().unwrap()));
    let store = server.data_dir.join("store/data");
    for sent in [1, 4 << 20, (8 << 20) - 1, 8 << 20] {
        for _ in 0..5 {
            let mut stream = connect(&server).await;
            stream
                .write_all(head(&server, &put, &headers).as_bytes())
                .await
                .unwrap();
            stream.write_all(&vec![0; sent]).await.unwrap();
        }
    }
    let mut left = u64::MAX;
    for _ in 0..100 {
        left = bytes_below(&store);
        if left <= 8 << 20 {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    }
    assert!(left <= 8 << 20, "{left} bytes are left of one part");
}

#[tokio::test]
async fn plans_that_are_given_up_leave_no_rows_behind() {
    let server = Server::start();
    let key = server.user("ada@example.com").key;
    for size in 1..30 {
        let planned = server.plan(&key, "a.bin", size).await;
        let path = format!(
            "/api/v1/files/{}/upload",
            planned["file"]["id"].as_str().unwrap()
        );
        assert_eq!(server.delete(&path, &key).await.0, 204);
    }
    let mut database = crate::server::database(&server.data_dir).await;
    let count: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM versions")
        .fetch_one(&mut database)
        .await
        .unwrap();
    assert!(count <= 3, "{count} versions");
    // Each plan declares another digest for zero bytes.
    let mut statuses = Vec::new();
    for number in 0..40 {
        let sha256 = format!("{number:064x}");
        let body = json!({ "path": "b.bin", "size_bytes": 0, "sha256": sha256 });
        statuses.push(server.post("/api/v1/files", &key, body).await.0.as_u16());
    }
    assert!(
        statuses.contains(&429) && statuses.ends_with(&[429]),
        "{statuses:?}"
    );
    sql(&server.data_dir, "UPDATE versions SET updated_at = 1").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_nobody_signed_takes_no_room() {
    let server = Server::start();
    if !has_embedded_store() {
        return;
    }
    let key = server.user("ada@example.com").key;
    let planned = server.plan(&key, "open.bin", 5).await;
    let url = planned["upload"]["url"].as_str().unwrap();
    let forged = target(&url.replace("X-Amz-Signature=", "X-Amz-Signature=0"));
    let mut streams = Vec::new();
    for _ in 0..100 {
        let mut stream = connect(&server).await;
        let headers = "Content-Length: 4000000000000\r\nExpect: 100-continue\r\n";
        let put = head(&server, &format!("PUT {forged}"), headers);
        stream.write_all(put.as_bytes()).await.unwrap();
        streams.push(stream);
    }
    for number in 0..5 {
        server
            .upload(&key, &format!("{number}.bin"), &noise(number, 100_000))
            .await;
    }
    for stream in &mut streams {
        let answer = super::answer_of(stream, std::time::Duration::from_secs(20)).await;
        assert!(answer.starts_with("HTTP/1.1 4"), "{answer}");
    }
}
