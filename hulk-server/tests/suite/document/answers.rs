//! The server's responses, checked against the document.

use reqwest::Method;
use serde_json::json;

use super::Described;
use crate::server::Key;

const FILES: (Method, &str) = (Method::POST, "/api/v1/files");
const FILE: (Method, &str) = (Method::GET, "/api/v1/files/{id}");
const SHARES: (Method, &str) = (Method::POST, "/api/v1/shares");

#[tokio::test]
async fn errors_are_as_it_says() {
    let described = Described::start().await;
    let Key { key, .. } = described.server.user("ada@example.com");
    let reader = described.server.key("ada@example.com", "read");
    let (key, reader) = (key.as_str(), reader.as_str());
    let file = described.server.upload(key, "dir/a.txt", b"x").await;
    let directory = file["directory_id"].as_str().unwrap();
    let planned = described.server.plan(key, "unsent.txt", 1).await;
    let unsent = planned["file"]["id"].as_str().unwrap();
    let plan =
        |size: u64| Some(json!({ "path": "dir/a.txt", "size_bytes": size, "if_exists": "fail" }));
    let me = (Method::GET, "/api/v1/me");
    let directories = (Method::POST, "/api/v1/directories");
    let delete = (Method::DELETE, "/api/v1/directories/{id}?recursive=false");
    let status = (Method::PUT, "/api/v1/files/{id}/status");
    let (tree, nobody) = ([("id", directory)], [("id", "000000000000")]);
    let sent = Some(json!({ "status": "uploaded" }));
    let made = Some(json!({ "path": "dir" }));
    let listed = (Method::GET, "/api/v1/files?limit=0");
    let none: &[(&str, &str)] = &[];
    for (key, operation, filled, body, expected) in [
        ("", me.clone(), none, None, "UNAUTHORIZED"),
        ("hulk_x", me, none, None, "AUTH_INVALID_CREDENTIALS"),
        (reader, FILES, none, plan(1), "FORBIDDEN"),
        (key, listed, none, None, "VALIDATION_ERROR"),
        (key, FILES, none, None, "BAD_REQUEST"),
        (key, FILES, none, Some(json!([])), "VALIDATION_ERROR"),
        (key, FILES, none, plan(1), "FILE_EXISTS"),
        (key, FILES, none, plan(6 << 40), "PAYLOAD_TOO_LARGE"),
        (key, FILE, &nobody, None, "NOT_FOUND"),
        (key, directories, none, made, "DIRECTORY_EXISTS"),
        (key, delete, &tree, None, "DIRECTORY_NOT_EMPTY"),
        (key, status, &[("id", unsent)], sent, "UPLOAD_INCOMPLETE"),
        (key, SHARES, none, Some(json!({})), "VALIDATION_ERROR"),
    ] {
        described
            .refused(key, operation, filled, body, expected)
            .await;
    }
    let body = Some(json!({ "path": "large", "size_bytes": 1_u64 << 40 }));
    described
        .refused(key, FILES, &[], body, "QUOTA_EXCEEDED")
        .await;
}

#[tokio::test]
async fn a_revoked_link_answers_as_it_says() {
    let described = Described::start().await;
    let Key { key, .. } = described.server.user("ada@example.com");
    described.server.upload(&key, "a.txt", b"x").await;
    let body = Some(json!({ "path": "a.txt" }));
    let (_, share) = described.ask(&key, SHARES, &[], body).await;
    let revoke = (Method::DELETE, "/api/v1/shares/{id}");
    let id = [("id", share["id"].as_str().unwrap())];
    described.ask(&key, revoke, &id, None).await;
    let token = [("token", share["token"].as_str().unwrap())];
    for template in ["/api/v1/shares/public/{token}", "/s/{token}"] {
        described
            .refused("", (Method::GET, template), &token, None, "SHARE_REVOKED")
            .await;
    }
}

