//! Every route: within the directory, outside of it, and those that are closed.

use reqwest::Method;
use serde_json::{Value, json};

use super::{bound_key, directory, id, private};
use crate::{
    rights::{documented_routes, matches},
    server::Server,
};

/// Method, path, the status within and outside of the directory, body. Names in braces are entries there.
const OPEN: &str = r#"
GET    /api/v1/me                              200 200
GET    /api/v1/files                           200 200
GET    /api/v1/files/search?q=private          200 200
GET    /api/v1/directories                     200 200
GET    /api/v1/files/{file}                    200 404
GET    /api/v1/files/{file}/download           302 404
PUT    /api/v1/files/{file}                    200 404 {"tags": ["t"]}
PUT    /api/v1/files/{file}                    200 404 {"expiration_policy": "7d"}
PUT    /api/v1/files/{file}/status             200 404 {"status": "uploaded"}
GET    /api/v1/files/{unfinished}/upload       200 404
POST   /api/v1/files/{unfinished}/upload/parts 200 404 {"parts": [{"number": 1}]}
DELETE /api/v1/files/{unfinished}/upload       204 404
POST   /api/v1/files                           201 403 {"path": "{at}/new.txt", "size_bytes": 1}
POST   /api/v1/files                           201 403 {"path": "{at}/private.txt", "size_bytes": 1}
POST   /api/v1/files/batch                     200 200 {"items": [{"path": "{at}/batch.txt", "size_bytes": 1}]}
PUT    /api/v1/files/batch/status              200 200 {"items": [{"id": "{file}", "status": "uploaded"}]}
PUT    /put/{at}/direct.txt                    307 403 "x"
POST   /api/v1/directories                     201 403 {"path": "{at}/made"}
POST   /api/v1/directories/batch               200 200 {"items": [{"path": "{at}/made"}]}
GET    /api/v1/directories/{directory}         200 404
GET    /api/v1/directories/{top}               200 404
PUT    /api/v1/directories/{directory}         200 404 {"default_permissions": "private"}
GET    /b/{directory}                          200 404
GET    /b/{top}                                200 404
GET    /b/{top}?as=curl                        200 404
GET    /d/{file}                               302 404
GET    /d/~{ada}/{at}/private.txt              302 404
GET    /api/v1/files/{changed}/versions        200 404
GET    /d/{changed}?version=1                  302 404
POST   /api/v1/files/{changed}/versions/1/restore 200 404
POST   /api/v1/moves                           200 404 {"items": [{"id": "{changed}", "path": "data/moved.txt"}]}
POST   /api/v1/shares                          201 404 {"path": "{at}"}
POST   /api/v1/shares                          201 404 {"file_id": "{file}"}
DELETE /api/v1/directories/{directory}         204 404
DELETE /api/v1/files/{changed}                 204 404
DELETE /api/v1/files/{file}?purge=true         204 404
"#;

/// Method, path, body: refused with 403.
const CLOSED: &str = r#"
GET    /api/v1/api-keys
POST   /api/v1/api-keys {"label": "l", "permissions": "read", "path": "data"}
DELETE /api/v1/api-keys/000000000000
GET    /api/v1/trash
POST   /api/v1/trash/000000000000/restore
DELETE /api/v1/trash/000000000000
DELETE /api/v1/trash
GET    /api/v1/shares
DELETE /api/v1/shares/000000000000
GET    /api/v1/shares/000000000000/uploads
DELETE /api/v1/shares/000000000000/uploads
GET    /api/v1/users/{ada}
PUT    /api/v1/users/{ada} {"first_name": "Eve"}
DELETE /api/v1/users/{ada} {"password": "x"}
GET    /api/v1/users/{ada}/usage
POST   /api/v1/users/{ada}/email-verification
PUT    /api/v1/users/{ada}/password {"current_password": "x", "new_password": "y"}
GET    /api/v1/audit
GET    /api/v1/jobs
GET    /api/v1/jobs/000000000000
GET    /api/v1/tiers
GET    /api/v1/tier-requests
POST   /api/v1/tier-requests {"tier": "pro", "reason": "r"}
POST   /api/v1/sessions/links {}
GET    /api/v1/sessions
DELETE /api/v1/sessions/000000000000
DELETE /api/v1/sessions
"#;

/// Routes that ask for no credential, or for the token of a share.
const OF_ANYONE: [(&str, &str); 13] = [
    ("get", "/healthz"),
    ("get", "/readyz"),
    ("get", "/metrics"),
    ("post", "/hooks/s3-events"),
    ("post", "/api/v1/users"),
    ("put", "/api/v1/users/{id}/email-verification"),
    ("post", "/api/v1/sessions"),
    ("post", "/api/v1/sessions/refresh"),
    ("post", "/api/v1/password-resets"),
    ("put", "/api/v1/password-resets"),
    ("post", "/api/v1/device-codes"),
    ("post", "/api/v1/device-codes/token"),
    ("get", "/api/v1/openapi.json"),
];

struct Row {
    method: Method,
    path: String,
    words: Vec<String>,
    body: Option<Value>,
}

