//! SQL statements of the server, taken from its log: no statement of a request may cost more with each
//! row.

use std::collections::BTreeSet;

use reqwest::Method;
use serde_json::{Value, json};
use sqlx::{AnyConnection, AssertSqlSafe, Row};

use crate::{
    harness::{
        Process,
        engine::Engine,
        fill::{fill, throw_and_share},
        postgres::Postgres,
    },
    server::{Server, command, database, md5, sha256},
};

/// Tables and indexes that stay small whatever the number of files: jobs, and work in progress.
const SMALL: [&str; 6] = [
    "jobs",
    "versions_unfinished",
    "versions_by_expiry",
    "trash_doomed",
    "tiers",
    "tiers_pkey",
];

/// Sends requests for versions, the trash, moves, searches and shares.
async fn keep(server: &Server, key: &str, user: &str, id: &str, directory: &str) {
    server.upload(key, "a/two.txt", b"new").await;
    let versions = format!("/api/v1/files/{id}/versions");
    server.get(&versions, key).await;
    server
        .post(&format!("{versions}/1/restore"), key, json!({}))
        .await;
    server
        .get(
            "/api/v1/files/search?q=two+tag:x+type:models+size>1+age<1d",
            key,
        )
        .await;
    server
        .get(&format!("/api/v1/users/{user}/usage"), key)
        .await;
    let moves = json!({ "items": [{ "id": directory, "path": "c/d" }] });
    server.post("/api/v1/moves", key, moves).await;
    let share = json!({ "directory_id": directory, "max_downloads": 2, "password": "p",
        "permissions": { "can_download": true, "can_upload": true, "can_share": true } });
    let share = server.post("/api/v1/shares", key, share).await.1;
    server.get("/api/v1/shares", key).await;
    let token = share["token"].as_str().unwrap();
    let public = format!("/api/v1/shares/public/{token}");
    let password = json!({ "password": "p" });
    server.post(&format!("{public}/unlock"), "", password).await;
    let file = server.upload(key, "c/d/shared.txt", b"shared").await;
    let share = server.post(
        "/api/v1/shares",
        key,
        json!({ "path": "c/d", "max_downloads": 1,
        "permissions": { "can_download": true, "can_upload": true, "can_share": true } }),
    );
    let share = share.await.1;
    let token = share["token"].as_str().unwrap();
    let public = format!("/api/v1/shares/public/{token}");
    let received = json!({ "path": "shared.txt", "size_bytes": 1 });
    server.post(&format!("{public}/files"), "", received).await;
    server
        .post(&format!("{public}/shares"), "", json!({}))
        .await;
    let link = format!("/d/{}?token={token}", file["id"].as_str().unwrap());
    let claimed = server.send(Method::GET, &link, "", None).await;
    let claim = claimed.headers()["x-share-claim"].to_str().unwrap();
    server
        .put(&format!("{public}/claims/{claim}"), "", json!({}))
        .await;
    let rest = server
        .http
        .get(server.url(&link))
        .header("range", "bytes=1-");
    rest.send().await.unwrap();
    server
        .delete(
            &format!("/api/v1/shares/{}", share["id"].as_str().unwrap()),
            key,
        )
        .await;
    for path in [
        format!("/api/v1/files/{id}"),
        format!("/api/v1/directories/{directory}?recursive=false"),
        format!("/api/v1/directories/{directory}"),
    ] {
        server.delete(&path, key).await;
    }
    server.get("/api/v1/trash", key).await;
    server
        .post(&format!("/api/v1/trash/{id}/restore"), key, json!({}))
        .await;
    server.delete(&format!("/api/v1/files/{id}"), key).await;
    server.delete(&format!("/api/v1/trash/{id}"), key).await;
    server.delete("/api/v1/trash", key).await;
    server.plan(key, "full.bin", 1 << 20).await;
    let too_large = json!({ "path": "larger.bin", "size_bytes": 1_u64 << 40 });
    server.post("/api/v1/files", key, too_large).await;
}

#[tokio::test]
async fn sqlite_answers_from_indexes() {
    let (server, statements) = statements_of(Server::start()).await;
    let mut database = database(&server.data_dir).await;
    fill(&mut database, 50, 20_000).await;
    throw_and_share(&mut database).await;
    for statement in &statements {
        let plan = format!("EXPLAIN QUERY PLAN {statement}");
        let rows = sqlx::query(AssertSqlSafe(plan)).fetch_all(&mut database);
        for row in rows.await.unwrap() {
            let step: String = row.get("detail");
            let is_scan = step.starts_with("SCAN ")
                && !step.starts_with("SCAN up")
                && !step.starts_with("SCAN down");
            let is_small = SMALL.iter().any(|name| step.contains(name));
            assert!(
                !is_scan || is_small || step.contains("CONSTANT"),
                "{step}: {statement}"
            );
        }
    }
}

