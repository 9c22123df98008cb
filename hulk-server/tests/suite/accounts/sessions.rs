//! Log-ins, and what becomes of their tokens.

use futures_util::future::join_all;
use serde_json::{Value, json};

use super::{PASSWORD, log_in, sign_up, text};
use crate::server::{Server, code, sql};

async fn refresh(server: &Server, token: &str) -> (u16, Value) {
    let body = json!({ "refresh_token": token });
    let (status, answer) = server.post("/api/v1/sessions/refresh", "", body).await;
    (status.as_u16(), answer)
}

async fn start() -> (Server, Value) {
    let server = Server::start_with(&["--signup", "open"]);
    sign_up(&server, "ada@example.com").await;
    let (status, session) = log_in(&server, "Ada@example.com", PASSWORD).await;
    assert_eq!(status, 201, "{session}");
    (server, session)
}

#[tokio::test]
async fn an_access_token_is_a_credential_and_a_refresh_token_is_not() {
    let (server, session) = start().await;
    let (access, old) = (
        text(&session, "access_token"),
        text(&session, "refresh_token"),
    );
    assert_eq!(session["token_type"], "Bearer");
    assert_eq!(session["expires_in"], 900);
    let (status, me) = server.get("/api/v1/me", access).await;
    assert_eq!(status, 200, "{me}");
    assert_eq!(me["credential"]["kind"], "session");
    let (status, keys) = server.get("/api/v1/api-keys", access).await;
    assert_eq!((status.as_u16(), &keys["total"]), (200, &json!(1)));
    let mut forged = access.to_owned();
    forged.pop();
    forged.push(if access.ends_with('A') { 'E' } else { 'A' });
    for wrong in [old, &forged, "hulka_", "hulka_x", &access.to_uppercase()] {
        let (status, answer) = server.get("/api/v1/me", wrong).await;
        assert_eq!(
            (status.as_u16(), code(&answer)),
            (401, "AUTH_INVALID_CREDENTIALS")
        );
    }
    let (status, answer) = refresh(&server, access).await;
    assert_eq!((status, code(&answer)), (401, "AUTH_REFRESH_FAILED"));
    sql(
        &server.data_dir,
        "UPDATE session_tokens SET expires_at = 1 WHERE kind = 'access'",
    )
    .await;
    let (status, answer) = server.get("/api/v1/me", access).await;
    assert_eq!(
        (status.as_u16(), code(&answer)),
        (401, "AUTH_TOKEN_EXPIRED")
    );
    assert_eq!(refresh(&server, old).await.0, 200);
}

#[tokio::test]
async fn the_predecessor_gets_the_same_successor_for_a_while() {
    let (server, session) = start().await;
    let first = text(&session, "refresh_token");
    let (_, second) = refresh(&server, first).await;
    let (status, again) = refresh(&server, first).await;
    assert_eq!(status, 200, "{again}");
    assert_eq!(
        text(&again, "refresh_token"),
        text(&second, "refresh_token")
    );
    assert_eq!(text(&again, "access_token"), text(&second, "access_token"));
    assert_eq!(
        server
            .get("/api/v1/me", text(&session, "access_token"))
            .await
            .0,
        200
    );

    // The successor was used: now the predecessor is a stolen one, and the whole family ends.
    let (status, third) = refresh(&server, text(&second, "refresh_token")).await;
    assert_eq!(status, 200);
    let (status, answer) = refresh(&server, first).await;
    assert_eq!((status, code(&answer)), (401, "AUTH_REFRESH_FAILED"));
    for token in [&session, &second, &third] {
        assert_eq!(refresh(&server, text(token, "refresh_token")).await.0, 401);
        let (status, _) = server.get("/api/v1/me", text(token, "access_token")).await;
        assert_eq!(status, 401);
    }
}

#[tokio::test]
async fn after_the_grace_a_reuse_ends_the_family() {
    let (server, session) = start().await;
    let first = text(&session, "refresh_token");
    let (_, second) = refresh(&server, first).await;
    let aged =
        "UPDATE session_tokens SET rotated_at = rotated_at - 31000 WHERE rotated_at IS NOT NULL";
    sql(&server.data_dir, aged).await;
    assert_eq!(refresh(&server, first).await.0, 401);
    assert_eq!(
        refresh(&server, text(&second, "refresh_token")).await.0,
        401
    );
}

