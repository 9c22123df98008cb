//! Tiers: their limits, and requests for another one.

use reqwest::Method;
use serde_json::{Value, json};

use crate::server::{Key, ROOT_KEY, Server, code};

async fn tier(server: &Server, fields: Value) -> Value {
    let (status, made) = server.post("/api/v1/admin/tiers", ROOT_KEY, fields).await;
    assert_eq!(status, 201, "{made}");
    made
}

async fn give(server: &Server, user: &Key, tier: &str) {
    let path = format!("/api/v1/admin/users/{}", user.user_id);
    let (status, answer) = server.put(&path, ROOT_KEY, json!({ "tier": tier })).await;
    assert_eq!(
        (status.as_u16(), &answer["tier"]),
        (200, &json!(tier)),
        "{answer}"
    );
}

/// Waits until queued work has given a user this quota.
async fn wait_for_quota(server: &Server, user: &Key, quota: u64) {
    for _ in 0..200 {
        let (_, me) = server.get("/api/v1/me", &user.key).await;
        if me["user"]["quota_bytes"] == quota {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    panic!("the quota is not {quota}");
}

#[tokio::test]
async fn a_tier_limits_bytes_objects_and_the_size_of_a_file() {
    let server = Server::start();
    let ada = server.user("ada@example.com");
    let (_, tiers) = server.get("/api/v1/tiers", &ada.key).await;
    let names: Vec<&str> = tiers["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|tier| tier["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["free", "pro", "tres-commas"]);
    let small =
        json!({ "name": "small", "storage_bytes": 1000, "object_count": 2, "max_file_size": 600 });
    let small = tier(&server, small).await;
    let (_, seen) = server.get("/api/v1/tiers", &ada.key).await;
    assert_eq!(seen["total"], 3, "private ones are not shown");
    give(&server, &ada, "small").await;
    let (_, me) = server.get("/api/v1/me", &ada.key).await;
    assert_eq!(me["user"]["tier"], "small");
    assert_eq!(
        me["limits"],
        json!({ "storage_bytes": 1000, "object_count": 2, "max_file_size": 600, "monthly_download_bytes": null })
    );
    let put = |path: &str, size: u64| {
        let body = json!({ "path": path, "size_bytes": size });
        let (server, key) = (&server, ada.key.clone());
        async move { server.post("/api/v1/files", &key, body).await }
    };
    assert_eq!(put("large.bin", 601).await.0, 507);
    assert_eq!(put("one.bin", 600).await.0, 201);
    let (status, error) = put("two.bin", 401).await;
    assert_eq!((status.as_u16(), code(&error)), (507, "QUOTA_EXCEEDED"));
    assert_eq!(
        error["error"]["details"],
        json!({ "limit": "storage_bytes" })
    );
    assert_eq!(put("two.bin", 400).await.0, 201);
    let (status, error) = put("three.bin", 0).await;
    assert_eq!((status.as_u16(), code(&error)), (507, "QUOTA_EXCEEDED"));
    assert_eq!(
        error["error"]["details"],
        json!({ "limit": "object_count" })
    );

    // Whoever has the quota of the tier gets its new one; whoever has one of their own keeps it.
    let bob = server.user("bob@example.com");
    give(&server, &bob, "small").await;
    let own = format!("/api/v1/admin/users/{}", bob.user_id);
    server
        .put(&own, ROOT_KEY, json!({ "quota_bytes": 77 }))
        .await;
    let path = format!("/api/v1/admin/tiers/{}", small["id"].as_str().unwrap());
    let larger = json!({ "name": "small", "storage_bytes": 5000 });
    assert_eq!(server.put(&path, ROOT_KEY, larger).await.0, 200);
    wait_for_quota(&server, &ada, 5000).await;
    // Two changes at once end with the quota that the tier has.
    let (one, other) = (
        json!({ "name": "small", "storage_bytes": 6000 }),
        json!({ "name": "small", "storage_bytes": 7000 }),
    );
    let changed = tokio::join!(
        server.put(&path, ROOT_KEY, one),
        server.put(&path, ROOT_KEY, other)
    );
    assert_eq!((changed.0.0.as_u16(), changed.1.0.as_u16()), (200, 200));
    let (_, tiers) = server.get("/api/v1/admin/tiers?limit=100", ROOT_KEY).await;
    let items = tiers["items"].as_array().unwrap();
    let small = items.iter().find(|tier| tier["name"] == "small").unwrap();
    wait_for_quota(&server, &ada, small["storage_bytes"].as_u64().unwrap()).await;
    wait_for_quota(&server, &bob, 77).await;
    let (status, error) = server.delete(&path, ROOT_KEY).await;
    assert_eq!((status.as_u16(), code(&error)), (409, "CONFLICT"));
    for user in [&ada, &bob] {
        give(&server, user, "free").await;
    }
    assert_eq!(server.delete(&path, ROOT_KEY).await.0, 204);
}

#[tokio::test]
async fn a_month_of_downloads_holds_under_a_race() {
    let server = Server::start();
    let ada = server.user("ada@example.com");
    tier(
        &server,
        json!({ "name": "month", "monthly_download_bytes": 100_000 }),
    )
    .await;
    let file = server.upload(&ada.key, "a.bin", &[7; 1000]).await;
    let link = format!("/d/{}", file["id"].as_str().unwrap());
    give(&server, &ada, "month").await;
    // What the server took the limit to be before is over soon.
    tokio::time::sleep(std::time::Duration::from_secs(3)).await;
    let gets = (0..400).map(|_| server.send(Method::GET, &link, "", None));
    let answers = futures_util::future::join_all(gets).await;
    let taken = answers
        .iter()
        .filter(|answer| answer.status() == 302)
        .count();
    assert!((99..=100).contains(&taken), "{taken} downloads of 100");
    let refused = answers
        .into_iter()
        .find(|answer| answer.status() == 429)
        .unwrap();
    let wait: u64 = refused.headers()["retry-after"]
        .to_str()
        .unwrap()
        .parse()
        .unwrap();
    assert!(wait <= 31 * 24 * 60 * 60, "{wait}");
    let (status, error) = crate::server::answer(refused).await;
    assert_eq!((status.as_u16(), code(&error)), (429, "TRANSFER_EXCEEDED"));
    assert!(
        error["error"]["message"].as_str().unwrap().contains("-01"),
        "{error}"
    );
    // Nobody is served meanwhile, but a HEAD costs nothing.
    assert_eq!(
        server
            .send(Method::GET, &link, &ada.key, None)
            .await
            .status(),
        429
    );
    assert_eq!(
        server.send(Method::HEAD, &link, "", None).await.status(),
        302
    );
    give(&server, &ada, "tres-commas").await;
    for _ in 0..100 {
        if server.send(Method::GET, &link, "", None).await.status() == 302 {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    panic!("another tier is not seen");
}

#[tokio::test]
async fn what_was_downloaded_is_remembered_and_forgotten_with_the_month() {
    let directory = tempfile::TempDir::new().unwrap();
    let data_dir = directory.path().join("data");
    let server = Server::start_in(&data_dir, &[]);
    let ada = server.user("ada@example.com");
    tier(
        &server,
        json!({ "name": "month", "monthly_download_bytes": 1500 }),
    )
    .await;
    give(&server, &ada, "month").await;
    let file = server.upload(&ada.key, "a.bin", &[7; 1000]).await;
    let link = format!("/d/{}", file["id"].as_str().unwrap());
    assert_eq!(server.get(&link, "").await.0, 302);
    let mut server = server;
    assert_eq!(server.process.terminate(), Some(0));
    drop(server);
    let mut server = Server::start_in(&data_dir, &[]);
    assert_eq!(server.get(&link, "").await.0, 429);
    assert_eq!(server.process.terminate(), Some(0));
    drop(server);
    crate::server::sql(&data_dir, "UPDATE users SET month = month - 1").await;
    let server = Server::start_in(&data_dir, &[]);
    assert_eq!(server.get(&link, "").await.0, 302);
}

#[tokio::test]
async fn a_request_is_made_once_and_decided_once() {
    let server = Server::start();
    let ada = server.user("ada@example.com");
    tier(&server, json!({ "name": "secret" })).await;
    let ask = |tier: &str| {
        let body = json!({ "tier": tier, "reason": "more models" });
        let (server, key) = (&server, ada.key.clone());
        async move { server.post("/api/v1/tier-requests", &key, body).await }
    };
    for (tier, status) in [
        ("none", 400),
        ("secret", 400),
        ("free", 409),
        ("pro", 201),
        ("tres-commas", 409),
    ] {
        assert_eq!(ask(tier).await.0.as_u16(), status, "{tier}");
    }
    let (_, waiting) = server
        .get("/api/v1/admin/tier-requests?filter~state=pending", ROOT_KEY)
        .await;
    assert_eq!(
        (&waiting["total"], &waiting["items"][0]["tier"]),
        (&json!(1), &json!("pro"))
    );
    let id = waiting["items"][0]["id"].as_str().unwrap();
    let path = format!("/api/v1/admin/tier-requests/{id}");
    let (one, other) = tokio::join!(
        server.put(
            &path,
            ROOT_KEY,
            json!({ "approved": true, "note": "enjoy" })
        ),
        server.put(&path, ROOT_KEY, json!({ "approved": false }))
    );
    let mut statuses = [one.0.as_u16(), other.0.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 409]);
    let (_, own) = server.get("/api/v1/tier-requests", &ada.key).await;
    let is_approved = own["items"][0]["state"] == "approved";
    let (_, me) = server.get("/api/v1/me", &ada.key).await;
    let expected = match is_approved {
        true => ("pro", 1_000_000_000_000_u64),
        false => ("free", 10 << 30),
    };
    assert_eq!(
        (&me["user"]["tier"], &me["user"]["quota_bytes"]),
        (&json!(expected.0), &json!(expected.1))
    );
    let (_, log) = server.get("/api/v1/audit", &ada.key).await;
    let action = if is_approved {
        "tier.approve"
    } else {
        "tier.refuse"
    };
    assert_eq!(log["items"][0]["action"], action, "{log}");
    // A decided request is no obstacle to another one.
    assert_eq!(ask("tres-commas").await.0, 201);
}

#[tokio::test]
async fn the_tier_of_new_users_is_a_setting() {
    let directory = tempfile::TempDir::new().unwrap();
    let data_dir = directory.path().join("data");
    let flags = ["--signup", "open", "--default-tier", "pro"];
    let server = Server::start_in(&data_dir, &flags);
    let body = json!({ "email": "ada@example.com", "password": crate::server::PASSWORD });
    let (_, made) = server.post("/api/v1/users", "", body).await;
    assert_eq!(
        (&made["user"]["tier"], &made["user"]["quota_bytes"]),
        (&json!("pro"), &json!(1_000_000_000_000_u64))
    );
    let (status, _) = server
        .delete("/api/v1/admin/tiers/tierpro00000", ROOT_KEY)
        .await;
    assert_eq!(status, 409);
    drop(server);
    let mut serve = crate::server::command(&data_dir);
    serve.args(["--listen", "127.0.0.1:0", "--default-tier", "none"]);
    let refused = crate::harness::Process::start(serve).map(drop).unwrap_err();
    assert!(refused.contains("no such tier"), "{refused}");
}
