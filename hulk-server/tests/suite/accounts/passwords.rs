//! Changes of passwords.

use serde_json::json;
use sqlx::Row;

use super::{PASSWORD, log_in, mails, sign_up, text, token};
use crate::server::{Server, code, database, sql};

const NEW: &str = "another staple entirely";

#[tokio::test]
async fn a_change_ends_all_other_sessions_and_is_told_by_mail() {
    let server = Server::start_with(&["--signup", "open"]);
    let (user, key) = sign_up(&server, "ada@example.com").await;
    let (_, own) = log_in(&server, "ada@example.com", PASSWORD).await;
    let (_, other) = log_in(&server, "ada@example.com", PASSWORD).await;
    let path = format!("/api/v1/users/{}/password", text(&user, "id"));
    let own = text(&own, "access_token");
    for (current, new, status, expected) in [
        ("wrong", NEW, 401, "AUTH_INVALID_CREDENTIALS"),
        (PASSWORD, "short", 400, "VALIDATION_ERROR"),
        (PASSWORD, "ada@example.com", 400, "VALIDATION_ERROR"),
        (PASSWORD, NEW, 204, "no code"),
    ] {
        let body = json!({ "current_password": current, "new_password": new });
        let (found, answer) = server.put(&path, own, body).await;
        assert_eq!((found.as_u16(), code(&answer)), (status, expected), "{new}");
    }
    assert_eq!(server.get("/api/v1/me", own).await.0, 200);
    assert_eq!(
        server
            .get("/api/v1/me", text(&other, "access_token"))
            .await
            .0,
        401
    );
    assert_eq!(server.get("/api/v1/me", &key).await.0, 200, "keys stay");
    sql(&server.data_dir, "DELETE FROM attempts").await;
    assert_eq!(log_in(&server, "ada@example.com", PASSWORD).await.0, 401);
    assert_eq!(log_in(&server, "ada@example.com", NEW).await.0, 201);
    for _ in 0..100 {
        if !mails(&server, "ada@example.com", "changed").is_empty() {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    panic!("no mail about the change");
}

#[tokio::test]
async fn a_forgotten_password_is_reset_by_mail_once() {
    let server = Server::start_with(&["--signup", "open"]);
    sign_up(&server, "ada@example.com").await;
    let (_, session) = log_in(&server, "ada@example.com", PASSWORD).await;
    let resets = "/api/v1/password-resets";
    for email in ["nobody@example.com", "ada@example.com"] {
        let (status, answer) = server.post(resets, "", json!({ "email": email })).await;
        assert_eq!((status.as_u16(), answer), (202, json!(null)), "{email}");
    }
    let secret = token(&server, "ada@example.com", "new password", 1).await;
    assert!(mails(&server, "nobody@example.com", "").is_empty());
    let weak = json!({ "token": secret, "new_password": "short" });
    assert_eq!(server.put(resets, "", weak).await.0, 400);
    let body = || json!({ "token": secret, "new_password": NEW });
    let both = futures_util::future::join(
        server.put(resets, "", body()),
        server.put(resets, "", body()),
    );
    let ((one, _), (other, _)) = both.await;
    let mut statuses = [one.as_u16(), other.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [204, 400], "it works once");
    assert_eq!(
        server
            .get("/api/v1/me", text(&session, "access_token"))
            .await
            .0,
        401
    );
    let (status, again) = log_in(&server, "ada@example.com", NEW).await;
    assert_eq!(status, 201, "{again}");
    assert_eq!(
        again["user"]["is_email_verified"], true,
        "the mail was read"
    );
}

#[tokio::test]
async fn nobody_is_flooded_with_mails_for_a_new_password() {
    let server = Server::start_with(&["--signup", "open"]);
    sign_up(&server, "ada@example.com").await;
    let mut queued = Vec::new();
    for email in ["ada@example.com", "nobody@example.com"] {
        // Those of the client's address.
        sql(
            &server.data_dir,
            "DELETE FROM attempts WHERE class = 'signup'",
        )
        .await;
        for written in [email, &email.to_uppercase(), &format!(" {email}"), email] {
            let body = json!({ "email": written });
            let (status, answer) = server.post("/api/v1/password-resets", "", body).await;
            assert_eq!((status.as_u16(), answer), (202, json!(null)), "{written}");
        }
        let mut database = database(&server.data_dir).await;
        let count = "SELECT COUNT(*) AS count FROM queue WHERE kind = 'password_reset'";
        let row = sqlx::query(count).fetch_one(&mut database).await.unwrap();
        queued.push(row.get::<i64, _>("count"));
    }
    assert_eq!(queued, [3, 6]);
}
