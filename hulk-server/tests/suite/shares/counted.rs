//! Links for a limited number of downloads.

use reqwest::Method;
use serde_json::{Value, json};

use super::{public, share, status, token, visit};
use crate::server::{Server, answer, code, has_embedded_store, noise, run, sql, text};

#[tokio::test]
async fn a_counted_link_is_used_up_by_downloads_and_by_nothing_else() {
    let mut server = Server::start();
    let key = server.user("ada@example.com").key;
    let file = server.upload(&key, "a.txt", b"hello").await;
    let link = share(
        &server,
        &key,
        json!({ "path": "a.txt", "max_downloads": 2 }),
    )
    .await;
    let path = format!("/s/{}", token(&link));
    let by_id = format!("/d/{}?token={}", file["id"].as_str().unwrap(), token(&link));
    let left = || async { server.get(&public(&link), "").await.1["downloads_left"].clone() };
    for path in [&path, &by_id] {
        for _ in 0..3 {
            assert_eq!(visit(&server, Method::HEAD, path, &[]).await.status(), 302);
        }
    }
    assert_eq!(left().await, 2);
    let first = visit(&server, Method::GET, &path, &[]).await;
    assert_eq!(first.status(), 302);
    let claim = first.headers()["x-share-claim"].to_str().unwrap();
    let claim = claim.to_owned();
    assert_eq!(left().await, 1);
    // Whoever names the claim in the URL can resume the download, of this file only.
    let (path_of_claim, by_id_of_claim) = (
        format!("{path}?claim={claim}"),
        format!("{by_id}&claim={claim}"),
    );
    for continued in [&path_of_claim, &by_id_of_claim] {
        assert_eq!(status(&server, continued, &[]).await, 302);
        let look = visit(&server, Method::HEAD, continued, &[]).await;
        assert_eq!(look.status(), 302);
    }
    assert_eq!(left().await, 1);
    // Neither the address, the program, a range nor a header makes it a continuation.
    let forged = [
        ("x-share-claim", claim.as_str()),
        ("x-forwarded-for", "127.0.0.1"),
        ("range", "bytes=3-"),
    ];
    let again = visit(&server, Method::GET, &path, &forged).await;
    assert_eq!((again.status().as_u16(), left().await), (302, json!(0)));
    assert_ne!(again.headers()["x-share-claim"], claim.as_str());
    let (status_code, error) = answer(visit(&server, Method::GET, &path, &forged).await).await;
    assert_eq!((status_code.as_u16(), code(&error)), (410, "SHARE_EXPIRED"));
    assert_eq!(visit(&server, Method::HEAD, &path, &[]).await.status(), 410);
    for nobodys in ["000000000000", "x", ""] {
        let path = format!("{path}?claim={nobodys}");
        assert_eq!(status(&server, &path, &[]).await, 410, "{nobodys}");
    }
    assert_eq!(
        status(&server, &path_of_claim, &[]).await,
        302,
        "the download can still be resumed"
    );
    // A download counts when the client reports its end, or when its URL has expired.
    let count = || async {
        server.get("/api/v1/shares", &key).await.1["items"][0]["download_count"].clone()
    };
    assert_eq!(count().await, 0);
    for _ in 0..2 {
        let end = format!("{}/claims/{claim}", public(&link));
        assert_eq!(server.put(&end, "", Value::Null).await.0, 204);
    }
    assert_eq!(count().await, 1);
    assert_eq!(
        status(&server, &path_of_claim, &[]).await,
        410,
        "an ended download cannot be resumed"
    );
    server.process.terminate();
    sql(&server.data_dir, "UPDATE claims SET ends_at = 1").await;
    let swept = text(&run(&server.data_dir, &["--json", "sweep"], ""));
    let swept: Value = serde_json::from_str(&swept).unwrap();
    assert_eq!(swept["lapsed_downloads"], 2);
    let server = Server::start_in(&server.data_dir, &[]);
    let shares = server.get("/api/v1/shares", &key).await.1;
    assert_eq!(shares["items"][0]["download_count"], 2);
    assert_eq!(status(&server, &path_of_claim, &[]).await, 410);
}

/// Store URL that a counted link redirects to, with a new claim.
async fn store_url(server: &Server, path: &str) -> String {
    let answer = visit(server, Method::GET, path, &[]).await;
    answer.headers()["location"].to_str().unwrap().to_owned()
}

async fn range(server: &Server, url: &str, range: &str) -> (u16, usize) {
    let got = server.http.get(url).header("range", range).send().await;
    let got = got.unwrap();
    let status = got.status().as_u16();
    (status, got.bytes().await.map_or(0, |bytes| bytes.len()))
}

#[tokio::test]
async fn the_url_of_a_claim_is_one_download_and_not_two() {
    if !has_embedded_store() {
        return;
    }
    let server = Server::start();
    let key = server.user("ada@example.com").key;
    let size = 16 << 20;
    server.upload(&key, "a.bin", &noise(1, size)).await;
    let body = json!({ "path": "a.bin", "max_downloads": 3 });
    let link = share(&server, &key, body).await;
    let path = format!("/s/{}", token(&link));
    let count = || async {
        server.get("/api/v1/shares", &key).await.1["items"][0]["download_count"].clone()
    };

    let url = store_url(&server, &path).await;
    assert_eq!(range(&server, &url, "bytes=0-").await, (206, size));
    for again in [
        "bytes=0-",
        "bytes=1-",
        "bytes=-16777215",
        "bytes=100-15000000",
    ] {
        assert_eq!(range(&server, &url, again).await.0, 403, "{again}");
    }
    assert_eq!(server.http.get(&url).send().await.unwrap().status(), 403);
    for _ in 0..100 {
        if count().await == 1 {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    assert_eq!(count().await, 1, "all bytes were sent");

    // In ranges, and the last one again, as after a broken connection.
    let url = store_url(&server, &path).await;
    for start in (0..size).step_by(4 << 20) {
        let part = format!("bytes={start}-{}", start + (4 << 20) - 1);
        assert_eq!(range(&server, &url, &part).await, (206, 4 << 20));
    }
    assert_eq!(range(&server, &url, "bytes=12582912-").await.0, 206);
    assert_eq!(range(&server, &url, "bytes=8388608-").await.0, 403);

    // Aborted at the beginning: the bytes that were not sent can still be downloaded.
    let url = store_url(&server, &path).await;
    let mut broken = server.http.get(&url).send().await.unwrap();
    broken.chunk().await.unwrap();
    drop(broken);
    for tries in 0.. {
        match range(&server, &url, "bytes=65536-").await {
            (206, bytes) => {
                assert_eq!(bytes, size - 65536);
                break;
            }
            (found, _) => assert!(found == 403 && tries < 100, "{found}"),
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
}

#[tokio::test]
async fn a_counted_link_holds_under_a_race() {
    let server = Server::start();
    let key = server.user("ada@example.com").key;
    server.upload(&key, "a.txt", b"hello").await;
    let link = share(
        &server,
        &key,
        json!({ "path": "a.txt", "max_downloads": 5 }),
    )
    .await;
    let path = format!("/s/{}", token(&link));
    let asked = (0..40).map(|_| status(&server, &path, &[]));
    let answers = futures_util::future::join_all(asked).await;
    let count = |status: u16| answers.iter().filter(|found| **found == status).count();
    assert_eq!((count(302), count(410)), (5, 35), "{answers:?}");
}
