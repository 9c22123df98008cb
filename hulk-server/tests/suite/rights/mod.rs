//! Two users, four kinds of key, a session, and nothing: every route returns the status in the table.

mod others;

use reqwest::Method;
use serde_json::{Value, json};

use crate::server::{PASSWORD, Server, answer, has_embedded_store};
use others::Others;

/// Method, path, and the status for each caller: without a key, the owner with a key for read, upload,
/// write and all, another user with a key for all, and the owner with a session. Then the body.
const TABLE: &str = r#"
GET    /api/v1/me                                        401 200 200 200 200 200 200
POST   /hooks/s3-events                                  401 401 401 401 401 401 401 {"Records": []}
GET    /api/v1/files                                     401 200 403 200 200 200 200
POST   /api/v1/files                                     401 403 201 201 201 201 201 {"path": "new.txt", "size_bytes": 1}
GET    /api/v1/files/{id}                                401 200 403 200 200 404 200
GET    /api/v1/files/{private}                           401 200 403 200 200 404 200
GET    /api/v1/files/{id}/download                       401 302 403 302 302 404 302
GET    /api/v1/files/{private}/download                  401 302 403 302 302 404 302
PUT    /api/v1/files/{id}                                401 403 403 200 200 404 200 {"tags": ["t"]}
PUT    /api/v1/files/{id}/status                         401 403 404 200 200 404 200 {"status": "uploaded"}
DELETE /api/v1/files/{id}/upload                         401 403 404 404 404 404 404
GET    /api/v1/files/{unfinished}/upload                 401 403 404 200 200 404 200
POST   /api/v1/files/{unfinished}/upload/parts           401 403 404 200 200 404 200 {"parts": [{"number": 1}]}
POST   /api/v1/files/batch                               401 403 200 200 200 200 200 {"items": [{"path": "batch.txt", "size_bytes": 1}]}
PUT    /api/v1/files/batch/status                        401 403 200 200 200 200 200 {"items": [{"id": "{id}", "status": "uploaded"}]}
GET    /api/v1/directories                               401 200 403 200 200 200 200
GET    /api/v1/directories/{directory}                   401 200 403 200 200 404 200
GET    /api/v1/api-keys                                  401 403 403 403 200 200 200
POST   /api/v1/api-keys                                  401 403 403 403 201 201 201 {"label": "l", "permissions": "read"}
DELETE /api/v1/api-keys/000000000000                     401 403 403 403 404 404 404
GET    /d/{id}                                           302 302 302 302 302 302 302
HEAD   /d/{id}/public.txt                                302 302 302 302 302 302 302
GET    /d/~{ada}/dir/public.txt                          302 302 302 302 302 302 302
GET    /d/{private}                                      404 302 404 302 302 404 302
HEAD   /d/{private}                                      404 302 404 302 302 404 302
GET    /d/~{ada}/private.txt                             404 302 404 302 302 404 302
PUT    /put/direct.txt                                   401 403 307 307 307 307 307 "x"
GET    /api/v1/openapi.json                              200 200 200 200 200 200 200
POST   /api/v1/directories                               401 403 201 409 409 201 409 {"path": "shown", "default_permissions": "public"}
POST   /api/v1/directories/batch                         401 403 200 200 200 200 200 {"items": [{"path": "made"}]}
GET    /b/{directory}                                    404 200 404 200 200 404 200
GET    /api/v1/files/search?q=public                     401 200 403 200 200 200 200
GET    /api/v1/files/{changed}/versions                  401 200 403 200 200 404 200
POST   /api/v1/files/{changed}/versions/1/restore        401 403 403 200 200 404 200
GET    /d/{changed}?version=1                            404 302 404 302 302 404 302
GET    /api/v1/users/{ada}/usage                         401 200 403 200 200 404 200
POST   /api/v1/moves                                     401 403 403 200 200 404 200 {"items": [{"id": "{moved}", "path": "moved"}]}
PUT    /api/v1/directories/{moved}                       401 403 403 200 200 404 200 {"default_permissions": "private"}
DELETE /api/v1/directories/{moved}                       401 403 403 204 404 404 404
GET    /api/v1/trash                                     401 200 403 200 200 200 200
POST   /api/v1/trash/{thrown}/restore                    401 403 403 200 404 404 404
DELETE /api/v1/trash/{moved}                             401 403 403 403 204 404 404
DELETE /api/v1/trash                                     401 403 403 403 200 200 200
DELETE /api/v1/files/{purged}?purge=true                 401 403 403 403 204 404 404
DELETE /api/v1/directories/{emptied}?purge=true          401 403 403 403 204 404 404
POST   /api/v1/shares                                    401 403 403 403 201 404 201 {"path": "dir"}
GET    /api/v1/shares                                    401 403 403 403 200 200 200
GET    /api/v1/shares/{share_id}/uploads                 401 403 403 403 200 404 200
GET    {share}                                           200 200 200 200 200 200 200
GET    /s/{token}                                        200 200 200 200 200 200 200
PUT    /s/{token}/dropped.txt                            307 307 307 307 307 307 307 "x"
POST   {share}/unlock                                    400 400 400 400 400 400 400 {"password": "none"}
POST   {share}/shares                                    403 403 403 403 403 403 403 {}
PUT    {share}/claims/000000000000                       204 204 204 204 204 204 204
POST   {share}/files                                     201 201 201 201 201 201 201 {"path": "in.txt", "size_bytes": 1}
POST   {share}/files/batch                               200 200 200 200 200 200 200 {"items": [{"path": "in.txt", "size_bytes": 1}]}
PUT    {share}/files/batch/status                        200 200 200 200 200 200 200 {"items": [{"id": "{received}", "status": "uploaded"}]}
PUT    {share}/files/{received}/status                   422 422 422 422 422 422 422 {"status": "uploaded"}
GET    {share}/files/{received}/upload                   200 200 200 200 200 200 200
POST   {share}/files/{received}/upload/parts             200 200 200 200 200 200 200 {"parts": [{"number": 1}]}
DELETE {share}/files/{received}/upload                   204 404 404 404 404 404 404
DELETE {share}/files/{private}                           404 404 404 404 404 404 404
DELETE /api/v1/shares/{share_id}/uploads                 401 403 403 403 200 404 200
DELETE /api/v1/shares/{share_id}                         401 403 403 403 204 404 404
GET    /healthz                                          200 200 200 200 200 200 200
GET    /readyz                                           200 200 200 200 200 200 200
GET    /metrics                                          200 200 200 200 200 200 200
DELETE /api/v1/files/{private}                           401 403 403 204 404 404 404
POST   /api/v1/users                                     403 403 403 403 403 403 403 {"email": "eve@example.com", "password": "x"}
GET    /api/v1/audit                                     401 200 403 200 200 200 200
GET    /api/v1/tiers                                     401 200 403 200 200 200 200
GET    /api/v1/tier-requests                             401 200 403 200 200 200 200
POST   /api/v1/tier-requests                             401 403 403 403 201 201 409 {"tier": "pro", "reason": "r"}
GET    /api/v1/jobs                                      401 200 403 200 200 200 200
GET    /api/v1/jobs/000000000000                         401 404 403 404 404 404 404
GET    /api/v1/users/{ada}                               401 200 403 200 200 404 200
PUT    /api/v1/users/{ada}                               401 403 403 403 200 404 200 {"first_name": "Ada"}
POST   /api/v1/users/{ada}/email-verification            401 403 403 403 204 404 204
PUT    /api/v1/users/{ada}/email-verification            400 400 400 400 400 400 400 {"token": "x"}
PUT    /api/v1/users/{ada}/password                      401 403 403 403 401 404 401 {"current_password": "x", "new_password": "x"}
POST   /api/v1/password-resets                           202 202 202 202 202 429 429 {"email": "nobody@example.com"}
PUT    /api/v1/password-resets                           400 400 400 400 400 400 400 {"token": "x", "new_password": "x"}
POST   /api/v1/sessions                                  401 401 401 401 401 401 401 {"email": "nobody@example.com", "password": "x"}
POST   /api/v1/sessions/refresh                          401 401 401 401 401 401 401 {"refresh_token": "x"}
GET    /api/v1/sessions                                  401 403 403 403 200 200 200
POST   /api/v1/sessions/links                            401 201 403 201 201 201 201 {"next": "/app/trash"}
DELETE /api/v1/sessions/000000000000                     401 403 403 403 404 404 404
POST   /api/v1/device-codes                              201 201 201 201 201 201 201 {"client_name": "x"}
POST   /api/v1/device-codes/token                        400 400 400 400 400 400 400 {"device_code": "x"}
DELETE /api/v1/users/{ada}                               401 403 403 403 429 404 429 {"password": "x"}
DELETE /api/v1/sessions                                  401 400 400 400 400 400 204
"#;

