//! Background jobs, run by a command as for cron.

use sqlx::Row;

use crate::{
    harness::files_below,
    server::{Server, database, has_embedded_store, run, signed, sql, text},
};

#[tokio::test]
async fn stale_uploads_and_expired_files_give_their_space_back() {
    let mut server = Server::start();
    let key = server.user("ada@example.com").key;
    server.upload(&key, "kept.txt", b"kept").await;
    server.upload(&key, "old.txt", b"old").await;
    let planned = server.plan(&key, "never.bin", 1000).await;
    server.send_bytes(&key, &planned, &[0; 1000]).await;
    let parts = server.plan(&key, "never-in-parts.bin", 20 << 20).await;
    let sign = serde_json::json!([{ "number": 1 }]);
    let (_, signed_part) = server.sign(&key, &parts, sign).await;
    let put = signed(&server.http, &signed_part["parts"][0]).body(vec![0; 8 << 20]);
    assert_eq!(put.send().await.unwrap().status(), 200);
    assert_eq!(server.used_bytes(&key).await, 1007 + (20 << 20));
    server.process.terminate();
    sql(
        &server.data_dir,
        "UPDATE versions SET updated_at = 1 WHERE state = 'reserved'",
    )
    .await;
    sql(
        &server.data_dir,
        "UPDATE versions SET expires_at = 1 WHERE size_bytes = 3",
    )
    .await;
    let swept = text(&run(&server.data_dir, &["--json", "sweep"], ""));
    let swept: serde_json::Value = serde_json::from_str(&swept).unwrap();
    assert_eq!(
        (&swept["stale_uploads"], &swept["expired_files"]),
        (&2.into(), &1.into())
    );
    let again = Server::start_in(&server.data_dir, &[]);
    assert_eq!(again.used_bytes(&key).await, 4);
    assert_eq!(again.get("/api/v1/files", &key).await.1["total"], 1);
    if !has_embedded_store() {
        return;
    }
    for (directory, left) in [("store/data", 0), ("store/objects", 1)] {
        let files = files_below(&server.data_dir.join(directory));
        assert_eq!(files.len(), left, "{files:?}");
    }
    assert!(files_below(&server.data_dir.join("store/uploads")).is_empty());
}

#[tokio::test]
async fn what_log_ins_leave_is_deleted_however_much_it_is() {
    let mut server = Server::start();
    let user_id = server.user("ada@example.com").user_id;
    server.process.terminate();
    for insert in [
        "sessions (id, user_id, client, address, permissions, token_key, created_at, last_used_at,
                   expires_at) SELECT 's' || n, '{user}', '', '', 'all', '', 1, 1, 1",
        "session_tokens (token_hash, session_id, kind, expires_at) SELECT 't' || n, 's' || n, 'access', 1",
        "login_links (token_hash, user_id, next_path, expires_at) SELECT 't' || n, '{user}', '/', 1",
        "mail_tokens (token_hash, user_id, kind, email, expires_at)
             SELECT 't' || n, '{user}', 'verification', '', 1",
        "attempts (class, subject, started_at, count) SELECT 'login', 'a' || n, 1, 1",
        "queue (id, kind, payload, state, attempts, run_at, holder, held_until, created_at, updated_at)
             SELECT 'q' || n, '', '', 'done', 1, 1, '', 0, 1, 1",
    ] {
        let insert = insert.replace("{user}", &user_id);
        let numbers = "WITH RECURSIVE numbers (n) AS
            (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 1200)";
        let (table, select) = insert.split_once("SELECT").unwrap();
        let statement = format!("INSERT INTO {table} {numbers} SELECT {select} FROM numbers");
        sql(&server.data_dir, statement).await;
    }
    let swept = text(&run(&server.data_dir, &["--json", "sweep"], ""));
    let swept: serde_json::Value = serde_json::from_str(&swept).unwrap();
    assert_eq!(swept["ended_sessions"], 1200);
    let left = "SELECT (SELECT COUNT(*) FROM sessions) + (SELECT COUNT(*) FROM session_tokens)
        + (SELECT COUNT(*) FROM login_links) + (SELECT COUNT(*) FROM mail_tokens)
        + (SELECT COUNT(*) FROM attempts) + (SELECT COUNT(*) FROM queue) AS count";
    let mut database = database(&server.data_dir).await;
    let row = sqlx::query(left).fetch_one(&mut database).await.unwrap();
    assert_eq!(row.get::<i64, _>("count"), 0);
}