#[tokio::test]
async fn fifty_refreshes_at_once_get_one_successor() {
    let (server, session) = start().await;
    let first = text(&session, "refresh_token");
    let answers = join_all((0..50).map(|_| refresh(&server, first))).await;
    let (_, one) = &answers[0];
    for (status, answer) in &answers {
        assert_eq!(*status, 200, "{answer}");
        assert_eq!(text(answer, "refresh_token"), text(one, "refresh_token"));
    }
    assert_eq!(refresh(&server, text(one, "refresh_token")).await.0, 200);
}

#[tokio::test]
async fn sessions_are_listed_and_ended() {
    let (server, one) = start().await;
    let (_, other) = log_in(&server, "ada@example.com", PASSWORD).await;
    let access = text(&one, "access_token");
    let (_, page) = server.get("/api/v1/sessions", access).await;
    assert_eq!(page["total"], 2, "{page}");
    let current: Vec<&Value> = page["items"].as_array().unwrap().iter().collect();
    assert_eq!(current[0]["is_current"], false);
    assert_eq!(current[1]["is_current"], true);
    assert!(!text(current[0], "address").is_empty());
    let path = format!("/api/v1/sessions/{}", text(current[0], "id"));
    assert_eq!(server.delete(&path, access).await.0, 204);
    assert_eq!(server.delete(&path, access).await.0, 404);
    assert_eq!(
        server
            .get("/api/v1/me", text(&other, "access_token"))
            .await
            .0,
        401
    );
    assert_eq!(refresh(&server, text(&other, "refresh_token")).await.0, 401);

    // Ending a session ends tokens in their grace too.
    let (_, two) = refresh(&server, text(&one, "refresh_token")).await;
    assert_eq!(
        server
            .delete("/api/v1/sessions", text(&two, "access_token"))
            .await
            .0,
        204
    );
    for token in [&one, &two] {
        assert_eq!(refresh(&server, text(token, "refresh_token")).await.0, 401);
        assert_eq!(
            server
                .get("/api/v1/me", text(token, "access_token"))
                .await
                .0,
            401
        );
    }
}

#[tokio::test]
async fn who_has_an_account_is_not_told_and_guesses_are_limited() {
    let (server, _) = start().await;
    let (status, unknown) = log_in(&server, "eve@example.com", PASSWORD).await;
    assert_eq!((status, code(&unknown)), (401, "AUTH_INVALID_CREDENTIALS"));
    let (status, wrong) = log_in(&server, "ada@example.com", "wrong").await;
    assert_eq!((status, &wrong), (401, &unknown));
    let mut statuses = Vec::new();
    for _ in 0..10 {
        statuses.push(log_in(&server, "ada@example.com", "wrong").await.0);
    }
    assert!(statuses.contains(&429), "{statuses:?}");
    let (status, answer) = log_in(&server, "ada@example.com", PASSWORD).await;
    assert_eq!((status, code(&answer)), (429, "TOO_MANY_REQUESTS"));
}

#[tokio::test]
async fn a_suspended_user_has_no_session() {
    let (server, session) = start().await;
    sql(&server.data_dir, "UPDATE users SET is_active = 0").await;
    let (status, answer) = server
        .get("/api/v1/me", text(&session, "access_token"))
        .await;
    assert_eq!((status.as_u16(), code(&answer)), (403, "ACCOUNT_DISABLED"));
    let (status, answer) = refresh(&server, text(&session, "refresh_token")).await;
    assert_eq!((status, code(&answer)), (403, "ACCOUNT_DISABLED"));
    let (status, answer) = log_in(&server, "ada@example.com", PASSWORD).await;
    assert_eq!((status, code(&answer)), (403, "ACCOUNT_DISABLED"));
    let (status, _) = log_in(&server, "ada@example.com", "wrong").await;
    assert_eq!(status, 401);
}
