//! `/d/…` and `/put/…`: the routes that people and plain `curl` use.

use std::process::Command;

use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
use reqwest::Method;
use serde_json::json;
use sha2::{Digest, Sha256};

use crate::{
    harness::skipped,
    server::{Server, code, has_embedded_store, noise},
};

#[tokio::test]
async fn a_link_redirects_with_the_digest_and_names_the_file() {
    let server = Server::start();
    let ada = server.user("ada@example.com");
    let file = server.upload(&ada.key, "d/naïve \"x\".txt", b"hello").await;
    let id = file["id"].as_str().unwrap();
    let by_path = format!("/d/~{}/d/na%C3%AFve%20%22x%22.txt", ada.user_id);
    for link in [
        file["url"].as_str().unwrap(),
        &format!("/d/{id}"),
        &format!("/d/{id}/any.name"),
        &by_path,
    ] {
        let redirect = server.send(Method::GET, link, "", None).await;
        assert_eq!(redirect.status(), 302, "{link}");
        let digest = format!("sha-256=:{}:", BASE64.encode(Sha256::digest(b"hello")));
        assert_eq!(redirect.headers()["repr-digest"], digest);
        let location = redirect.headers()["location"].to_str().unwrap();
        let response = server.http.get(location).send().await.unwrap();
        let headers = response.headers();
        assert_eq!(
            headers["content-disposition"],
            "inline; filename=\"na_ve _x_.txt\"; filename*=UTF-8''na%C3%AFve%20%22x%22.txt"
        );
        assert_eq!(headers["content-type"], "text/plain; charset=utf-8");
        if has_embedded_store() {
            assert_eq!(headers["x-content-type-options"], "nosniff");
            let policy = headers["content-security-policy"].to_str().unwrap();
            assert!(policy.contains("sandbox"));
        }
        assert_eq!(response.bytes().await.unwrap().as_ref(), b"hello");
    }
    let redirect = server
        .send(Method::HEAD, &format!("/d/{id}"), "", None)
        .await;
    let location = redirect.headers()["location"].to_str().unwrap();
    let head = server.http.head(location).send().await.unwrap();
    assert_eq!(
        (head.status().as_u16(), &head.headers()["content-length"]),
        (200, &"5".parse().unwrap())
    );
    // Each replica writes its counts to the database every few seconds.
    let counted = async || {
        let (_, file) = server.get(&format!("/api/v1/files/{id}"), &ada.key).await;
        file["download_count"].as_u64().unwrap()
    };
    let mut tries = 0;
    while (counted().await, counted().await) != (4, 4) {
        tokio::time::sleep(std::time::Duration::from_millis(200)).await;
        tries += 1;
        assert!(tries < 100, "{} downloads were counted", counted().await);
    }
}

#[tokio::test]
async fn a_link_is_written_as_plainly_as_can_be() {
    let server = Server::start();
    let key = server.user("ada@example.com").key;
    for (name, written) in [
        (
            "nginx_1.22.1-9+deb12u10~x_all.deb",
            "nginx_1.22.1-9+deb12u10~x_all.deb",
        ),
        ("a,b=c@d:e", "a,b=c@d:e"),
        (
            "a b&c;d'e(f)$g!*?#%",
            "a%20b%26c%3Bd%27e%28f%29%24g%21%2A%3F%23%25",
        ),
    ] {
        let file = server.upload(&key, name, b"x").await;
        let url = file["url"].as_str().unwrap();
        assert!(url.ends_with(&format!("/{written}")), "{url}");
        assert_eq!(server.download(url, "").await.1, b"x");
    }
}

#[tokio::test]
async fn what_could_run_in_a_browser_is_a_download() {
    let server = Server::start();
    let key = server.user("ada@example.com").key;
    for (name, kind) in [
        ("a.html", "attachment"),
        ("a.svg", "attachment"),
        ("a.pdf", "attachment"),
        ("a.js", "attachment"),
        ("a.xml", "attachment"),
        ("a.bin", "attachment"),
        ("a.png", "inline"),
        ("a.mp4", "inline"),
    ] {
        let file = server.upload(&key, name, b"x").await;
        let redirect = server
            .send(Method::GET, file["url"].as_str().unwrap(), "", None)
            .await;
        let location = redirect.headers()["location"].to_str().unwrap();
        let response = server.http.get(location).send().await.unwrap();
        let disposition = response.headers()["content-disposition"].to_str().unwrap();
        assert!(disposition.starts_with(kind), "{name}: {disposition}");
    }
}