fn rows(table: &str, words: usize, names: &[(&str, String)]) -> Vec<Row> {
    let filled = names.iter().fold(table.to_owned(), |table, (name, value)| {
        table.replace(&format!("{{{name}}}"), value)
    });
    let row = |line: &str| {
        let mut rest = line;
        let mut word = || {
            let (word, after) = rest.split_once(' ').unwrap_or((rest, ""));
            rest = after.trim_start();
            word.to_owned()
        };
        Row {
            method: word().parse().unwrap(),
            path: word(),
            words: (0..words).map(|_| word()).collect(),
            body: (!rest.is_empty()).then(|| serde_json::from_str(rest).unwrap()),
        }
    };
    filled.trim().lines().map(row).collect()
}

/// Creates what the table names, in the directory `at`.
async fn entries(
    server: &Server,
    ada: &crate::server::Key,
    at: &str,
) -> Vec<(&'static str, String)> {
    let key = &ada.key;
    let file = private(server, key, &format!("{at}/private.txt"), b"p").await;
    let changed = format!("{at}/changed.txt");
    server.upload(key, &changed, b"1").await;
    let changed = server.upload(key, &changed, b"22").await;
    server.upload(key, &format!("{at}/sub/a.txt"), b"a").await;
    let sub = directory(server, key, &format!("{at}/sub")).await;
    let unfinished = server
        .plan(key, &format!("{at}/unfinished.bin"), 9 << 20)
        .await;
    vec![
        ("ada", ada.user_id.clone()),
        ("at", at.to_owned()),
        ("file", id(&file).to_owned()),
        ("changed", id(&changed).to_owned()),
        ("unfinished", id(&unfinished["file"]).to_owned()),
        ("directory", id(&sub).to_owned()),
        ("top", file["directory_id"].as_str().unwrap().to_owned()),
    ]
}

#[tokio::test]
async fn every_route_within_and_outside() {
    let server = Server::start();
    let ada = server.user("ada@example.com");
    let bound = bound_key(&server, &ada.key, "all", "data").await;
    let inside = rows(OPEN, 2, &entries(&server, &ada, "data").await);
    let outside = rows(OPEN, 2, &entries(&server, &ada, "other").await);
    let closed = rows(CLOSED, 0, &[("ada", ada.user_id.clone())]);
    let before = everything(&server, &ada.key).await;
    let mut wrong = Vec::new();
    for (rows, column) in [(&outside, 1), (&inside, 0)] {
        for row in rows {
            let sent = server.send(row.method.clone(), &row.path, &bound, row.body.clone());
            let found = sent.await.status().as_u16().to_string();
            if found != row.words[column] {
                let (method, path, expected) = (&row.method, &row.path, &row.words[column]);
                wrong.push(format!("{method} {path}: {found}, not {expected}"));
            }
        }
        if column == 1 {
            let now = everything(&server, &ada.key).await;
            assert_eq!(before, now, "nothing has changed outside");
        }
    }
    for row in &closed {
        let sent = server.send(row.method.clone(), &row.path, &bound, row.body.clone());
        let found = sent.await.status().as_u16();
        if found != 403 {
            wrong.push(format!("{} {}: {found}, not 403", row.method, row.path));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let is_covered = |(method, path): &(String, String)| {
        let is_of_share = path.starts_with("/s/") || path.contains("/shares/public/");
        let is_open = OF_ANYONE.contains(&(method.as_str(), path.as_str()));
        let is_asked = inside.iter().chain(&closed).any(|row| {
            row.method.as_str().eq_ignore_ascii_case(method) && is_like(path, &row.path)
        });
        is_of_share || is_open || is_asked || path.starts_with("/api/v1/admin/")
    };
    let documented = documented_routes(&server).await;
    let missing: Vec<_> = documented.iter().filter(|it| !is_covered(it)).collect();
    assert!(missing.is_empty(), "routes without a row: {missing:?}");
}

/// Whether a path has the template; what follows `/put/` may have several parts.
fn is_like(template: &str, path: &str) -> bool {
    let is_put = |text: &str| text.starts_with("/put/");
    is_put(template) && is_put(path) || matches(template, path)
}

/// All files and directories outside of `data`, as their owner sees them.
async fn everything(server: &Server, key: &str) -> Value {
    let (_, files) = server
        .get("/api/v1/files?limit=1000&order_by=filename", key)
        .await;
    let files = files["items"].as_array().unwrap().iter();
    let outside = files.filter(|file| !file["path"].as_str().unwrap().starts_with("data/"));
    let top = server.get("/api/v1/directories", key).await.1;
    let other = directory(server, key, "other").await;
    let below = format!("/api/v1/directories?filter~parent_id={}", id(&other));
    let below = server.get(&below, key).await.1;
    json!([outside.collect::<Vec<_>>(), top, below])
}

#[tokio::test]
async fn administration_is_closed_to_the_bound_key_of_an_admin() {
    let server = Server::start();
    let admin = server.user_with("ada@example.com", "all", &["--verified", "--role", "admin"]);
    let bound = bound_key(&server, &admin.key, "all", "data").await;
    let documented = documented_routes(&server).await;
    let routes = documented.iter();
    let routes = routes.filter(|(_, path)| path.starts_with("/api/v1/admin/"));
    let mut count = 0;
    for (method, path) in routes {
        let path = path.replace("{id}", &admin.user_id);
        let method: Method = method.to_uppercase().parse().unwrap();
        let sent = server.send(method.clone(), &path, &bound, None).await;
        assert_eq!(sent.status(), 403, "{method} {path}");
        count += 1;
    }
    assert!(count > 5, "{documented:?}");
    assert_eq!(server.get("/api/v1/admin/stats", &admin.key).await.0, 200);
}
