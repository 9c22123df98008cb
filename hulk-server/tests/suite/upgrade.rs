//! A data directory of an earlier version: it opens, and what is in it works as before.

use std::path::{Path, PathBuf};

use reqwest::Method;
use serde_json::json;
use sqlx::Connection;

use crate::{
    harness::engine::Engine,
    server::{Server, cookies},
};

const KEY: &str = "hulk_8hXpjQQN9b8Q_FyGlaBmpN5WczCYEYVGqPsCOvL0G6IOn_07V3sD";
const READ_KEY: &str = "hulk_l19jGq9HE6Ln_mEmMGtDsEos4f1j91KXBic3p7YQVkTi8_3yEmco";
const FILE: &str = "DHMMRWUVLhVq";
const PRIVATE: &str = "qCAgBZiRutDx";
const THROWN: &str = "LpFlOd1ueqWc";
const UNFINISHED: &str = "5ve042mXsmwr";

/// Puts the data directory where a server can use it.
async fn restore(data_dir: &Path) {
    let from = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/before-accounts");
    copy(&from.join("store"), &data_dir.join("store"));
    let dump = std::fs::read_to_string(from.join("hulk.sql")).unwrap();
    sqlx::any::install_default_drivers();
    let url = format!("sqlite:{}?mode=rwc", data_dir.join("hulk.db").display());
    let mut database = sqlx::AnyConnection::connect(&url).await.unwrap();
    // An upload that nobody has touched for weeks would be swept.
    let touched = "UPDATE versions SET updated_at = CAST(strftime('%s') AS BIGINT) * 1000 WHERE state = 'reserved'";
    for statements in [dump.as_str(), touched] {
        let statements = sqlx::raw_sql(sqlx::AssertSqlSafe(statements.to_owned()));
        statements.execute(&mut database).await.unwrap();
    }
    database.close().await.unwrap();
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap().flatten() {
        let target = to.join(entry.file_name());
        match entry.path().is_dir() {
            true => copy(&entry.path(), &target),
            false => drop(std::fs::copy(entry.path(), target).unwrap()),
        }
    }
}

#[tokio::test]
async fn a_data_directory_from_before_accounts_opens_and_works() {
    if !Engine::current().is_default() {
        return;
    }
    let directory = tempfile::TempDir::new().unwrap();
    let data_dir = directory.path().join("data");
    std::fs::create_dir(&data_dir).unwrap();
    restore(&data_dir).await;
    let server = Server::start_in(&data_dir, &["--trash-days", "36500"]);

    let (status, me) = server.get("/api/v1/me", KEY).await;
    assert_eq!(
        (status.as_u16(), &me["user"]["email"]),
        (200, &json!("ada@example.com")),
        "{me}"
    );
    let (_, read) = server.get("/api/v1/me", READ_KEY).await;
    assert_eq!(read["credential"]["permissions"], "read");
    let got = |path: String, key: &'static str| {
        let server = &server;
        async move {
            let redirect = server.send(Method::GET, &path, key, None).await;
            let url = redirect.headers()["location"].to_str().unwrap().to_owned();
            server
                .http
                .get(url)
                .send()
                .await
                .unwrap()
                .text()
                .await
                .unwrap()
        }
    };
    assert_eq!(
        got(format!("/d/{FILE}/a.txt"), "").await,
        "second version\n"
    );
    assert_eq!(
        got(format!("/d/{FILE}?version=1"), READ_KEY).await,
        "hello\n"
    );
    assert_eq!(got(format!("/d/{PRIVATE}"), READ_KEY).await, "private\n");
    assert_eq!(server.get(&format!("/d/{PRIVATE}"), "").await.0, 404);

    assert_eq!(server.get("/s/Jnp1QNPBRWgzMFRGWKQdqo", "").await.0, 200);
    let unlock = "/api/v1/shares/public/86t1u48WKbBQWQ7c0F8mTC/unlock";
    let opened = server
        .post(unlock, "", json!({ "password": "open sesame 1" }))
        .await;
    assert!(opened.0.is_success(), "{opened:?}");
    assert_eq!(
        server
            .post(unlock, "", json!({ "password": "wrong" }))
            .await
            .0,
        401
    );

    let restored = server
        .post(&format!("/api/v1/trash/{THROWN}/restore"), KEY, json!({}))
        .await;
    assert_eq!(restored.0, 200, "{}", restored.1);
    assert_eq!(got(format!("/d/{THROWN}"), "").await, "hello\n");
    let (status, upload) = server
        .get(&format!("/api/v1/files/{UNFINISHED}/upload"), KEY)
        .await;
    assert_eq!(
        (status.as_u16(), upload["missing"].as_array().map(Vec::len)),
        (200, Some(3)),
        "{upload}"
    );
    server.upload(KEY, "new.txt", b"new").await;

    // What is new works for those who were there before.
    let log_in = json!({ "email": "ada@example.com", "password": "correct horse battery staple" });
    assert_eq!(server.post("/api/v1/sessions", "", log_in).await.0, 201);
    let page = server
        .http
        .post(server.url("/login"))
        .header("sec-fetch-site", "same-origin")
        .header("content-type", "application/x-www-form-urlencoded")
        .body("email=ada%40example.com&password=correct+horse+battery+staple");
    assert!(cookies(&page.send().await.unwrap()).contains("session="));
}