#[tokio::test]
async fn ranges_of_a_download() {
    let server = Server::start();
    let key = server.user("ada@example.com").key;
    let bytes = noise(7, 700_000);
    let file = server.upload(&key, "a.bin", &bytes).await;
    let redirect = server
        .send(Method::GET, file["url"].as_str().unwrap(), "", None)
        .await;
    let location = redirect.headers()["location"].to_str().unwrap();
    for (range, expected) in [
        ("bytes=0-0", 0..1),
        ("bytes=5-", 5..700_000),
        ("bytes=-7", 699_993..700_000),
        ("bytes=262143-262145", 262_143..262_146),
        ("bytes=699999-900000", 699_999..700_000),
    ] {
        let response = server
            .http
            .get(location)
            .header("range", range)
            .send()
            .await
            .unwrap();
        assert_eq!(response.status(), 206, "{range}");
        let content_range = format!("bytes {}-{}/700000", expected.start, expected.end - 1);
        assert_eq!(response.headers()["content-range"], content_range);
        assert!(response.bytes().await.unwrap() == bytes[expected]);
    }
    let response = server
        .http
        .get(location)
        .header("range", "bytes=700000-")
        .send()
        .await
        .unwrap();
    assert_eq!(response.status(), 416);
}

#[tokio::test]
async fn private_files_and_what_is_not_there_look_alike() {
    let server = Server::start();
    let (ada, bob) = (
        server.user("ada@example.com"),
        server.user("bob@example.com"),
    );
    let body = json!({ "path": "p.txt", "size_bytes": 1, "permissions": "private" });
    let (_, planned) = server.post("/api/v1/files", &ada.key, body).await;
    server.send_bytes(&ada.key, &planned, b"x").await;
    server.report(&ada.key, &planned).await;
    let id = planned["file"]["id"].as_str().unwrap();
    for key in ["", &bob.key, "hulk_wrong"] {
        let hidden = server.get(&format!("/d/{id}"), key).await;
        let missing = server.get("/d/000000000000", key).await;
        assert_eq!(hidden, missing);
        assert_eq!(hidden.0, 404);
    }
    assert_eq!(server.download(&format!("/d/{id}"), &ada.key).await.1, b"x");
}

#[tokio::test]
async fn an_expired_link_answers_410_at_once() {
    let server = Server::start();
    let key = server.user("ada@example.com").key;
    let body = json!({ "path": "e.txt", "size_bytes": 1, "expiration_policy": "1d" });
    let (_, planned) = server.post("/api/v1/files", &key, body).await;
    server.send_bytes(&key, &planned, b"x").await;
    let file = server.report(&key, &planned).await.1;
    assert!(file["expires_at"].is_string());
    let id = file["id"].as_str().unwrap();
    assert_eq!(server.download(&format!("/d/{id}"), "").await.0, 200);
    crate::server::sql(&server.data_dir, "UPDATE versions SET expires_at = 1").await;
    let (status, error) = server.get(&format!("/d/{id}"), "").await;
    assert_eq!((status.as_u16(), code(&error)), (410, "FILE_EXPIRED"));
    assert_eq!(
        server.get(&format!("/api/v1/files/{id}"), &key).await.1["status"],
        "expired"
    );
    assert_eq!(server.get("/api/v1/files", &key).await.1["total"], 0);
    assert_eq!(
        server
            .get("/api/v1/files?filter~status=expired", &key)
            .await
            .1["total"],
        1
    );
    let again = server.upload(&key, "e.txt", b"again").await;
    assert_eq!(again["id"], id);
    assert_eq!(server.download(&format!("/d/{id}"), "").await.1, b"again");
}

