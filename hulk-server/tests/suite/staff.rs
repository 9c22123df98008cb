//! Moderators, admins and root: what each may do, and to whom.

use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    rights::{documented_routes, matches},
    server::{PASSWORD, ROOT_KEY, Server, answer, code},
};

/// Method, path, and the status for each caller: without a key, a user, a moderator with a key for read and one
/// for all, an admin with a key for read and one for all, an admin's session, and root. Then the body.
const TABLE: &str = r#"
GET    /api/v1/admin/users                 401 403 200 200 200 200 200 200
POST   /api/v1/admin/users                 401 403 403 403 403 201 409 409 {"email": "new@example.com", "password": "correct horse battery staple"}
GET    /api/v1/admin/users/{ada}           401 403 200 200 200 200 200 200
PUT    /api/v1/admin/users/{ada}           401 403 403 403 403 200 200 200 {"quota_bytes": 1000000}
PUT    /api/v1/admin/users/{ada}/password  401 403 403 403 403 204 204 204 {"new_password": "correct horse battery staple"}
GET    /api/v1/admin/files                 401 403 200 200 200 200 200 200
DELETE /api/v1/admin/files/{file}          401 403 403 204 403 404 404 404
GET    /api/v1/admin/stats                 401 403 200 200 200 200 200 200
GET    /api/v1/admin/settings              401 403 403 403 200 200 200 200
GET    /api/v1/admin/audit                 401 403 403 403 200 200 200 200
GET    /api/v1/admin/tiers                 401 403 403 403 200 200 200 200
POST   /api/v1/admin/tiers                 401 403 403 403 403 201 409 409 {"name": "new"}
PUT    /api/v1/admin/tiers/tierpro00000    401 403 403 403 403 200 200 200 {"name": "pro", "is_public": true}
DELETE /api/v1/admin/tiers/tierpro00000    401 403 403 403 403 204 404 404
GET    /api/v1/admin/tier-requests         401 403 403 403 200 200 200 200
PUT    /api/v1/admin/tier-requests/000000000000 401 403 403 403 403 404 404 404 {"approved": true}
GET    /api/v1/admin/jobs                  401 403 403 403 200 200 200 200
GET    /api/v1/admin/jobs/000000000000     401 403 403 403 404 404 404 404
DELETE /api/v1/admin/users/{ada}           401 403 403 403 403 204 404 404
"#;

const CALLERS: usize = 8;

