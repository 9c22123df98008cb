//! Programs that log in for a user who types their code.

use reqwest::Response;
use serde_json::{Value, json};

use super::{
    PASSWORD,
    pages::{location, page, post},
    sign_up, text,
};
use crate::server::{Server, code, cookies, sql};

pub(super) async fn ask(server: &Server) -> Value {
    let body = json!({ "client_name": "hulk on laptop" });
    let (status, codes) = server.post("/api/v1/device-codes", "", body).await;
    assert_eq!(status, 201, "{codes}");
    codes
}

/// Polls, as if enough time had passed.
pub(super) async fn poll(server: &Server, codes: &Value) -> (u16, Value) {
    sql(&server.data_dir, "UPDATE device_codes SET polled_at = 0").await;
    poll_at_once(server, codes).await
}

async fn poll_at_once(server: &Server, codes: &Value) -> (u16, Value) {
    let body = json!({ "device_code": codes["device_code"] });
    let (status, answer) = server.post("/api/v1/device-codes/token", "", body).await;
    (status.as_u16(), answer)
}

async fn signed_in(server: &Server) -> String {
    sign_up(server, "ada@example.com").await;
    let fields = [
        ("email", "ada@example.com"),
        ("password", PASSWORD),
        ("next", "/device"),
    ];
    let response = post(server, "/login", &fields).send().await.unwrap();
    assert_eq!(location(&response), "/device");
    cookies(&response)
}

pub(super) async fn decide(server: &Server, session: &str, code: &str, decision: &str) -> Response {
    let fields = [("user_code", code), ("decision", decision)];
    let sent = post(server, "/device", &fields)
        .header("cookie", session)
        .send();
    sent.await.unwrap()
}

#[tokio::test]
async fn a_program_gets_a_key_once_its_user_has_agreed() {
    let server = Server::start_with(&["--signup", "open"]);
    let codes = ask(&server).await;
    let user_code = text(&codes, "user_code");
    assert_eq!(user_code.len(), 9, "{user_code}");
    let page_url = format!("{}/device", server.process.url);
    assert_eq!(text(&codes, "verification_uri"), page_url);
    assert_eq!(
        (&codes["expires_in"], &codes["interval"]),
        (&json!(900), &json!(5))
    );
    let (status, answer) = poll(&server, &codes).await;
    assert_eq!((status, code(&answer)), (400, "AUTHORIZATION_PENDING"));

    assert_eq!(
        location(&page(&server, "/device", "").await),
        "/login?next=%2Fdevice"
    );
    let session = signed_in(&server).await;
    let form = page(&server, "/device", &session)
        .await
        .text()
        .await
        .unwrap();
    assert!(form.contains("Only if you started"), "{form}");
    // As people type it.
    let typed = user_code.replace('-', " ").to_lowercase();
    let shown = decide(&server, &session, &typed, "")
        .await
        .text()
        .await
        .unwrap();
    for part in ["hulk on laptop", "127.0.0.1", "ada@example.com"] {
        assert!(shown.contains(part), "{part}: {shown}");
    }
    assert_eq!(poll(&server, &codes).await.0, 400, "it was only looked at");
    assert_eq!(
        decide(&server, &session, &typed, "approve").await.status(),
        200
    );
    assert_eq!(
        decide(&server, &session, &typed, "approve").await.status(),
        404
    );

    // A program that has not received the answer gets the same.
    let (status, first) = poll(&server, &codes).await;
    assert_eq!(status, 201, "{first}");
    assert_eq!(poll(&server, &codes).await.1, first);
    let (_, me) = server.get("/api/v1/me", text(&first, "api_key")).await;
    assert_eq!(me["user"]["email"], "ada@example.com");
    assert_eq!(me["credential"]["label"], "hulk on laptop");
    assert_eq!(me["credential"]["permissions"], "all");
    let (_, keys) = server
        .get("/api/v1/api-keys", text(&first, "api_key"))
        .await;
    assert_eq!(keys["total"], 2, "the first key, and this one");
}

#[tokio::test]
async fn a_refused_an_expired_and_an_unknown_code_get_nothing() {
    let server = Server::start_with(&["--signup", "open"]);
    let session = signed_in(&server).await;
    let codes = ask(&server).await;
    decide(&server, &session, text(&codes, "user_code"), "deny").await;
    let (status, answer) = poll(&server, &codes).await;
    assert_eq!((status, code(&answer)), (400, "ACCESS_DENIED"));

    let codes = ask(&server).await;
    sql(&server.data_dir, "UPDATE device_codes SET expires_at = 1").await;
    for wrong in [
        codes.clone(),
        json!({ "device_code": "x" }),
        json!({ "device_code": format!("hulkd_{}", "A".repeat(43)) }),
    ] {
        let (status, answer) = poll(&server, &wrong).await;
        assert_eq!((status, code(&answer)), (400, "EXPIRED_TOKEN"));
    }
    let expired = decide(&server, &session, text(&codes, "user_code"), "approve").await;
    assert_eq!(expired.status(), 404);
}

#[tokio::test]
async fn a_program_that_polls_too_often_has_to_wait_longer() {
    let server = Server::start();
    let codes = ask(&server).await;
    let mut found = Vec::new();
    for _ in 0..3 {
        found.push(code(&poll_at_once(&server, &codes).await.1).to_owned());
    }
    assert_eq!(found, ["AUTHORIZATION_PENDING", "SLOW_DOWN", "SLOW_DOWN"]);
    // Five seconds are no longer enough.
    sql(
        &server.data_dir,
        "UPDATE device_codes SET polled_at = polled_at - 6000",
    )
    .await;
    assert_eq!(code(&poll_at_once(&server, &codes).await.1), "SLOW_DOWN");
}

#[tokio::test]
async fn a_key_that_may_not_manage_lets_no_program_in_and_guesses_are_limited() {
    let server = Server::start();
    server.user("ada@example.com");
    let codes = ask(&server).await;
    let user_code = text(&codes, "user_code");
    let write = server.key("ada@example.com", "write");
    let begun = post(&server, "/login", &[("key", &write)])
        .send()
        .await
        .unwrap();
    let refused = decide(&server, &cookies(&begun), user_code, "approve").await;
    assert_eq!(refused.status(), 403);
    let all = server.key("ada@example.com", "all");
    let begun = post(&server, "/login", &[("key", &all)])
        .send()
        .await
        .unwrap();
    let session = cookies(&begun);
    for _ in 0..25 {
        let shown = decide(&server, &session, user_code, "").await;
        assert_eq!(shown.status(), 200, "a right code is no guess");
    }
    let mut statuses = Vec::new();
    for _ in 0..21 {
        statuses.push(
            decide(&server, &session, "BCDF-GHJK", "approve")
                .await
                .status()
                .as_u16(),
        );
    }
    assert_eq!(statuses[..20], [404; 20]);
    assert_eq!(statuses[20], 429);
    let right = decide(&server, &session, user_code, "approve").await;
    assert_eq!(right.status(), 429);
    assert!(right.headers().contains_key("retry-after"));
}

#[tokio::test]
async fn a_suspended_user_lets_no_program_in() {
    let server = Server::start_with(&["--signup", "open"]);
    let session = signed_in(&server).await;
    let codes = ask(&server).await;
    decide(&server, &session, text(&codes, "user_code"), "approve").await;
    sql(&server.data_dir, "UPDATE users SET is_active = 0").await;
    let (status, answer) = poll(&server, &codes).await;
    assert_eq!((status, code(&answer)), (403, "ACCOUNT_DISABLED"));
}
