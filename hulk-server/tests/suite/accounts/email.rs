//! Verification of addresses.

use reqwest::Method;
use serde_json::json;

use super::{mails, sign_up, text, token};
use crate::server::{Server, answer, code, sql};

#[tokio::test]
async fn the_link_in_the_mail_verifies_once() {
    let server = Server::start_with(&["--signup", "open"]);
    let (user, key) = sign_up(&server, "ada@example.com").await;
    let (other, _) = sign_up(&server, "bob@example.com").await;
    let path = |user: &serde_json::Value| {
        format!(
            "/api/v1/users/{}/email-verification",
            user["id"].as_str().unwrap()
        )
    };
    let secret = token(&server, "ada@example.com", "Confirm", 1).await;
    let body = || json!({ "token": secret });
    for (path, body) in [
        (path(&other), body()),
        (path(&user), json!({ "token": "x" })),
        (
            path(&user),
            json!({ "token": format!("hulkm_{}", "A".repeat(43)) }),
        ),
    ] {
        let (status, answer) = server.put(&path, "", body).await;
        assert_eq!((status.as_u16(), code(&answer)), (400, "BAD_REQUEST"));
    }
    assert_eq!(server.put(&path(&user), "", body()).await.0, 204);
    assert_eq!(server.put(&path(&user), "", body()).await.0, 400, "once");
    let (_, me) = server.get("/api/v1/me", &key).await;
    assert_eq!(me["user"]["is_email_verified"], true);
    server.upload(&key, "a.txt", b"x").await;

    // A verified address gets no other mail.
    assert_eq!(server.post(&path(&user), &key, json!({})).await.0, 204);
    token(&server, "bob@example.com", "Confirm", 1).await;
    assert_eq!(mails(&server, "ada@example.com", "").len(), 1);
}

#[tokio::test]
async fn an_expired_link_is_sent_again() {
    let server = Server::start_with(&["--signup", "open"]);
    let (user, key) = sign_up(&server, "ada@example.com").await;
    let path = format!(
        "/api/v1/users/{}/email-verification",
        user["id"].as_str().unwrap()
    );
    let old = token(&server, "ada@example.com", "Confirm", 1).await;
    sql(&server.data_dir, "UPDATE mail_tokens SET expires_at = 1").await;
    assert_eq!(server.put(&path, "", json!({ "token": old })).await.0, 400);
    assert_eq!(server.post(&path, "", json!({})).await.0, 401);
    assert_eq!(server.post(&path, &key, json!({})).await.0, 204);
    let new = token(&server, "ada@example.com", "Confirm", 2).await;
    assert_eq!(server.put(&path, "", json!({ "token": new })).await.0, 204);
}

#[tokio::test]
async fn a_link_is_sent_again_a_few_times_an_hour() {
    let server = Server::start_with(&["--signup", "open"]);
    let (user, key) = sign_up(&server, "ada@example.com").await;
    let path = format!("/api/v1/users/{}/email-verification", text(&user, "id"));
    for _ in 0..3 {
        assert_eq!(server.post(&path, &key, json!({})).await.0, 204);
    }
    // Not those of the client's address.
    sql(
        &server.data_dir,
        "DELETE FROM attempts WHERE class = 'signup'",
    )
    .await;
    let refused = server
        .send(Method::POST, &path, &key, Some(json!({})))
        .await;
    let wait = refused.headers()["retry-after"].to_str().unwrap();
    let wait: u32 = wait.parse().unwrap();
    assert!((901..=3600).contains(&wait), "{wait}");
    let (status, refusal) = answer(refused).await;
    assert_eq!(
        (status.as_u16(), code(&refusal)),
        (429, "TOO_MANY_REQUESTS")
    );
    // With the mail of the sign-up.
    token(&server, "ada@example.com", "Confirm", 4).await;
}
