//! Who may create an account, with what.

use serde_json::{Value, json};

use super::{PASSWORD, mails, sign_up};
use crate::server::{Server, code};

#[tokio::test]
async fn who_may_sign_up_is_configured() {
    let code_of = |flags: &'static [&'static str], given: Option<&'static str>| async move {
        let server = Server::start_with(flags);
        let mut body = json!({ "email": "ada@example.com", "password": PASSWORD });
        if let Some(given) = given {
            body["invite_code"] = given.into();
        }
        let (status, answer) = server.post("/api/v1/users", "", body).await;
        (status.as_u16(), code(&answer).to_owned())
    };
    let closed = (403, "SIGNUP_CLOSED".to_owned());
    let no_invite = (403, "INVITE_REQUIRED".to_owned());
    let good = (201, "no code".to_owned());
    for (flags, given, expected) in [
        (&[][..], None, &closed),
        (&[], Some("x"), &closed),
        (&["--invite-code", "PARTY"], None, &no_invite),
        (&["--invite-code", "PARTY"], Some("party"), &no_invite),
        (&["--invite-code", "PARTY"], Some("PARTY"), &good),
        (
            &["--signup", "closed", "--invite-code", "PARTY"],
            Some("PARTY"),
            &closed,
        ),
        (&["--signup", "open"], None, &good),
        (&["--signup", "open", "--invite-code", "PARTY"], None, &good),
    ] {
        let found = code_of(flags, given).await;
        assert_eq!(&found, expected, "{flags:?} {given:?}");
    }
}

#[tokio::test]
async fn a_new_account_has_a_key_and_waits_for_its_verification() {
    let server = Server::start_with(&["--signup", "open"]);
    let (user, key) = sign_up(&server, " Ada@Example.com ").await;
    assert_eq!(user["email"], "ada@example.com");
    assert_eq!(user["is_email_verified"], false);
    let (_, me) = server.get("/api/v1/me", &key).await;
    assert_eq!(me["user"]["id"], user["id"]);
    assert_eq!(me["credential"]["label"], "default");
    assert_eq!(me["credential"]["permissions"], "all");
    let upload = json!({ "path": "a.txt", "size_bytes": 1 });
    let (status, refused) = server.post("/api/v1/files", &key, upload).await;
    assert_eq!(
        (status.as_u16(), code(&refused)),
        (403, "EMAIL_NOT_VERIFIED")
    );
    let path = format!("/api/v1/users/{}", user["id"].as_str().unwrap());
    assert_eq!(server.get(&path, &key).await.1, user);
}

#[tokio::test]
async fn what_is_wrong_with_an_account_is_said() {
    let server = Server::start_with(&["--signup", "open"]);
    sign_up(&server, "ada@example.com").await;
    for (number, (change, status, expected)) in [
        (
            json!({ "email": "ADA@example.com" }),
            409,
            "AUTH_EMAIL_EXISTS",
        ),
        (json!({ "email": "no address" }), 400, "VALIDATION_ERROR"),
        (json!({ "email": "a@b@c" }), 400, "VALIDATION_ERROR"),
        (
            json!({ "email": "a@b\r\nBcc: c@d" }),
            400,
            "VALIDATION_ERROR",
        ),
        (json!({ "password": "short" }), 400, "VALIDATION_ERROR"),
        (
            json!({ "password": "password1234" }),
            400,
            "VALIDATION_ERROR",
        ),
        (
            json!({ "password": "eve@example.com", "email": "eve@example.com" }),
            400,
            "VALIDATION_ERROR",
        ),
        (json!({ "username": "no spaces" }), 400, "VALIDATION_ERROR"),
        (json!({ "first_name": "a\nb" }), 400, "VALIDATION_ERROR"),
        (json!({ "role": "admin" }), 400, "VALIDATION_ERROR"),
        (json!({ "username": "Bob" }), 201, "no code"),
    ]
    .into_iter()
    .enumerate()
    {
        // Each from an address of its own, as its attempts are counted.
        let mut body = json!({ "email": format!("bob{number}@example.com"), "password": PASSWORD });
        for (field, value) in change.as_object().unwrap() {
            body[field] = value.clone();
        }
        forget_attempts(&server).await;
        let (found, answer) = server.post("/api/v1/users", "", body).await;
        assert_eq!(
            (found.as_u16(), code(&answer)),
            (status, expected),
            "{change}: {answer}"
        );
    }
    let body = json!({ "email": "eve@example.com", "password": PASSWORD, "username": "bob" });
    let (status, answer) = server.post("/api/v1/users", "", body).await;
    assert_eq!((status.as_u16(), code(&answer)), (409, "CONFLICT"));
    assert!(mails(&server, "c@d", "").is_empty());
}

async fn forget_attempts(server: &Server) {
    crate::server::sql(&server.data_dir, "DELETE FROM attempts").await;
}

#[tokio::test]
async fn attempts_to_sign_up_are_limited() {
    let server = Server::start_with(&["--signup", "open"]);
    let mut answers = Vec::new();
    for number in 0..6 {
        let body = json!({ "email": format!("u{number}@example.com"), "password": PASSWORD });
        let sent = server.http.post(server.url("/api/v1/users")).json(&body);
        answers.push(sent.send().await.unwrap());
    }
    let statuses: Vec<u16> = answers
        .iter()
        .map(|answer| answer.status().as_u16())
        .collect();
    assert_eq!(statuses, [201, 201, 201, 201, 201, 429]);
    let wait = answers[5].headers()["retry-after"].to_str().unwrap();
    assert!((1..=900).contains(&wait.parse::<u32>().unwrap()), "{wait}");
}

#[tokio::test]
async fn a_profile_is_changed_by_its_user_alone() {
    let server = Server::start_with(&["--signup", "open"]);
    let (ada, key) = sign_up(&server, "ada@example.com").await;
    let (_, other) = sign_up(&server, "bob@example.com").await;
    let path = format!("/api/v1/users/{}", ada["id"].as_str().unwrap());
    let body = json!({ "first_name": "Ada", "username": "Ada" });
    let (status, changed) = server.put(&path, &key, body).await;
    assert_eq!(status, 200, "{changed}");
    assert_eq!(
        (&changed["first_name"], &changed["username"]),
        (&json!("Ada"), &json!("ada"))
    );
    let (_, changed) = server
        .put(&path, &key, json!({ "first_name": "", "last_name": "L" }))
        .await;
    assert_eq!(changed["first_name"], Value::Null);
    assert_eq!(
        (&changed["last_name"], &changed["username"]),
        (&json!("L"), &json!("ada"))
    );
    for (method, body) in [
        ("get", json!(null)),
        ("put", json!({ "first_name": "Eve" })),
    ] {
        let (status, answer) = match method {
            "get" => server.get(&path, &other).await,
            _ => server.put(&path, &other, body).await,
        };
        assert_eq!(
            (status.as_u16(), code(&answer)),
            (404, "NOT_FOUND"),
            "{method}"
        );
    }
}
