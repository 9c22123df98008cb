//! What strangers, and other users of the machine, can learn about the server.

use std::os::unix::fs::PermissionsExt;

use serde_json::Value;

use crate::{
    harness::engine::{Engine, free_address},
    other_store::OtherStore,
    server::{Server, has_embedded_store},
};

async fn get(server: &Server, path: &str, header: Option<(&str, &str)>) -> (u16, String) {
    let request = server.http.get(server.url(path));
    let request = match header {
        Some((name, value)) => request.header(name, value),
        None => request,
    };
    let answer = request.send().await.unwrap();
    (answer.status().as_u16(), answer.text().await.unwrap())
}

#[tokio::test]
async fn metrics_are_for_this_machine_or_a_listener_of_their_own() {
    let address = free_address();
    let server = Server::start_with(&["--metrics-listen", &address]);
    for path in ["/metrics", "/readyz?verbose"] {
        assert_eq!(get(&server, path, None).await.0, 200, "{path}");
        for header in [
            ("x-forwarded-for", "127.0.0.1"),
            ("forwarded", "for=127.0.0.1"),
            ("x-real-ip", "127.0.0.1"),
            ("via", "1.1 proxy"),
        ] {
            assert_eq!(
                get(&server, path, Some(header)).await.0,
                404,
                "{path} {header:?}"
            );
        }
        let own = format!("http://{address}{path}");
        let forwarded = Some(("x-forwarded-for", "192.0.2.1"));
        assert_eq!(get(&server, &own, forwarded).await.0, 200, "{path}");
    }
    assert_eq!(
        get(&server, "/readyz", Some(("via", "1.1 proxy"))).await.0,
        200
    );
    let other = format!("http://{address}/api/v1/me");
    assert_eq!(get(&server, &other, None).await.0, 404);
}

#[tokio::test]
async fn answers_of_the_api_are_kept_by_nobody() {
    let server = Server::start();
    let key = server.user("ada@example.com").key;
    server.upload(&key, "a.txt", b"a").await;
    for (path, key) in [
        ("/api/v1/me", key.as_str()),
        ("/api/v1/me", ""),
        ("/api/v1/files", &key),
        ("/api/v1/files/000000000000", &key),
        ("/api/v1/openapi.json", ""),
        ("/api/v1/shares/public/0123456789abcdefghijkl", ""),
    ] {
        let answer = server.send(reqwest::Method::GET, path, key, None).await;
        assert_eq!(answer.headers()["cache-control"], "no-store", "{path}");
    }
}

#[tokio::test]
async fn what_the_server_keeps_is_for_nobody_else_to_read() {
    if !has_embedded_store() {
        return;
    }
    let directory = tempfile::TempDir::new().unwrap();
    let data_dir = directory.path().join("data");
    // As a service manager or a container creates it, with files that an older server left in it.
    std::fs::create_dir(&data_dir).unwrap();
    std::fs::set_permissions(&data_dir, PermissionsExt::from_mode(0o755)).unwrap();
    let mut server = Server::start_in(&data_dir, &[]);
    let key = server.user("ada@example.com").key;
    server.upload(&key, "a.txt", &vec![0; 100_000]).await;
    server.process.terminate();
    for (path, mode) in [("hulk.db", 0o644), ("lock", 0o666), ("store", 0o755)] {
        let path = data_dir.join(path);
        std::fs::set_permissions(path, PermissionsExt::from_mode(mode)).unwrap();
    }
    let theirs = data_dir.join("notes.txt");
    std::fs::write(&theirs, "not the server's").unwrap();
    std::fs::set_permissions(&theirs, PermissionsExt::from_mode(0o644)).unwrap();
    let server = Server::start_in(&data_dir, &[]);
    server.upload(&key, "b.txt", &vec![1; 100_000]).await;
    for entry in std::fs::read_dir(&data_dir).unwrap() {
        let entry = entry.unwrap();
        let mode = entry.metadata().unwrap().permissions().mode() & 0o777;
        match entry.file_name().to_str().unwrap() {
            "notes.txt" => assert_eq!(mode, 0o644, "not the server's"),
            name => assert_eq!(mode & 0o077, 0, "{name} {mode:o}"),
        }
    }
    for file in crate::harness::files_below(&data_dir.join("store")) {
        let mode = file.metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0, "{} {mode:o}", file.display());
    }
}

/// The operator of such a store is warned; `s3s` obeys unsigned headers.
#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_obeys_headers_that_nobody_signed_is_told_of() {
    let store = OtherStore::start();
    let engine = Engine {
        s3: Some(store.store()),
        ..Engine::default()
    };
    for (server, outcome) in [
        (Server::start_on(&engine, &[]), "warning"),
        (Server::start_on(&Engine::default(), &[]), "good"),
    ] {
        let (status, text) = get(&server, "/readyz?verbose", None).await;
        let readiness: Value = serde_json::from_str(&text).unwrap();
        let mut checks = readiness["checks"].as_array().unwrap().iter();
        let check = checks.find(|check| check["name"] == "unsigned headers");
        assert_eq!((status, &check.unwrap()["outcome"]), (200, &outcome.into()));
    }
}
