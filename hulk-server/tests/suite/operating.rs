//! Starting, stopping, logs, health, metrics, the OpenAPI document.

use std::{fs, path::Path};

use crate::{
    harness::engine::Engine,
    server::{EVENTS_SECRET, Server, noise, run, text},
};

#[tokio::test]
async fn sigterm_lets_a_download_end_and_exits_0() {
    let mut server = Server::start();
    let key = server.user("ada@example.com").key;
    let bytes = noise(1, 30 << 20);
    let file = server.upload(&key, "a.bin", &bytes).await;
    let redirect = server
        .send(
            reqwest::Method::GET,
            file["url"].as_str().unwrap(),
            "",
            None,
        )
        .await;
    let mut response = server
        .http
        .get(redirect.headers()["location"].to_str().unwrap())
        .send()
        .await
        .unwrap();
    let mut found = response.chunk().await.unwrap().unwrap().to_vec();
    crate::harness::signal(server.process.id(), "TERM");
    while let Some(chunk) = response.chunk().await.unwrap() {
        found.extend_from_slice(&chunk);
    }
    assert!(found == bytes);
    drop(response);
    server.http = crate::server::client();
    assert_eq!(server.process.terminate(), Some(0));
}

#[tokio::test]
async fn a_stopped_server_starts_again_with_everything_and_its_urls_still_work() {
    let mut server = Server::start();
    let key = server.user("ada@example.com").key;
    let file = server.upload(&key, "a.txt", b"hello").await;
    let redirect = server
        .send(
            reqwest::Method::GET,
            file["url"].as_str().unwrap(),
            "",
            None,
        )
        .await;
    let url = redirect.headers()["location"].to_str().unwrap().to_owned();
    let address = server.process.url.trim_start_matches("http://").to_owned();
    assert_eq!(server.process.terminate(), Some(0));
    let again = Server::start_in(&server.data_dir, &["--listen", &address]);
    assert_eq!(
        again.download(file["url"].as_str().unwrap(), "").await.1,
        b"hello"
    );
    assert_eq!(again.http.get(url).send().await.unwrap().status(), 200);
    let id = file["id"].as_str().unwrap();
    assert_eq!(
        again.get(&format!("/api/v1/files/{id}"), &key).await.1["download_count"],
        2
    );
}

#[tokio::test]
async fn logs_are_json_with_request_ids_and_without_secrets() {
    let server = Server::start();
    let key = server.user("ada@example.com").key;
    let file = server.upload(&key, "a.txt", b"hello").await;
    server.download(file["url"].as_str().unwrap(), &key).await;
    let share = serde_json::json!({ "path": "a.txt", "password": "open-sesame" });
    let share = server.post("/api/v1/shares", &key, share).await.1;
    let token = share["token"].as_str().unwrap();
    let visit = server.http.get(server.url(&format!("/s/{token}")));
    let visit = visit.basic_auth("", Some("open-sesame")).send().await;
    assert_eq!(visit.unwrap().status(), 302);
    let request = server
        .http
        .get(server.url("/api/v1/me"))
        .bearer_auth(&key)
        .header("x-request-id", "mine-1");
    assert_eq!(
        request.send().await.unwrap().headers()["x-request-id"],
        "mine-1"
    );
    let request = server
        .http
        .get(server.url("/healthz"))
        .header("x-request-id", "not \"plain\"");
    let given = request.send().await.unwrap().headers()["x-request-id"]
        .to_str()
        .unwrap()
        .to_owned();
    assert_eq!(given.len(), 12);
    let log = server.process.log_with(&["mine-1", &given]);
    for line in log.lines() {
        serde_json::from_str::<serde_json::Value>(line)
            .unwrap_or_else(|_| panic!("not JSON: {line}"));
    }
    let secret = key.split('_').nth(2).unwrap();
    for secret in [
        secret,
        "X-Amz-Signature",
        EVENTS_SECRET,
        token,
        "open-sesame",
    ] {
        assert!(!log.contains(secret), "the log contains a secret");
    }
    if !Engine::current().is_default() {
        return;
    }
    let store = fs::read_to_string(server.data_dir.join("store/credentials")).unwrap();
    assert!(!log.contains(store.lines().nth(1).unwrap()));
    let database = fs::read(server.data_dir.join("hulk.db-wal")).unwrap();
    assert!(
        !database
            .windows(secret.len())
            .any(|window| window == secret.as_bytes())
    );
}

#[tokio::test]
async fn health_and_metrics() {
    let server = Server::start();
    let key = server.user("ada@example.com").key;
    server.upload(&key, "a.txt", b"hello").await;
    let get = async |path: &str| {
        server
            .http
            .get(server.url(path))
            .send()
            .await
            .unwrap()
            .text()
            .await
            .unwrap()
    };
    assert_eq!(get("/healthz").await, "ok\n");
    assert_eq!(get("/readyz").await, "ready\n");
    let metrics = get("/metrics").await;
    assert!(
        metrics.contains("hulk_uploads_total{result=\"validated\"} 1"),
        "{metrics}"
    );
    assert!(metrics.contains("route=\"/api/v1/files\""));
    assert!(metrics.contains("hulk_http_request_duration_seconds_bucket"));
}

#[tokio::test]
async fn the_committed_openapi_document_is_the_servers() {
    let server = Server::start();
    let printed = text(&run(&server.data_dir, &["openapi"], ""));
    let (_, served) = server.get("/api/v1/openapi.json", "").await;
    let printed_json: serde_json::Value = serde_json::from_str(&printed).unwrap();
    assert_eq!(printed_json, served);
    assert_eq!(served["openapi"], "3.1.0");
    let committed = Path::new(env!("CARGO_MANIFEST_DIR")).join("openapi.json");
    if std::env::var_os("HULK_UPDATE").is_some() {
        fs::write(&committed, format!("{printed}\n")).unwrap();
    }
    let committed = fs::read_to_string(committed).unwrap_or_default();
    assert!(
        committed.trim() == printed,
        "hulk-server/openapi.json is old: run the tests with HULK_UPDATE=1"
    );
}