#[tokio::test]
async fn every_route_of_administration_for_every_caller() {
    let server = Server::start();
    let ada = server.user("ada@example.com");
    let file = server.upload(&ada.key, "a.txt", b"x").await;
    server.user("eve@example.com");
    server.user_with(
        "mod@example.com",
        "all",
        &["--verified", "--role", "moderator"],
    );
    server.user_with(
        "root@example.com",
        "all",
        &["--verified", "--role", "admin"],
    );
    let key = |email: &str, permissions: &str| server.key(email, permissions);
    let log_in = json!({ "email": "root@example.com", "password": PASSWORD });
    let (_, session) = server.post("/api/v1/sessions", "", log_in).await;
    let callers: [String; CALLERS] = [
        String::new(),
        key("eve@example.com", "all"),
        key("mod@example.com", "read"),
        key("mod@example.com", "all"),
        key("root@example.com", "read"),
        key("root@example.com", "all"),
        session["access_token"].as_str().unwrap().to_owned(),
        ROOT_KEY.to_owned(),
    ];
    let table = TABLE
        .replace("{ada}", &ada.user_id)
        .replace("{file}", file["id"].as_str().unwrap());
    let (mut wrong, mut asked) = (Vec::new(), Vec::new());
    for line in table.trim().lines() {
        let (columns, body) = line
            .split_once('{')
            .map_or((line, None), |(columns, rest)| {
                (
                    columns,
                    Some(serde_json::from_str(&format!("{{{rest}")).unwrap()),
                )
            });
        let words: Vec<&str> = columns.split_whitespace().collect();
        let method: Method = words[0].parse().unwrap();
        for (who, caller) in callers.iter().enumerate() {
            let sent = server.send(method.clone(), words[1], caller, body.clone());
            let found = sent.await.status().as_str().to_owned();
            if found != words[2 + who] {
                wrong.push(format!("{line}: {found} for caller {who}"));
            }
        }
        asked.push((words[0].to_lowercase(), words[1].to_owned()));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let documented = documented_routes(&server).await;
    let is_asked = |route: &(String, String)| {
        let mut asked = asked.iter();
        asked.any(|(method, path)| *method == route.0 && matches(&route.1, path))
    };
    let missing = documented
        .iter()
        .filter(|(_, path)| path.starts_with("/api/v1/admin/"));
    let missing: Vec<_> = missing.filter(|route| !is_asked(route)).collect();
    assert!(missing.is_empty(), "routes without a row: {missing:?}");
}

#[tokio::test]
async fn nobody_changes_who_stands_above_nor_takes_the_last_admin_away() {
    let server = Server::start();
    let eve = server.user("eve@example.com");
    let moderator = server.user_with(
        "mod@example.com",
        "all",
        &["--verified", "--role", "moderator"],
    );
    let admin = server.user_with(
        "root@example.com",
        "all",
        &["--verified", "--role", "admin"],
    );
    let file = server.upload(&admin.key, "a.txt", b"x").await;
    let path = format!("/api/v1/admin/files/{}", file["id"].as_str().unwrap());
    assert_eq!(server.delete(&path, &moderator.key).await.0, 403);
    let own = format!("/api/v1/admin/users/{}", admin.user_id);
    for change in [json!({ "role": "user" }), json!({ "is_active": false })] {
        for who in [admin.key.as_str(), ROOT_KEY] {
            let (status, answer) = server.put(&own, who, change.clone()).await;
            assert_eq!(
                (status.as_u16(), code(&answer)),
                (409, "CONFLICT"),
                "{change}"
            );
        }
    }
    assert_eq!(server.delete(&own, ROOT_KEY).await.0, 409);
    // The password of one's own account is asked elsewhere.
    assert_eq!(server.delete(&own, &admin.key).await.0, 403);
    // Root deletes whom it names twice, and nobody else.
    let other = format!("/api/v1/users/{}", eve.user_id);
    let deletion = server.http.delete(server.url(&other)).bearer_auth(ROOT_KEY);
    let deletion = deletion.header("x-hulk-user", &moderator.user_id);
    let deletion = deletion.json(&json!({ "password": "" })).send().await;
    assert_eq!(deletion.unwrap().status(), 404);
    assert_eq!(server.get("/api/v1/me", &moderator.key).await.0, 200);
    let deletion = format!("/api/v1/users/{}", admin.user_id);
    let body = json!({ "password": PASSWORD });
    let deletion = server.send(Method::DELETE, &deletion, &admin.key, Some(body));
    assert_eq!(deletion.await.status(), 409);
    // With a second admin, either may go, but not both: whoever is first.
    let promote = format!("/api/v1/admin/users/{}", eve.user_id);
    let (status, answer) = server
        .put(&promote, &admin.key, json!({ "role": "admin" }))
        .await;
    assert_eq!((status.as_u16(), &answer["role"]), (200, &json!("admin")));
    let demote = json!({ "role": "user" });
    let (one, other) = tokio::join!(
        server.put(&own, ROOT_KEY, demote.clone()),
        server.put(&promote, ROOT_KEY, demote.clone())
    );
    let mut statuses = [one.0.as_u16(), other.0.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 409]);
}