#[tokio::test]
async fn postgres_answers_from_indexes() {
    let Some(postgres) = Postgres::start(false) else {
        return;
    };
    let engine = Engine {
        database: Some(postgres.url()),
        ..Engine::default()
    };
    let (server, statements) = statements_of(Server::start_on(&engine, &[])).await;
    let mut database = database(&server.data_dir).await;
    fill(&mut database, 50, 20_000).await;
    throw_and_share(&mut database).await;
    // For so few rows Postgres prefers sequential scans, but the plans for many rows matter.
    for setting in [
        "enable_seqscan = off",
        "plan_cache_mode = force_generic_plan",
    ] {
        run(&mut database, &format!("SET {setting}")).await;
    }
    for (number, statement) in statements.iter().enumerate() {
        run(&mut database, &format!("PREPARE s{number} AS {statement}")).await;
        let count = (1..=30)
            .rev()
            .find(|n| statement.contains(&format!("${n}")));
        let nulls = vec!["NULL"; count.unwrap_or(0)].join(", ");
        let arguments = if nulls.is_empty() {
            nulls
        } else {
            format!("({nulls})")
        };
        let explain = format!("EXPLAIN (COSTS OFF) EXECUTE s{number}{arguments}");
        let rows = sqlx::raw_sql(AssertSqlSafe(explain)).fetch_all(&mut database);
        let lines: Vec<String> = rows.await.unwrap().iter().map(|row| row.get(0)).collect();
        check(&lines, statement);
    }
}

async fn run(database: &mut AnyConnection, statement: &str) {
    let statement = AssertSqlSafe(statement.to_owned());
    sqlx::raw_sql(statement).execute(database).await.unwrap();
}

/// Asserts that every access to a table is by a condition on an index, which the plan shows below it.
fn check(plan: &[String], statement: &str) {
    for (at, step) in plan.iter().enumerate() {
        let is_access = step.contains("Scan on ") || step.contains("Scan using ");
        let is_own = ["CTE Scan", "WorkTable Scan", "Subquery Scan"]
            .iter()
            .any(|own| step.contains(own));
        let is_small = SMALL.iter().any(|name| step.contains(name));
        if !is_access || is_own || is_small || step.contains("Bitmap Heap Scan") {
            continue;
        }
        let below = plan[at + 1..]
            .iter()
            .take_while(|line| !line.contains("->"));
        let is_met = below.into_iter().any(|line| line.contains("Index Cond:"));
        assert!(is_met, "{step}: {statement}\n{}", plan.join("\n"));
    }
}

/// Distinct SQL statements that requests make the server run.
async fn statements_of(mut server: Server) -> (Server, BTreeSet<String>) {
    let key = server.user("ada@example.com").key;
    server.process.terminate();
    let mut serve = command(&server.data_dir);
    serve
        .args(["--listen", "127.0.0.1:0"])
        .env("RUST_LOG", "info,sqlx::query=debug");
    server.process = Process::start(serve).unwrap();
    let file = server.upload(&key, "a/b/one.txt", b"one").await;
    let (id, directory) = (
        file["id"].as_str().unwrap(),
        file["directory_id"].as_str().unwrap(),
    );
    for round in 0..12 {
        server.upload(&key, &format!("{round}.txt"), b"many").await;
    }
    server.upload(&key, "big.bin", &vec![1; 9 << 20]).await;
    server.upload(&key, "big.bin", &vec![2; 9 << 20]).await;
    let user = server.get("/api/v1/me", &key).await.1["user"]["id"].clone();
    let user = user.as_str().unwrap();
    let declared = json!({
        "path": "c.txt", "size_bytes": 3, "sha256": sha256(b"one"), "part_md5s": [md5(b"one")],
    });
    server.post("/api/v1/files", &key, declared.clone()).await;
    server
        .post("/api/v1/files/batch", &key, json!({ "items": [declared] }))
        .await;
    for path in [
        format!("/d/{id}"),
        format!("/d/~{user}/a/b/one.txt"),
        format!("/api/v1/files/{id}"),
        format!("/api/v1/files?filter~directory_id={directory}&order_by=filename+asc"),
        "/api/v1/files?filter~path=a/b/one.txt".to_owned(),
        "/api/v1/files?offset=2".to_owned(),
        "/api/v1/directories".to_owned(),
        "/api/v1/api-keys".to_owned(),
        format!("/b/{directory}"),
    ] {
        server.send(Method::GET, &path, &key, None).await;
    }
    let (_, page) = server.get("/api/v1/files?limit=2", &key).await;
    let cursor = page["next_cursor"].as_str().unwrap();
    server
        .get(&format!("/api/v1/files?cursor={cursor}"), &key)
        .await;
    let moved = json!({ "path": "a/two.txt", "expiration_policy": "7d" });
    server
        .send(
            Method::PATCH,
            &format!("/api/v1/files/{id}"),
            &key,
            Some(moved.clone()),
        )
        .await;
    server
        .put(&format!("/api/v1/files/{id}"), &key, moved)
        .await;
    let planned = server.plan(&key, "cancelled.bin", 5).await;
    let planned = planned["file"]["id"].as_str().unwrap();
    server
        .delete(&format!("/api/v1/files/{planned}/upload"), &key)
        .await;
    keep(&server, &key, user, id, directory).await;
    let request = server.http.put(server.url("/put/d.txt")).bearer_auth(&key);
    request.body("direct").send().await.unwrap();
    server.get("/api/v1/files", &key).await;
    let log = server.process.log_with(&["sqlx::query"]);
    let events = log
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let statements = events
        .filter(|event| event["target"] == "sqlx::query")
        .map(|event| {
            let whole = event["db.statement"].as_str().unwrap_or_default().trim();
            match whole.is_empty() {
                true => event["summary"].as_str().unwrap().to_owned(),
                false => whole.to_owned(),
            }
        });
    let verbs = ["SELECT", "INSERT", "UPDATE", "DELETE", "WITH"];
    let is_meant = |text: &String| {
        verbs.iter().any(|verb| text.starts_with(verb)) && !text.contains("_sqlx_migrations")
    };
    let statements: BTreeSet<String> = statements.filter(is_meant).collect();
    assert!(statements.len() > 40, "{statements:#?}");
    (server, statements)
}