#[tokio::test]
async fn curl_alone_puts_and_gets() {
    if Command::new("curl").arg("--version").output().is_err() {
        return skipped("curl", "it is not installed");
    }
    let server = Server::start();
    let ada = server.user("ada@example.com");
    let directory = tempfile::TempDir::new().unwrap();
    for size in [0, 1, 100, 70_000, 3 << 20] {
        let bytes = noise(size as u64, size);
        std::fs::write(directory.path().join("up.bin"), &bytes).unwrap();
        let put = curl(
            &directory,
            &[
                "-fsSLT",
                "up.bin",
                "-H",
                &format!("Authorization: Bearer {}", ada.key),
                &server.url(&format!("/put/by%20curl/{size}.bin")),
            ],
        );
        assert!(
            put.status.success(),
            "{}",
            String::from_utf8_lossy(&put.stderr)
        );
        let link = server.url(&format!("/d/~{}/by%20curl/{size}.bin", ada.user_id));
        let got = curl(&directory, &["-fsSL", &link]);
        assert!(got.status.success() && got.stdout == bytes, "{size}");
        let (_, page) = server
            .get(
                &format!("/api/v1/files?filter~path=by%20curl/{size}.bin"),
                &ada.key,
            )
            .await;
        let url = page["items"][0]["url"].as_str().unwrap();
        assert!(curl(&directory, &["-fsSLO", url]).status.success());
        assert!(std::fs::read(directory.path().join(format!("{size}.bin"))).unwrap() == bytes);
    }
    let piped = curl(
        &directory,
        &[
            "-sLT",
            "-",
            "-H",
            &format!("Authorization: Bearer {}", ada.key),
            &server.url("/put/pipe"),
        ],
    );
    assert!(String::from_utf8_lossy(&piped.stdout).contains("Content-Length"));
}

fn curl(directory: &tempfile::TempDir, arguments: &[&str]) -> std::process::Output {
    Command::new("curl")
        .current_dir(directory.path())
        .args(arguments)
        .stdin(std::process::Stdio::null())
        .output()
        .unwrap()
}

#[tokio::test]
async fn a_direct_upload_is_seen_by_id_and_in_lists_without_another_request() {
    let server = Server::start();
    let ada = server.user("ada@example.com");
    let old = server.upload(&ada.key, "a.bin", b"old").await;
    for (path, bytes) in [("/put/a.bin", "newer"), ("/put/d/b.bin", "other")] {
        let request = server.http.put(server.url(path)).bearer_auth(&ada.key);
        let redirect = request.body(bytes).send().await.unwrap();
        let location = redirect.headers()["location"].to_str().unwrap().to_owned();
        server.http.put(&location).body(bytes).send().await.unwrap();
    }
    let link = old["url"].as_str().unwrap();
    assert_eq!(server.download(link, "").await.1, b"newer");
    assert_eq!(server.get("/api/v1/files", &ada.key).await.1["total"], 2);
}

#[tokio::test]
async fn many_who_ask_at_once_for_a_direct_upload_all_get_it() {
    let server = Server::start();
    let ada = server.user("ada@example.com");
    for round in 0..10 {
        let path = format!("/put/{round}.bin");
        let request = server.http.put(server.url(&path)).bearer_auth(&ada.key);
        let redirect = request.body("hello").send().await.unwrap();
        let location = redirect.headers()["location"].to_str().unwrap().to_owned();
        server
            .http
            .put(&location)
            .body("hello")
            .send()
            .await
            .unwrap();
        let link = format!("/d/~{}/{round}.bin", ada.user_id);
        let asked = (0..16).map(|_| server.download(&link, ""));
        for (status, bytes) in futures_util::future::join_all(asked).await {
            assert_eq!((status.as_u16(), bytes.as_slice()), (200, &b"hello"[..]));
        }
    }
}

#[tokio::test]
async fn a_direct_upload_shows_only_when_its_bytes_are_there() {
    let server = Server::start();
    let ada = server.user("ada@example.com");
    let request = server
        .http
        .put(server.url("/put/a.bin"))
        .bearer_auth(&ada.key)
        .body("hello");
    let redirect = request.send().await.unwrap();
    assert_eq!(redirect.status(), 307);
    let location = redirect.headers()["location"].to_str().unwrap().to_owned();
    let link = format!("/d/~{}/a.bin", ada.user_id);
    assert_eq!(server.download(&link, "").await.0, 404);
    assert_eq!(
        server
            .http
            .put(&location)
            .body("too long")
            .send()
            .await
            .unwrap()
            .status(),
        403
    );
    assert_eq!(server.download(&link, "").await.0, 404);
    assert_eq!(
        server
            .http
            .put(&location)
            .body("hello")
            .send()
            .await
            .unwrap()
            .status(),
        200
    );
    assert_eq!(server.download(&link, "").await.1, b"hello");
    let again = server.http.put(&location).body("jello").send().await;
    // An external store cannot check whether the upload is still open.
    let expected = if has_embedded_store() { 404 } else { 200 };
    assert_eq!(again.unwrap().status(), expected);
    assert_eq!(
        server.download(&link, "").await.1,
        b"hello",
        "a URL that is still valid cannot change a finished file"
    );
}
