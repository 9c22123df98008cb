//! Links for so many downloads.

use reqwest::Method;
use serde_json::{Value, json};

use super::{public, share, status, token, visit};
use crate::server::{Server, answer, code, run, sql, text};

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
    let curl = ("user-agent", "curl/8.0");
    let first = visit(&server, Method::GET, &path, &[curl]).await;
    assert_eq!(first.status(), 302);
    let claim = first.headers()["x-share-claim"]
        .to_str()
        .unwrap()
        .to_owned();
    assert_eq!(left().await, 1);
    // Gone on with: by who began it, or who knows the claim; of this file alone.
    let rest = ("range", "bytes=3-");
    for headers in [&[curl, rest][..], &[("x-share-claim", claim.as_str())]] {
        assert_eq!(status(&server, &path, headers).await, 302);
        assert_eq!(status(&server, &by_id, headers).await, 302);
    }
    assert_eq!(left().await, 1);
    // From the start it is another download.
    let again = visit(&server, Method::GET, &path, &[curl, ("range", "bytes=0-")]).await;
    assert_eq!((again.status().as_u16(), left().await), (302, json!(0)));
    let (status_code, error) = answer(visit(&server, Method::GET, &path, &[]).await).await;
    assert_eq!((status_code.as_u16(), code(&error)), (410, "SHARE_EXPIRED"));
    assert_eq!(visit(&server, Method::HEAD, &path, &[]).await.status(), 410);
    assert_eq!(
        status(&server, &path, &[curl, rest]).await,
        302,
        "the rest may still come"
    );
    assert_eq!(
        status(&server, &path, &[("user-agent", "other"), rest]).await,
        410
    );
    // It counts when the download ends: told, or when its URL has ended.
    let count = || async {
        server.get("/api/v1/shares", &key).await.1["items"][0]["download_count"].clone()
    };
    assert_eq!(count().await, 0);
    for _ in 0..2 {
        let end = format!("{}/claims/{claim}", public(&link));
        assert_eq!(server.put(&end, "", Value::Null).await.0, 204);
    }
    assert_eq!(count().await, 1);
    server.process.terminate();
    sql(&server.data_dir, "UPDATE claims SET ends_at = 1").await;
    let swept = text(&run(&server.data_dir, &["--json", "sweep"], ""));
    let swept: Value = serde_json::from_str(&swept).unwrap();
    assert_eq!(swept["lapsed_downloads"], 2);
    let server = Server::start_in(&server.data_dir, &[]);
    let shares = server.get("/api/v1/shares", &key).await.1;
    assert_eq!(shares["items"][0]["download_count"], 2);
    assert_eq!(status(&server, &path, &[curl, rest]).await, 410);
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
