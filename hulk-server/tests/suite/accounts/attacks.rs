//! Credentials that somebody else has got, and what ends them.

use serde_json::{Value, json};

use super::{
    PASSWORD,
    device::{ask, decide, poll},
    log_in,
    pages::{page, post},
    sign_up, text, token,
};
use crate::server::{Server, code, cookies};

const NEW: &str = "another staple entirely";

/// Sets the password to `NEW`, as whoever reads the mail to this address.
async fn reset(server: &Server, email: &str) {
    let resets = "/api/v1/password-resets";
    let (status, _) = server.post(resets, "", json!({ "email": email })).await;
    assert_eq!(status, 202);
    let secret = token(server, email, "new password", 1).await;
    let body = json!({ "token": secret, "new_password": NEW });
    assert_eq!(server.put(resets, "", body).await.0, 204);
}

async fn sign_in(server: &Server, fields: &[(&str, &str)]) -> String {
    let response = post(server, "/login", fields).send().await.unwrap();
    assert_eq!(response.status(), 303);
    cookies(&response)
}

/// Asserts that neither the tokens of a log-in nor the cookies of a page are good any more.
async fn assert_ended(server: &Server, session: &Value, on_page: &str) {
    let (status, _) = server
        .get("/api/v1/me", text(session, "access_token"))
        .await;
    assert_eq!(status, 401);
    let body = json!({ "refresh_token": session["refresh_token"] });
    let (status, _) = server.post("/api/v1/sessions/refresh", "", body).await;
    assert_eq!(status, 401);
    let ended = page(server, "/refresh?next=%2F", on_page).await;
    let emptied = cookies(&ended);
    let values: Vec<&str> = emptied
        .split("; ")
        .filter_map(|pair| pair.split_once('='))
        .map(|(_, value)| value)
        .collect();
    assert_eq!(values, ["", ""], "{emptied}");
}

async fn assert_gets_nothing(server: &Server, codes: &Value) {
    let (status, answer) = poll(server, codes).await;
    assert_eq!((status, code(&answer)), (400, "EXPIRED_TOKEN"));
}

#[tokio::test]
async fn whoever_signed_up_with_anothers_address_keeps_nothing_after_its_owners_reset() {
    let server = Server::start_with(&["--signup", "open"]);
    let (_, key) = sign_up(&server, "ada@example.com").await;
    let (_, session) = log_in(&server, "ada@example.com", PASSWORD).await;
    let fields = [("email", "ada@example.com"), ("password", PASSWORD)];
    let on_page = sign_in(&server, &fields).await;
    let (claimed, approved) = (ask(&server).await, ask(&server).await);
    for codes in [&claimed, &approved] {
        let decided = decide(&server, &on_page, text(codes, "user_code"), "approve").await;
        assert_eq!(decided.status(), 200);
    }
    let (_, of_device) = poll(&server, &claimed).await;
    let keys = [key.as_str(), text(&of_device, "api_key")];
    for key in keys {
        assert_eq!(server.get("/api/v1/me", key).await.0, 200);
    }

    reset(&server, "ada@example.com").await;
    for key in keys {
        let (status, answer) = server.get("/api/v1/me", key).await;
        assert_eq!(
            (status.as_u16(), code(&answer)),
            (401, "AUTH_INVALID_CREDENTIALS")
        );
    }
    assert_ended(&server, &session, &on_page).await;
    for codes in [&claimed, &approved] {
        assert_gets_nothing(&server, codes).await;
    }
    assert_eq!(log_in(&server, "ada@example.com", PASSWORD).await.0, 401);
    let (status, own) = log_in(&server, "ada@example.com", NEW).await;
    assert_eq!(status, 201, "{own}");
    let own = text(&own, "access_token");
    assert_eq!(server.get("/api/v1/api-keys", own).await.1["total"], 0);
}

#[tokio::test]
async fn a_reset_leaves_the_keys_of_a_verified_account() {
    let server = Server::start();
    let key = server.user("ada@example.com").key;
    reset(&server, "ada@example.com").await;
    assert_eq!(server.get("/api/v1/me", &key).await.0, 200);
}

