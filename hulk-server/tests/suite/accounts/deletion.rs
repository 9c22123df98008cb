//! Accounts that their users delete.

use reqwest::Method;
use serde_json::json;
use sqlx::Row;

use super::{PASSWORD, log_in, sign_up, text, token};
use crate::server::{ROOT_KEY, Server, code, database, has_embedded_store, sql};

#[tokio::test]
async fn everything_goes_and_links_stop_at_once() {
    let server = Server::start_with(&["--signup", "open"]);
    let (user, key) = sign_up(&server, "ada@example.com").await;
    let verification = token(&server, "ada@example.com", "Confirm", 1).await;
    let own = format!("/api/v1/users/{}", text(&user, "id"));
    let body = json!({ "token": verification });
    let verified = server
        .put(&format!("{own}/email-verification"), "", body)
        .await;
    assert_eq!(verified.0, 204);
    let file = server.upload(&key, "dir/a.txt", b"hello").await;
    server.upload(&key, "dir/a.txt", b"hello again").await;
    let thrown = server.upload(&key, "thrown.txt", b"x").await;
    let path = format!("/api/v1/files/{}", text(&thrown, "id"));
    server.delete(&path, &key).await;
    let unfinished = server.plan(&key, "unfinished.txt", 1).await;
    server.plan(&key, "parts.bin", 20 << 20).await;
    let share = server
        .post("/api/v1/shares", &key, json!({ "path": "dir" }))
        .await
        .1;
    let (_, session) = log_in(&server, "ada@example.com", PASSWORD).await;
    let session = text(&session, "access_token");
    let link = server.post("/api/v1/sessions/links", session, json!({}));
    assert_eq!(link.await.0, 201);

    let delete = |password: &str, by: String| {
        let body = json!({ "password": password });
        let (server, own) = (&server, own.clone());
        async move {
            server
                .send(Method::DELETE, &own, &by, Some(body))
                .await
                .status()
                .as_u16()
        }
    };
    assert_eq!(delete("wrong", key.clone()).await, 401);
    let bob = server.user("bob@example.com");
    assert_eq!(delete(PASSWORD, bob.key.clone()).await, 404);
    assert_eq!(delete(PASSWORD, key.clone()).await, 204);
    for (path, by) in [
        (format!("/d/{}", text(&file, "id")), ""),
        (format!("/d/~{}/dir/a.txt", text(&user, "id")), ""),
        (format!("/b/{}", text(&file, "directory_id")), ""),
        (format!("/s/{}", text(&share, "token")), ""),
        (
            format!("/api/v1/shares/public/{}", text(&share, "token")),
            "",
        ),
        (
            format!("/api/v1/admin/users/{}", text(&user, "id")),
            ROOT_KEY,
        ),
    ] {
        assert_eq!(server.get(&path, by).await.0, 404, "{path}");
    }
    for credential in [&key, session] {
        assert_eq!(server.get("/api/v1/me", credential).await.0, 401);
    }
    assert_eq!(log_in(&server, "ada@example.com", PASSWORD).await.0, 401);
    if has_embedded_store() {
        let late = server.send_bytes("", &unfinished, b"u").await.status();
        assert!(!late.is_success(), "{late}");
    }
    // The address is free again.
    let (again, _) = sign_up(&server, "ada@example.com").await;
    assert_ne!(again["id"], user["id"]);

    let id = text(&user, "id");
    for table in [
        "entries",
        "versions",
        "api_keys",
        "sessions",
        "login_links",
        "shares",
        "trash",
        "mail_tokens",
    ] {
        wait_for_none(
            &server,
            &format!("SELECT COUNT(*) FROM {table} WHERE user_id = '{id}'"),
        )
        .await;
    }
    wait_for_none(
        &server,
        &format!("SELECT COUNT(*) FROM users WHERE id = '{id}'"),
    )
    .await;
    let (_, jobs) = server
        .get("/api/v1/admin/jobs?filter~kind=account_deletion", ROOT_KEY)
        .await;
    assert_eq!(jobs["items"][0]["state"], "done", "{jobs}");
    let (_, events) = server
        .get(
            &format!("/api/v1/admin/audit?filter~user_id={id}"),
            ROOT_KEY,
        )
        .await;
    assert_eq!(events["items"][0]["action"], "user.delete", "{events}");
    assert_eq!(server.get("/api/v1/me", &bob.key).await.0, 200);
}

/// Waits until a count is 0.
async fn wait_for_none(server: &Server, count: &str) {
    for _ in 0..200 {
        let mut database = database(&server.data_dir).await;
        let query = sqlx::query(sqlx::AssertSqlSafe(count.to_owned()));
        let found: i64 = query.fetch_one(&mut database).await.unwrap().get(0);
        if found == 0 {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    panic!("still there: {count}");
}

#[tokio::test]
async fn many_entries_go_in_batches_though_the_server_dies_in_between() {
    let directory = tempfile::TempDir::new().unwrap();
    let data_dir = directory.path().join("data");
    let mut server = Server::start_in(&data_dir, &[]);
    let ada = server.user("ada@example.com");
    for part in 0..3 {
        let paths: Vec<String> = (0..500).map(|number| format!("d{part}/{number}")).collect();
        let items: Vec<_> = paths.iter().map(|path| json!({ "path": path })).collect();
        let made = server
            .post(
                "/api/v1/directories/batch",
                &ada.key,
                json!({ "items": items }),
            )
            .await;
        assert_eq!(made.0, 200);
    }
    let body = json!({ "password": PASSWORD });
    let own = format!("/api/v1/users/{}", ada.user_id);
    let deleted = server
        .send(Method::DELETE, &own, &ada.key, Some(body))
        .await;
    assert_eq!(deleted.status(), 204);
    server.process.kill();
    drop(server);
    // Nobody waits here until the dead replica's claim of the work lapses.
    sql(&data_dir, "UPDATE queue SET held_until = 0").await;
    let server = Server::start_in(&data_dir, &[]);
    wait_for_none(
        &server,
        &format!("SELECT COUNT(*) FROM users WHERE id = '{}'", ada.user_id),
    )
    .await;
    assert_eq!(
        code(&server.get("/api/v1/me", &ada.key).await.1),
        "AUTH_INVALID_CREDENTIALS"
    );
}