#[tokio::test]
async fn good_answers_are_as_it_says() {
    let described = Described::start().await;
    let server = &described.server;
    let Key { key, user_id } = server.user("ada@example.com");
    let file = server.upload(&key, "dir/a.txt", b"x").await;
    let (id, directory) = (&file["id"], &file["directory_id"]);
    let (id, directory) = (id.as_str().unwrap(), directory.as_str().unwrap());
    server.upload(&key, "dir/a.txt", b"xx").await;
    let parts = server.plan(&key, "parts.bin", 9 << 20).await;
    let parts = parts["file"]["id"].as_str().unwrap();
    let thrown = server.upload(&key, "thrown.txt", b"x").await;
    let path = format!("/api/v1/files/{}", thrown["id"].as_str().unwrap());
    server.delete(&path, &key).await;
    let all = json!({ "can_download": true, "can_upload": true });
    let body = Some(json!({ "path": "dir", "permissions": all }));
    let (_, share) = described.ask(&key, SHARES, &[], body).await;
    let (share_id, token) = (&share["id"], &share["token"]);
    let filled = [
        ("id", id),
        ("user", user_id.as_str()),
        ("directory", directory),
        ("parts", parts),
        ("share", share_id.as_str().unwrap()),
        ("token", token.as_str().unwrap()),
        ("number", "1"),
    ];
    for line in ANSWERS.trim().lines() {
        let mut words = line.splitn(4, ' ');
        let (method, template) = (words.next().unwrap(), words.next().unwrap());
        let id = words.next().unwrap();
        let body = words
            .next()
            .map(|json| json.replace("{directory}", directory));
        let body = body.map(|json| serde_json::from_str(&json).unwrap());
        let mut filled = filled.to_vec();
        let meant = filled.iter().find(|(name, _)| *name == id);
        filled[0] = ("id", meant.map_or("", |(_, value)| *value));
        let operation = (method.parse().unwrap(), template);
        let (status, body) = described.ask(&key, operation, &filled, body).await;
        assert!(status.is_success(), "{line}: {status} {body}");
    }
}

/// Method, path, name of the id that replaces `{id}`, body.
const ANSWERS: &str = r#"
GET /api/v1/me -
GET /api/v1/files -
GET /api/v1/files?filter~status=reserved -
GET /api/v1/files/search?q=a -
GET /api/v1/files/{id} id
PUT /api/v1/files/{id} id {"tags": ["t"], "metadata": {"a": [1]}, "description": "d"}
GET /api/v1/files/{id} id
GET /api/v1/files/{id}/versions id
POST /api/v1/files/{id}/versions/{number}/restore id
GET /api/v1/files/{id}/upload parts
POST /api/v1/files/{id}/upload/parts parts {"parts": [{"number": 1}]}
POST /api/v1/files - {"path": "single.txt", "size_bytes": 1}
POST /api/v1/files - {"path": "again.bin", "size_bytes": 9437184}
POST /api/v1/files/batch - {"items": [{"path": "b.txt", "size_bytes": 1}, {"path": "dir", "size_bytes": 1}]}
PUT /api/v1/files/batch/status - {"items": [{"id": "000000000000", "status": "uploaded"}]}
POST /api/v1/directories - {"path": "made", "default_permissions": "public"}
GET /api/v1/directories -
GET /api/v1/directories/{id} directory
POST /api/v1/moves - {"items": [{"id": "{directory}", "path": "moved"}]}
GET /api/v1/users/{id}/usage user
GET /api/v1/trash -
POST /api/v1/api-keys - {"label": "l", "permissions": "read"}
GET /api/v1/api-keys -
POST /api/v1/sessions/links - {"next": "/app/trash"}
GET /api/v1/shares -
POST /api/v1/shares/public/{token}/files - {"path": "in.txt", "size_bytes": 1}
GET /api/v1/shares/{id}/uploads share
GET /api/v1/shares/public/{token} -
GET /s/{token} -
GET /b/{id} directory
DELETE /api/v1/shares/{id}/uploads share
DELETE /api/v1/trash -
DELETE /api/v1/files/{id}/upload parts
DELETE /api/v1/files/{id} id
"#;