#[tokio::test]
async fn lists_are_searched_filtered_and_paged() {
    let server = Server::start();
    let ada = server.user("ada@example.com");
    server.user_with(
        "mod@example.com",
        "all",
        &["--verified", "--role", "moderator"],
    );
    server.upload(&ada.key, "dir/Report 100%.txt", b"x").await;
    server.upload(&ada.key, "b.bin", b"y").await;
    let emails = |page: &Value| -> Vec<String> {
        let items = page["items"].as_array().unwrap().iter();
        items
            .map(|item| item["email"].as_str().unwrap().to_owned())
            .collect()
    };
    for (query, expected) in [
        ("", &["mod@example.com", "ada@example.com"][..]),
        ("?search=ADA", &["ada@example.com"]),
        ("?search=a_a", &[]),
        ("?filter~role=moderator", &["mod@example.com"]),
        ("?filter~is_active=false", &[]),
        ("?limit=1", &["mod@example.com"]),
        ("?limit=1&offset=1", &["ada@example.com"]),
    ] {
        let (status, page) = server
            .get(&format!("/api/v1/admin/users{query}"), ROOT_KEY)
            .await;
        assert_eq!(
            (status.as_u16(), emails(&page)),
            (200, expected.iter().map(|e| (*e).to_owned()).collect()),
            "{query}"
        );
    }
    for bad in [
        "filter~role=king",
        "filter~email=x",
        "order_by=email",
        "cursor=x",
        "search=%00",
        "wrong=1",
    ] {
        let (status, answer) = server
            .get(&format!("/api/v1/admin/users?{bad}"), ROOT_KEY)
            .await;
        assert_eq!(
            (status.as_u16(), code(&answer)),
            (400, "VALIDATION_ERROR"),
            "{bad}"
        );
    }
    for (query, count) in [
        ("", 2),
        ("?search=100%25", 1),
        ("?search=report", 1),
        ("?filter~user_id=000000000000", 0),
        ("?filter~mime_type=text/plain", 1),
    ] {
        let (_, page) = server
            .get(&format!("/api/v1/admin/files{query}"), ROOT_KEY)
            .await;
        assert_eq!(page["total"], count, "{query}: {page}");
        assert_eq!(page["items"].as_array().unwrap().len(), count, "{query}");
    }
    let (_, details) = server
        .get(&format!("/api/v1/admin/users/{}", ada.user_id), ROOT_KEY)
        .await;
    assert_eq!(details["stats"]["api_keys"], 1, "{details}");
    assert_eq!(details["recent_files"].as_array().unwrap().len(), 2);
    let (_, stats) = server.get("/api/v1/admin/stats", ROOT_KEY).await;
    assert_eq!(
        (&stats["users"], &stats["files"]),
        (&json!(2), &json!(2)),
        "{stats}"
    );
}

#[tokio::test]
async fn an_account_is_suspended_restored_and_given_another_quota_and_password() {
    let server = Server::start();
    let ada = server.user("ada@example.com");
    let file = server.upload(&ada.key, "a.txt", b"x").await;
    let link = format!("/d/{}", file["id"].as_str().unwrap());
    let path = format!("/api/v1/admin/users/{}", ada.user_id);
    let log_in = |password: &str| json!({ "email": "ada@example.com", "password": password });
    let (_, session) = server.post("/api/v1/sessions", "", log_in(PASSWORD)).await;
    let session = session["access_token"].as_str().unwrap();
    assert_eq!(
        server
            .put(&path, ROOT_KEY, json!({ "is_active": false }))
            .await
            .0,
        200
    );
    assert_eq!(server.get("/api/v1/me", &ada.key).await.0, 403);
    assert_eq!(server.get(&link, "").await.0, 403);
    assert_eq!(
        server
            .put(&path, ROOT_KEY, json!({ "is_active": true }))
            .await
            .0,
        200
    );
    assert_eq!(server.get("/api/v1/me", &ada.key).await.0, 200);
    assert_eq!(server.get(&link, "").await.0, 302);
    assert_eq!(
        server.get("/api/v1/me", session).await.0,
        401,
        "sessions ended"
    );
    assert_eq!(
        server
            .put(&path, ROOT_KEY, json!({ "quota_bytes": 1 }))
            .await
            .0,
        200
    );
    let two = json!({ "path": "b.txt", "size_bytes": 2 });
    assert_eq!(server.post("/api/v1/files", &ada.key, two).await.0, 507);
    let new = json!({ "new_password": "another staple entirely" });
    assert_eq!(
        server
            .put(&format!("{path}/password"), ROOT_KEY, new)
            .await
            .0,
        204
    );
    assert_eq!(
        server
            .post("/api/v1/sessions", "", log_in(PASSWORD))
            .await
            .0,
        401
    );
    let new = log_in("another staple entirely");
    assert_eq!(server.post("/api/v1/sessions", "", new).await.0, 201);
}

