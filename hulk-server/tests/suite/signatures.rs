//! Presigned URLs grant exactly what was signed.

use std::time::{Duration, SystemTime};

use aws_sdk_s3::presigning::PresigningConfig;
use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
use md5::Digest;

use crate::{
    server::{Server, noise},
    store::{BUCKET, signer},
};

#[tokio::test]
async fn a_put_url_takes_its_exact_length_and_nothing_else() {
    let server = Server::start();
    let key = server.user("ada@example.com").key;
    let planned = server.plan(&key, "a.bin", 5).await;
    for wrong in [&b""[..], b"four", b"sixsix"] {
        assert_eq!(
            server.send_bytes(&key, &planned, wrong).await.status(),
            403,
            "{wrong:?}"
        );
    }
    let url = planned["upload"]["url"].as_str().unwrap();
    let chunked = reqwest::Body::wrap_stream(futures_util::stream::once(async {
        Ok::<_, std::io::Error>("hello")
    }));
    assert!(
        !server
            .http
            .put(url)
            .header("if-none-match", "*")
            .body(chunked)
            .send()
            .await
            .unwrap()
            .status()
            .is_success()
    );
    assert_eq!(server.http.get(url).send().await.unwrap().status(), 403);
    assert_eq!(server.http.delete(url).send().await.unwrap().status(), 405);
    let damaged = server
        .http
        .put(url)
        .header("if-none-match", "*")
        .header("content-md5", BASE64.encode([0; 16]))
        .body("hello");
    let answer = damaged.send().await.unwrap();
    assert_eq!(answer.status(), 400);
    assert!(
        answer
            .text()
            .await
            .unwrap()
            .contains("<Code>BadDigest</Code>")
    );
    assert_eq!(
        server.report(&key, &planned).await.0,
        422,
        "nothing was stored so far"
    );
    let good = server
        .http
        .put(url)
        .header("if-none-match", "*")
        .header("content-md5", BASE64.encode(md5::Md5::digest(b"hello")))
        .body("hello");
    assert_eq!(good.send().await.unwrap().status(), 200);
    assert_eq!(server.report(&key, &planned).await.0, 200);
}

#[tokio::test]
async fn a_changed_url_is_refused() {
    let server = Server::start();
    let key = server.user("ada@example.com").key;
    let file = server.upload(&key, "a.html", b"hello").await;
    let other = server.upload(&key, "b.html", b"other").await;
    let redirect = server
        .send(
            reqwest::Method::GET,
            file["url"].as_str().unwrap(),
            "",
            None,
        )
        .await;
    let url = redirect.headers()["location"].to_str().unwrap();
    assert_eq!(server.http.get(url).send().await.unwrap().status(), 200);
    let (id, other_id) = (file["id"].as_str().unwrap(), other["id"].as_str().unwrap());
    let changed = [
        url.replace(id, other_id),
        url.replace("attachment", "inline"),
        url.replace("text%2Fhtml", "text%2Fplain"),
        url.replace("X-Amz-Expires=3600", "X-Amz-Expires=36000"),
        url.replace("X-Amz-Signature=", "X-Amz-Signature=0"),
        url.split("&X-Amz-Signature").next().unwrap().to_owned(),
        url.split('?').next().unwrap().to_owned(),
    ];
    for changed in changed {
        assert_ne!(changed, url);
        let answer = server.http.get(&changed).send().await.unwrap();
        assert!(
            matches!(answer.status().as_u16(), 400 | 403),
            "{changed}: {}",
            answer.status()
        );
    }
    // A finished object has no open upload.
    let put = server.http.put(url).body("x").send().await.unwrap();
    assert_eq!(put.status(), 404);
}

#[tokio::test]
async fn an_expired_url_is_refused() {
    let server = Server::start();
    let key = server.user("ada@example.com").key;
    server.upload(&key, "a.bin", b"hello").await;
    let long_ago = SystemTime::now() - Duration::from_secs(100);
    for (lifetime, status) in [(50, 403), (200, 404)] {
        let signing = PresigningConfig::builder()
            .start_time(long_ago)
            .expires_in(Duration::from_secs(lifetime));
        let url = signer(&server)
            .get_object()
            .bucket(BUCKET)
            .key("nothing")
            .presigned(signing.build().unwrap())
            .await
            .unwrap();
        assert_eq!(
            server.http.get(url.uri()).send().await.unwrap().status(),
            status
        );
    }
}

#[tokio::test]
async fn browsers_of_other_origins_may_use_the_urls() {
    let server = Server::start();
    let key = server.user("ada@example.com").key;
    let planned = server.plan(&key, "a.bin", 5).await;
    let url = planned["upload"]["url"].as_str().unwrap();
    let preflight = server
        .http
        .request(reqwest::Method::OPTIONS, url)
        .header("origin", "https://example.com")
        .header("access-control-request-method", "PUT")
        .header("access-control-request-headers", "content-md5");
    let answer = preflight.send().await.unwrap();
    assert!(answer.status().is_success());
    assert_eq!(answer.headers()["access-control-allow-origin"], "*");
    let put = server
        .http
        .put(url)
        .header("origin", "https://example.com")
        .body("hello")
        .send()
        .await
        .unwrap();
    assert!(
        put.headers()["access-control-expose-headers"]
            .to_str()
            .unwrap()
            .contains("ETag")
    );
}

#[tokio::test]
async fn a_proxy_may_change_the_host_header() {
    let server = Server::start_with(&["--public-url", "https://files.example.com"]);
    let key = server.user("ada@example.com").key;
    let bytes = noise(1, 10_000);
    let planned = server.plan(&key, "a.bin", bytes.len()).await;
    let url = planned["upload"]["url"].as_str().unwrap();
    assert!(url.starts_with("https://files.example.com/hulkastorus-ugc/"));
    let behind = url.replace("https://files.example.com", &server.process.url);
    assert_eq!(
        server
            .http
            .put(&behind)
            .header("if-none-match", "*")
            .body(bytes.clone())
            .send()
            .await
            .unwrap()
            .status(),
        200
    );
    let file = server.report(&key, &planned).await.1;
    assert!(
        file["url"]
            .as_str()
            .unwrap()
            .starts_with("https://files.example.com/d/")
    );
    let redirect = server
        .send(
            reqwest::Method::GET,
            &format!("/d/{}", file["id"].as_str().unwrap()),
            "",
            None,
        )
        .await;
    let location = redirect.headers()["location"]
        .to_str()
        .unwrap()
        .replace("https://files.example.com", &server.process.url);
    assert!(
        server
            .http
            .get(location)
            .send()
            .await
            .unwrap()
            .bytes()
            .await
            .unwrap()
            == bytes
    );
}