struct Row {
    method: Method,
    path: String,
    statuses: Vec<u16>,
    body: Option<Value>,
}

/// Rows of the table, with each name in braces replaced by its value.
fn rows(names: &[(&str, &str)]) -> Vec<Row> {
    let filled = names.iter().fold(TABLE.to_owned(), |table, (name, value)| {
        table.replace(&format!("{{{name}}}"), value)
    });
    filled.trim().lines().map(parse).collect()
}

fn parse(line: &str) -> Row {
    let mut rest = line;
    let mut word = || {
        let (word, after) = rest.split_once(' ').unwrap_or((rest, ""));
        rest = after.trim_start();
        word
    };
    Row {
        method: word().parse().unwrap(),
        path: word().to_owned(),
        statuses: (0..7).map(|_| word().parse().unwrap()).collect(),
        body: (!rest.is_empty()).then(|| serde_json::from_str(rest).unwrap()),
    }
}

#[tokio::test]
async fn every_route_for_every_caller() {
    let server = Server::start_with(&["--trusted-proxies", "127.0.0.1"]);
    let ada = server.user("ada@example.com");
    let bob = server.user("bob@example.com");
    let (read, upload, write) = (
        server.key("ada@example.com", "read"),
        server.key("ada@example.com", "upload"),
        server.key("ada@example.com", "write"),
    );
    let log_in = json!({ "email": "ada@example.com", "password": PASSWORD });
    let (_, session) = server.post("/api/v1/sessions", "", log_in).await;
    let session = session["access_token"].as_str().unwrap();
    let callers = ["", &read, &upload, &write, &ada.key, &bob.key, session];

    let private = json!({ "path": "private.txt", "size_bytes": 1, "permissions": "private" });
    let (_, planned) = server.post("/api/v1/files", &ada.key, private).await;
    server.send_bytes(&ada.key, &planned, b"p").await;
    server.report(&ada.key, &planned).await;
    let private = planned["file"]["id"].as_str().unwrap();
    let unfinished = server.plan(&ada.key, "unfinished.bin", 9 << 20).await;
    let unfinished = unfinished["file"]["id"].as_str().unwrap();
    let public = server.upload(&ada.key, "dir/public.txt", b"x").await;
    let (id, directory) = (
        public["id"].as_str().unwrap(),
        public["directory_id"].as_str().unwrap(),
    );

    let changed = server.upload(&ada.key, "versions.txt", b"1").await;
    server.upload(&ada.key, "versions.txt", b"22").await;
    let changed = changed["id"].as_str().unwrap();
    let thrown = server.upload(&ada.key, "thrown.txt", b"1").await;
    let thrown = thrown["id"].as_str().unwrap();
    server
        .delete(&format!("/api/v1/files/{thrown}"), &ada.key)
        .await;
    let moved = server.upload(&ada.key, "moved/a.txt", b"1").await;
    let moved = moved["directory_id"].as_str().unwrap();
    let purged = server.upload(&ada.key, "purged.txt", b"1").await;
    let purged = purged["id"].as_str().unwrap();
    let emptied = server.upload(&ada.key, "emptied/a.txt", b"1").await;
    let emptied = emptied["directory_id"].as_str().unwrap();
    let share = json!({ "path": "dir", "permissions": { "can_upload": true, "can_delete": true } });
    let share = server.post("/api/v1/shares", &ada.key, share).await.1;
    let (share_id, token) = (
        share["id"].as_str().unwrap(),
        share["token"].as_str().unwrap(),
    );
    let public_share = format!("/api/v1/shares/public/{token}");
    let body = json!({ "path": "in.bin", "size_bytes": 9 << 20 });
    let received = server
        .post(&format!("{public_share}/files"), "", body)
        .await
        .1;
    let received = received["file"]["id"].as_str().unwrap();

    let rows = rows(&[
        ("ada", &ada.user_id),
        ("id", id),
        ("directory", directory),
        ("private", private),
        ("unfinished", unfinished),
        ("changed", changed),
        ("thrown", thrown),
        ("moved", moved),
        ("purged", purged),
        ("emptied", emptied),
        ("share_id", share_id),
        ("token", token),
        ("share", &public_share),
        ("received", received),
    ]);
    let others = Others::of(&server, &ada.user_id).await;
    let mut wrong = Vec::new();
    for row in &rows {
        wrong.extend(others.wrong(&server, row).await);
        for (who, (caller, expected)) in callers.iter().zip(&row.statuses).enumerate() {
            let (method, path) = (row.method.clone(), &row.path);
            let sent = server.send(method, path, caller, row.body.clone());
            let found = sent.await.status().as_u16();
            if found != *expected {
                let method = &row.method;
                wrong.push(format!(
                    "{method} {path} for caller {who}: {found}, not {expected}"
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let documented = documented_routes(&server).await;
    let asked = |route: &(String, String)| {
        rows.iter().any(|row| {
            row.method.as_str().eq_ignore_ascii_case(&route.0) && matches(&route.1, &row.path)
        })
    };
    // Those of administration have a table of their own.
    let missing = documented
        .iter()
        .filter(|(_, path)| !path.starts_with("/api/v1/admin/"));
    let missing: Vec<_> = missing.filter(|route| !asked(route)).collect();
    assert!(
        missing.is_empty(),
        "routes without a row in the table: {missing:?}"
    );
}

/// (method, path) of all routes in the OpenAPI document.
pub(crate) async fn documented_routes(server: &Server) -> Vec<(String, String)> {
    let (_, document) = server.get("/api/v1/openapi.json", "").await;
    let paths = document["paths"].as_object().unwrap();
    let methods = |item: &Value| {
        item.as_object()
            .unwrap()
            .keys()
            .cloned()
            .collect::<Vec<_>>()
    };
    paths
        .iter()
        .flat_map(|(path, item)| {
            methods(item)
                .into_iter()
                .map(move |method| (method, path.clone()))
        })
        .collect()
}

pub(crate) fn matches(template: &str, path: &str) -> bool {
    let (template, path): (Vec<_>, Vec<_>) =
        (template.split('/').collect(), path.split('/').collect());
    let path: Vec<&str> = path
        .into_iter()
        .map(|part| part.split('?').next().unwrap_or(part))
        .collect();
    template.len() == path.len()
        && template
            .iter()
            .zip(path)
            .all(|(part, found)| part.starts_with('{') || *part == found)
}

#[tokio::test]
async fn a_revoked_key_and_a_foreign_key_id_change_nothing() {
    let server = Server::start();
    let (ada, bob) = (
        server.user("ada@example.com"),
        server.user("bob@example.com"),
    );
    let (_, keys) = server.get("/api/v1/api-keys", &ada.key).await;
    let path = format!(
        "/api/v1/api-keys/{}",
        keys["items"][0]["id"].as_str().unwrap()
    );
    assert_eq!(server.delete(&path, &bob.key).await.0, 404);
    assert_eq!(server.get("/api/v1/me", &ada.key).await.0, 200);
    assert_eq!(server.delete(&path, &ada.key).await.0, 204);
    assert_eq!(server.get("/api/v1/me", &ada.key).await.0, 401);
}

#[tokio::test]
async fn a_download_as_json() {
    let server = Server::start();
    let key = server.user("ada@example.com").key;
    let file = server.upload(&key, "a.txt", b"hello").await;
    let url = server.url(&format!(
        "/api/v1/files/{}/download",
        file["id"].as_str().unwrap()
    ));
    let request = server
        .http
        .get(url)
        .bearer_auth(&key)
        .header("accept", "application/json");
    let (status, body) = answer(request.send().await.unwrap()).await;
    assert_eq!(status, 200);
    let got = server
        .http
        .get(body["url"].as_str().unwrap())
        .send()
        .await
        .unwrap();
    assert_eq!(got.bytes().await.unwrap().as_ref(), b"hello");
}

#[tokio::test]
async fn a_suspended_account_stops_everywhere_at_once() {
    let server = Server::start();
    let ada = server.user("ada@example.com");
    let file = server.upload(&ada.key, "dir/public.txt", b"x").await;
    let (id, directory) = (
        file["id"].as_str().unwrap(),
        file["directory_id"].as_str().unwrap(),
    );
    let public = json!({ "default_permissions": "public" });
    let path = format!("/api/v1/directories/{directory}");
    assert_eq!(server.put(&path, &ada.key, public).await.0, 200);
    let share = json!({ "path": "dir" });
    let share = server.post("/api/v1/shares", &ada.key, share).await.1;
    let token = share["token"].as_str().unwrap();
    let private = json!({ "path": "private.txt", "size_bytes": 1, "permissions": "private" });
    let (_, planned) = server.post("/api/v1/files", &ada.key, private).await;
    server.send_bytes(&ada.key, &planned, b"p").await;
    server.report(&ada.key, &planned).await;
    let private = format!("/d/{}", planned["file"]["id"].as_str().unwrap());
    let unfinished = server.plan(&ada.key, "unfinished.txt", 1).await;
    let paths = [
        format!("/d/{id}"),
        format!("/d/{id}?token={token}"),
        format!("/b/{directory}"),
        format!("/s/{token}"),
        format!("/api/v1/shares/public/{token}"),
    ];
    for is_active in [0, 1] {
        let mut database = crate::server::database(&server.data_dir).await;
        sqlx::query("UPDATE users SET is_active = $1")
            .bind(is_active)
            .execute(&mut database)
            .await
            .unwrap();
        let (own, (status, code)) = (
            format!("/api/v1/files/{id}"),
            match is_active {
                0 => (403, json!("ACCOUNT_DISABLED")),
                _ => (200, Value::Null),
            },
        );
        let (found, body) = server.get(&own, &ada.key).await;
        assert_eq!((found.as_u16(), &body["error"]["code"]), (status, &code));
        for path in &paths {
            let (found, body) = server.get(path, "").await;
            let refused = found == 403;
            assert_eq!(refused, is_active == 0, "{path}: {found} {body}");
        }
        assert_eq!(server.get(&private, "").await.0, 404, "it looks like none");
        if has_embedded_store() {
            // A URL that was signed before.
            let sent = server.send_bytes("", &unfinished, b"u").await.status();
            assert_eq!(sent.is_success(), is_active == 1, "{sent}");
        }
    }
}