#[tokio::test]
async fn root_acts_for_a_user_from_where_it_may_past_the_quota() {
    let server = Server::start_with(&["--trusted-proxies", "127.0.0.1"]);
    let ada = server.user("ada@example.com");
    let path = format!("/api/v1/admin/users/{}", ada.user_id);
    let quota = server.put(&path, ROOT_KEY, json!({ "quota_bytes": 1 }));
    assert_eq!(quota.await.0, 200);
    let ask = |headers: &[(&str, &str)], method: Method, path: &str, body: Option<Value>| {
        let mut request = server.http.request(method, server.url(path));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(body) = body {
            request = request.json(&body);
        }
        async { answer(request.send().await.unwrap()).await }
    };
    let bearer = format!("Bearer {ROOT_KEY}");
    let api_key = format!("ApiKey {ROOT_KEY}");
    for credential in [
        ("authorization", bearer.as_str()),
        ("authorization", &api_key),
        ("x-api-key", ROOT_KEY),
    ] {
        let as_ada = [credential, ("x-hulk-user", ada.user_id.as_str())];
        let (status, me) = ask(&as_ada, Method::GET, "/api/v1/me", None).await;
        assert_eq!(
            (status.as_u16(), &me["credential"]["kind"]),
            (200, &json!("root"))
        );
        assert_eq!(me["user"]["id"], ada.user_id.as_str());
        let (status, error) = ask(&[credential], Method::GET, "/api/v1/me", None).await;
        assert_eq!((status.as_u16(), code(&error)), (400, "BAD_REQUEST"));
        let nobody = [credential, ("x-hulk-user", "000000000000")];
        assert_eq!(ask(&nobody, Method::GET, "/api/v1/me", None).await.0, 404);
        let far = [
            credential,
            ("x-forwarded-for", "192.0.2.7"),
            ("x-hulk-user", &ada.user_id),
        ];
        let (status, error) = ask(&far, Method::GET, "/api/v1/me", None).await;
        assert_eq!(
            (status.as_u16(), code(&error)),
            (401, "AUTH_INVALID_CREDENTIALS")
        );
    }
    let as_ada = [
        ("authorization", bearer.as_str()),
        ("x-hulk-user", ada.user_id.as_str()),
    ];
    let large = json!({ "path": "large.bin", "size_bytes": 5 });
    assert_eq!(
        server
            .post("/api/v1/files", &ada.key, large.clone())
            .await
            .0,
        507
    );
    let (status, planned) = ask(&as_ada, Method::POST, "/api/v1/files", Some(large)).await;
    assert_eq!(status, 201, "{planned}");
    // A user's key cannot act for another user.
    let bob = server.user("bob@example.com");
    let own = format!("Bearer {}", bob.key);
    let as_ada = [
        ("authorization", own.as_str()),
        ("x-hulk-user", &ada.user_id),
    ];
    let (_, me) = ask(&as_ada, Method::GET, "/api/v1/me", None).await;
    assert_eq!(me["user"]["id"], bob.user_id.as_str());
}
