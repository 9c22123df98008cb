//! The audit log: each change is in it, with who did it and from where.

use reqwest::Method;
use serde_json::{Value, json};

use crate::server::{PASSWORD, ROOT_KEY, Server, code};

fn actions(page: &Value) -> Vec<&str> {
    let items = page["items"].as_array().unwrap().iter();
    items.map(|item| item["action"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn what_a_user_does_is_recorded_with_the_credential_and_the_address() {
    let server = Server::start_with(&["--trusted-proxies", "127.0.0.1"]);
    let ada = server.user("ada@example.com");
    let from = |method: Method, path: &str, key: &str, body: Option<Value>| {
        let mut request = server.http.request(method, server.url(path));
        if !key.is_empty() {
            request = request.bearer_auth(key);
        }
        if let Some(body) = body {
            request = request.json(&body);
        }
        let sent = request.header("x-forwarded-for", "192.0.2.7").send();
        async {
            sent.await
                .unwrap()
                .json::<Value>()
                .await
                .unwrap_or_default()
        }
    };
    let post = |path: &'static str, body: Value| from(Method::POST, path, &ada.key, Some(body));
    let file = server.upload(&ada.key, "dir/a.txt", b"x").await;
    let file_id = file["id"].as_str().unwrap();
    let share = post("/api/v1/shares", json!({ "path": "dir" })).await;
    let key = post(
        "/api/v1/api-keys",
        json!({ "label": "l", "permissions": "read" }),
    )
    .await;
    let path = format!("/api/v1/files/{file_id}");
    from(Method::PUT, &path, &ada.key, Some(json!({ "tags": ["t"] }))).await;
    from(Method::DELETE, &path, &ada.key, None).await;
    let log_in = |password: &str| json!({ "email": "ada@example.com", "password": password });
    from(Method::POST, "/api/v1/sessions", "", Some(log_in("wrong"))).await;
    from(Method::POST, "/api/v1/sessions", "", Some(log_in(PASSWORD))).await;

    let (_, log) = server.get("/api/v1/audit?limit=100", &ada.key).await;
    assert_eq!(
        actions(&log),
        [
            "session.create",
            "session.create",
            "file.delete",
            "file.change",
            "key.create",
            "share.create",
            "file.put",
            "key.create",
            "user.create"
        ]
    );
    assert_eq!(log["total"], 9);
    let items = log["items"].as_array().unwrap();
    let own = ada.user_id.as_str();
    for (number, kind, outcome, target) in [
        (0, "user", "done", None),
        (1, "anonymous", "refused", Some(own)),
        (2, "api_key", "done", Some(file_id)),
        (4, "api_key", "done", key["api_key"]["id"].as_str()),
        (5, "api_key", "done", share["id"].as_str()),
    ] {
        let event = &items[number];
        assert_eq!(event["actor"]["kind"], kind, "{event}");
        assert_eq!(event["outcome"], outcome, "{event}");
        assert_eq!(event["address"], "192.0.2.7", "{event}");
        if let Some(target) = target {
            assert_eq!(event["target"], target, "{event}");
        }
        assert_eq!(
            event["actor"].get("on_behalf_of").is_some(),
            kind == "anonymous",
            "{event}"
        );
    }
    assert_eq!(items[2]["actor"]["id"].as_str().unwrap().len(), 12);
    assert!(!log.to_string().contains("hulk_"), "no secret: {log}");
}

#[tokio::test]
async fn each_sees_their_own_and_admins_see_all_in_pages_without_gap_or_repeat() {
    let server = Server::start();
    let ada = server.user("ada@example.com");
    let bob = server.user("bob@example.com");
    let admin = server.user_with(
        "root@example.com",
        "all",
        &["--verified", "--role", "admin"],
    );
    for number in 0..7 {
        server
            .upload(&ada.key, &format!("{number}.txt"), b"x")
            .await;
    }
    let path = format!("/api/v1/admin/users/{}", ada.user_id);
    server
        .put(&path, &admin.key, json!({ "quota_bytes": 1000 }))
        .await;
    server
        .put(&path, ROOT_KEY, json!({ "quota_bytes": 2000 }))
        .await;

    let (_, log) = server.get("/api/v1/audit?limit=1000", &bob.key).await;
    assert_eq!(actions(&log), ["key.create", "user.create"]);
    // What admins do is in their own log too.
    let (_, log) = server
        .get("/api/v1/audit?filter~action=user.change", &admin.key)
        .await;
    let event = &log["items"][0];
    assert_eq!(
        (log["total"].as_u64(), &event["target"]),
        (Some(1), &json!(ada.user_id))
    );
    assert_eq!(event["actor"]["user_id"], admin.user_id.as_str());
    assert_eq!(event["actor"]["on_behalf_of"], ada.user_id.as_str());
    assert_eq!(event["details"], json!({ "quota_bytes": 1000 }));
    let (_, log) = server
        .get("/api/v1/audit?filter~action=user.change", &ada.key)
        .await;
    assert_eq!(log["total"], 2);
    assert_eq!(
        log["items"][0]["actor"],
        json!({ "kind": "root", "id": null, "user_id": null, "on_behalf_of": ada.user_id })
    );
    // Nobody filters their way to others' events.
    let foreign = format!("/api/v1/audit?filter~user_id={}", ada.user_id);
    let (status, error) = server.get(&foreign, &bob.key).await;
    assert_eq!((status.as_u16(), code(&error)), (400, "VALIDATION_ERROR"));

    for (list, key) in [
        ("/api/v1/admin/audit?limit=3".to_owned(), &admin.key),
        (
            format!("/api/v1/admin/audit?limit=3&filter~user_id={}", ada.user_id),
            &admin.key,
        ),
        ("/api/v1/audit?limit=3".to_owned(), &ada.key),
    ] {
        let (_, whole) = server
            .get(&list.replace("limit=3", "limit=1000"), key)
            .await;
        let mut seen: Vec<Value> = Vec::new();
        let mut next = Some(list.clone());
        while let Some(url) = next.take() {
            let (status, page) = server.get(&url, key).await;
            assert_eq!(status, 200, "{url}: {page}");
            seen.extend(page["items"].as_array().unwrap().iter().cloned());
            if let Some(cursor) = page["next_cursor"].as_str() {
                // What happens meanwhile is not on later pages.
                server.upload(&ada.key, "late.txt", url.as_bytes()).await;
                next = Some(format!("{list}&cursor={cursor}"));
            }
        }
        assert_eq!(&seen, whole["items"].as_array().unwrap(), "{list}");
        let (_, skipped) = server
            .get(
                &format!("{}&offset=2", list.replace("limit=3", "limit=4")),
                key,
            )
            .await;
        assert_eq!(skipped["items"].as_array().unwrap().len(), 4, "{list}");
    }
    for bad in ["cursor=x", "cursor=1.x", "order_by=at", "filter~kind=x"] {
        let (status, error) = server
            .get(&format!("/api/v1/admin/audit?{bad}"), ROOT_KEY)
            .await;
        assert_eq!(
            (status.as_u16(), code(&error)),
            (400, "VALIDATION_ERROR"),
            "{bad}"
        );
    }
}
