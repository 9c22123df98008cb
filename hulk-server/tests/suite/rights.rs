//! Two users, three kinds of key, nobody: every route answers as the table says.

use reqwest::Method;
use serde_json::{Value, json};

use crate::server::{Server, answer};

/// What each caller gets: nobody, owner with read, write, all, a stranger with all.
struct Row {
    method: Method,
    path: String,
    body: Option<Value>,
    statuses: [u16; 5],
}

fn row(method: Method, path: impl Into<String>, body: Option<Value>, statuses: [u16; 5]) -> Row {
    Row {
        method,
        path: path.into(),
        body,
        statuses,
    }
}

#[tokio::test]
async fn every_route_for_every_caller() {
    let server = Server::start();
    let ada = server.user("ada@example.com");
    let bob = server.user("bob@example.com");
    let (read, write) = (
        server.key("ada@example.com", "read"),
        server.key("ada@example.com", "write"),
    );
    let callers = ["", &read, &write, &ada.key, &bob.key];

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
    let by_path = format!("/d/~{}/dir/public.txt", ada.user_id);
    let private_by_path = format!("/d/~{}/private.txt", ada.user_id);

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

    let file = Some(json!({ "path": "new.txt", "size_bytes": 1 }));
    let key = Some(json!({ "label": "l", "permissions": "read" }));
    let done = Some(json!({ "status": "uploaded" }));
    let rows = [
        row(Method::GET, "/api/v1/me", None, [401, 200, 200, 200, 200]),
        row(
            Method::POST,
            "/hooks/s3-events",
            Some(json!({ "Records": [] })),
            [401, 401, 401, 401, 401],
        ),
        row(
            Method::GET,
            "/api/v1/files",
            None,
            [401, 200, 200, 200, 200],
        ),
        row(
            Method::POST,
            "/api/v1/files",
            file,
            [401, 403, 201, 201, 201],
        ),
        row(
            Method::GET,
            format!("/api/v1/files/{id}"),
            None,
            [401, 200, 200, 200, 404],
        ),
        row(
            Method::GET,
            format!("/api/v1/files/{private}"),
            None,
            [401, 200, 200, 200, 404],
        ),
        row(
            Method::GET,
            format!("/api/v1/files/{id}/download"),
            None,
            [401, 302, 302, 302, 404],
        ),
        row(
            Method::GET,
            format!("/api/v1/files/{private}/download"),
            None,
            [401, 302, 302, 302, 404],
        ),
        row(
            Method::PUT,
            format!("/api/v1/files/{id}"),
            Some(json!({"tags": ["t"]})),
            [401, 403, 200, 200, 404],
        ),
        row(
            Method::PUT,
            format!("/api/v1/files/{id}/status"),
            done,
            [401, 403, 200, 200, 404],
        ),
        row(
            Method::DELETE,
            format!("/api/v1/files/{id}/upload"),
            None,
            [401, 403, 404, 404, 404],
        ),
        row(
            Method::GET,
            format!("/api/v1/files/{unfinished}/upload"),
            None,
            [401, 403, 200, 200, 404],
        ),
        row(
            Method::POST,
            format!("/api/v1/files/{unfinished}/upload/parts"),
            Some(json!({"parts": [{"number": 1}]})),
            [401, 403, 200, 200, 404],
        ),
        row(
            Method::POST,
            "/api/v1/files/batch",
            Some(json!({"items": [{ "path": "batch.txt", "size_bytes": 1 }]})),
            [401, 403, 200, 200, 200],
        ),
        row(
            Method::PUT,
            "/api/v1/files/batch/status",
            Some(json!({"items": [{ "id": id, "status": "uploaded" }]})),
            [401, 403, 200, 200, 200],
        ),
        row(
            Method::GET,
            "/api/v1/directories",
            None,
            [401, 200, 200, 200, 200],
        ),
        row(
            Method::GET,
            format!("/api/v1/directories/{directory}"),
            None,
            [401, 200, 200, 200, 404],
        ),
        row(
            Method::GET,
            "/api/v1/api-keys",
            None,
            [401, 403, 403, 200, 200],
        ),
        row(
            Method::POST,
            "/api/v1/api-keys",
            key,
            [401, 403, 403, 201, 201],
        ),
        row(
            Method::DELETE,
            "/api/v1/api-keys/000000000000",
            None,
            [401, 403, 403, 404, 404],
        ),
        row(
            Method::GET,
            format!("/d/{id}"),
            None,
            [302, 302, 302, 302, 302],
        ),
        row(
            Method::HEAD,
            format!("/d/{id}/public.txt"),
            None,
            [302, 302, 302, 302, 302],
        ),
        row(Method::GET, by_path, None, [302, 302, 302, 302, 302]),
        row(
            Method::GET,
            format!("/d/{private}"),
            None,
            [404, 302, 302, 302, 404],
        ),
        row(
            Method::HEAD,
            format!("/d/{private}"),
            None,
            [404, 302, 302, 302, 404],
        ),
        row(
            Method::GET,
            private_by_path,
            None,
            [404, 302, 302, 302, 404],
        ),
        row(
            Method::PUT,
            "/put/direct.txt",
            Some(json!("x")),
            [401, 403, 307, 307, 307],
        ),
        row(
            Method::GET,
            "/api/v1/openapi.json",
            None,
            [200, 200, 200, 200, 200],
        ),
        row(
            Method::POST,
            "/api/v1/directories",
            Some(json!({"path": "shown", "default_permissions": "public"})),
            [401, 403, 201, 409, 201],
        ),
        row(
            Method::GET,
            format!("/b/{directory}"),
            None,
            [404, 200, 200, 200, 404],
        ),
        row(
            Method::GET,
            "/api/v1/files/search?q=public",
            None,
            [401, 200, 200, 200, 200],
        ),
        row(
            Method::GET,
            format!("/api/v1/files/{changed}/versions"),
            None,
            [401, 200, 200, 200, 404],
        ),
        row(
            Method::POST,
            format!("/api/v1/files/{changed}/versions/1/restore"),
            None,
            [401, 403, 200, 200, 404],
        ),
        row(
            Method::GET,
            format!("/d/{changed}?version=1"),
            None,
            [404, 302, 302, 302, 404],
        ),
        row(
            Method::GET,
            format!("/api/v1/users/{}/usage", ada.user_id),
            None,
            [401, 200, 200, 200, 404],
        ),
        row(
            Method::POST,
            "/api/v1/moves",
            Some(json!({ "items": [{ "id": moved, "path": "moved" }] })),
            [401, 403, 200, 200, 404],
        ),
        row(
            Method::PUT,
            format!("/api/v1/directories/{moved}"),
            Some(json!({ "default_permissions": "private" })),
            [401, 403, 200, 200, 404],
        ),
        row(
            Method::DELETE,
            format!("/api/v1/directories/{moved}"),
            None,
            [401, 403, 204, 404, 404],
        ),
        row(
            Method::GET,
            "/api/v1/trash",
            None,
            [401, 200, 200, 200, 200],
        ),
        row(
            Method::POST,
            format!("/api/v1/trash/{thrown}/restore"),
            None,
            [401, 403, 200, 404, 404],
        ),
        row(
            Method::DELETE,
            format!("/api/v1/trash/{moved}"),
            None,
            [401, 403, 204, 404, 404],
        ),
        row(
            Method::DELETE,
            "/api/v1/trash",
            None,
            [401, 403, 200, 200, 200],
        ),
        row(
            Method::POST,
            "/api/v1/shares",
            Some(json!({ "path": "dir" })),
            [401, 403, 403, 201, 404],
        ),
        row(
            Method::GET,
            "/api/v1/shares",
            None,
            [401, 403, 403, 200, 200],
        ),
        row(Method::GET, &public_share, None, [200, 200, 200, 200, 200]),
        row(
            Method::GET,
            format!("/s/{token}"),
            None,
            [200, 200, 200, 200, 200],
        ),
        row(
            Method::PUT,
            format!("/s/{token}/dropped.txt"),
            Some(json!("x")),
            [307, 307, 307, 307, 307],
        ),
        row(
            Method::POST,
            format!("{public_share}/unlock"),
            Some(json!({ "password": "none" })),
            [400, 400, 400, 400, 400],
        ),
        row(
            Method::POST,
            format!("{public_share}/shares"),
            Some(json!({})),
            [403, 403, 403, 403, 403],
        ),
        row(
            Method::PUT,
            format!("{public_share}/claims/000000000000"),
            None,
            [204, 204, 204, 204, 204],
        ),
        row(
            Method::POST,
            format!("{public_share}/files"),
            Some(json!({ "path": "in.txt", "size_bytes": 1 })),
            [201, 201, 201, 201, 201],
        ),
        row(
            Method::POST,
            format!("{public_share}/files/batch"),
            Some(json!({ "items": [{ "path": "in.txt", "size_bytes": 1 }] })),
            [200, 200, 200, 200, 200],
        ),
        row(
            Method::PUT,
            format!("{public_share}/files/batch/status"),
            Some(json!({ "items": [{ "id": received, "status": "uploaded" }] })),
            [200, 200, 200, 200, 200],
        ),
        row(
            Method::PUT,
            format!("{public_share}/files/{received}/status"),
            Some(json!({ "status": "uploaded" })),
            [422, 422, 422, 422, 422],
        ),
        row(
            Method::GET,
            format!("{public_share}/files/{received}/upload"),
            None,
            [200, 200, 200, 200, 200],
        ),
        row(
            Method::POST,
            format!("{public_share}/files/{received}/upload/parts"),
            Some(json!({ "parts": [{ "number": 1 }] })),
            [200, 200, 200, 200, 200],
        ),
        row(
            Method::DELETE,
            format!("{public_share}/files/{received}/upload"),
            None,
            [204, 404, 404, 404, 404],
        ),
        row(
            Method::DELETE,
            format!("{public_share}/files/{private}"),
            None,
            [404, 404, 404, 404, 404],
        ),
        row(
            Method::DELETE,
            format!("/api/v1/shares/{share_id}"),
            None,
            [401, 403, 403, 204, 404],
        ),
        row(Method::GET, "/healthz", None, [200, 200, 200, 200, 200]),
        row(Method::GET, "/readyz", None, [200, 200, 200, 200, 200]),
        row(Method::GET, "/metrics", None, [200, 200, 200, 200, 200]),
        row(
            Method::DELETE,
            format!("/api/v1/files/{private}"),
            None,
            [401, 403, 204, 404, 404],
        ),
    ];
    let documented = documented_routes(&server).await;
    for Row {
        method,
        path,
        body,
        statuses,
    } in &rows
    {
        for (caller, expected) in callers.iter().zip(statuses) {
            let found = server
                .send(method.clone(), path, caller, body.clone())
                .await
                .status();
            let who = callers.iter().position(|other| other == caller).unwrap();
            assert_eq!(
                found.as_u16(),
                *expected,
                "{method} {path} for caller {who}"
            );
        }
    }
    let asked = |route: &(String, String)| {
        rows.iter().any(|row| {
            row.method.as_str().eq_ignore_ascii_case(&route.0) && matches(&route.1, &row.path)
        })
    };
    let missing: Vec<_> = documented.iter().filter(|route| !asked(route)).collect();
    assert!(
        missing.is_empty(),
        "routes without a row in the table: {missing:?}"
    );
}

/// (method, path) of the OpenAPI document.
async fn documented_routes(server: &Server) -> Vec<(String, String)> {
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

fn matches(template: &str, path: &str) -> bool {
    if let Some((prefix, _)) = template.split_once("{*") {
        let parts = prefix.split('/').zip(path.split('/'));
        return parts
            .filter(|(part, _)| !part.is_empty())
            .all(|(part, found)| part.starts_with('{') || part == found);
    }
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