#[tokio::test]
async fn sessions_of_a_key_push_out_no_session_of_the_password() {
    let server = Server::start();
    server.user("ada@example.com");
    let (_, own) = log_in(&server, "ada@example.com", PASSWORD).await;
    let read = server.key("ada@example.com", "read");
    for _ in 0..101 {
        sign_in(&server, &[("key", read.as_str())]).await;
    }
    let access = text(&own, "access_token");
    let (status, listed) = server.get("/api/v1/sessions", access).await;
    assert_eq!(status, 200, "{listed}");
    assert_eq!(listed["total"], 101, "100 of the key, and this one");
}

#[tokio::test]
async fn a_changed_password_ends_what_was_begun_with_the_old_one() {
    let server = Server::start_with(&["--signup", "open"]);
    let (user, key) = sign_up(&server, "ada@example.com").await;
    let (_, session) = log_in(&server, "ada@example.com", PASSWORD).await;
    let on_page = sign_in(&server, &[("key", key.as_str())]).await;
    let codes = ask(&server).await;
    let decided = decide(&server, &on_page, text(&codes, "user_code"), "approve").await;
    assert_eq!(decided.status(), 200);
    let path = format!("/api/v1/users/{}/password", text(&user, "id"));
    let third = "orbit lantern plum jacket";
    for (current, new, status, expected) in [
        (PASSWORD, NEW, 204, "no code"),
        (PASSWORD, third, 401, "AUTH_INVALID_CREDENTIALS"),
        (NEW, third, 204, "no code"),
    ] {
        let body = json!({ "current_password": current, "new_password": new });
        let (found, answer) = server.put(&path, &key, body).await;
        assert_eq!((found.as_u16(), code(&answer)), (status, expected));
    }
    assert_ended(&server, &session, &on_page).await;
    assert_gets_nothing(&server, &codes).await;
    for (password, status) in [(PASSWORD, 401), (NEW, 401), (third, 201)] {
        let (found, answer) = log_in(&server, "ada@example.com", password).await;
        assert_eq!(found, status, "{answer}");
    }
}

#[tokio::test]
async fn only_an_access_token_in_its_own_cookie_signs_in() {
    for is_https in [false, true] {
        let url = ["--public-url", "https://hulk.example"];
        let flags = [&["--signup", "open"][..], if is_https { &url } else { &[] }].concat();
        let server = Server::start_with(&flags);
        let port = server.process.url.rsplit_once(':').unwrap().1.to_owned();
        let (plain, secure) = (format!("hulk_{port}_"), "__Host-hulk_".to_owned());
        let (prefix, other) = match is_https {
            true => (secure, plain),
            false => (plain, secure),
        };
        let (_, key) = sign_up(&server, "ada@example.com").await;
        let (_, session) = log_in(&server, "ada@example.com", PASSWORD).await;
        let access = text(&session, "access_token");
        let refresh = text(&session, "refresh_token");
        for (cookie, expected) in [
            (format!("{prefix}session={access}"), 200),
            (format!("{other}session={access}"), 401),
            (format!("x_session={access}"), 401),
            (format!("hulk_session={access}"), 401),
            (format!("x_{prefix}session={access}"), 401),
            (format!("{prefix}SESSION={access}"), 401),
            (format!("{prefix}refresh={access}"), 401),
            (format!("{prefix}session={refresh}"), 401),
            (format!("{prefix}session={key}"), 401),
            (format!("{prefix}session=\"{access}\""), 401),
        ] {
            let found = page(&server, "/api/v1/me", &cookie).await;
            assert_eq!(found.status(), expected, "{cookie}");
        }
        let wrong = format!("{prefix}refresh={access}");
        let renewal = post(&server, "/refresh", &[]).header("cookie", wrong);
        assert_eq!(renewal.send().await.unwrap().status(), 401);
    }
}
