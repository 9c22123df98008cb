//! What the pages and the log say where limits count.

use serde_json::json;

use super::{PASSWORD, pages::post};
use crate::server::Server;

/// Sends a form until it is refused, and returns how long to wait then.
async fn wait(server: &Server, path: &str, fields: &[(&str, &str)]) -> u64 {
    for _ in 0..40 {
        let answer = post(server, path, fields).send().await.unwrap();
        if answer.status() == 429 {
            let seconds = answer.headers()["retry-after"].to_str().unwrap();
            let seconds = seconds.parse().unwrap();
            let text = answer.text().await.unwrap();
            assert!(text.contains("too many"), "{path}: {text}");
            return seconds;
        }
    }
    panic!("{path} is not limited");
}

#[tokio::test]
async fn a_form_that_was_sent_too_often_says_when_to_send_it_again() {
    let server = Server::start_with(&["--invite-code", "PARTY"]);
    let key = server.user("ada@example.com").key;
    server.upload(&key, "a.txt", b"a").await;
    let body = json!({ "path": "a.txt", "password": PASSWORD });
    let share = server.post("/api/v1/shares", &key, body).await.1;
    let link = format!("/s/{}", share["token"].as_str().unwrap());
    let account = [("email", "ada@example.com"), ("password", "wrong")];
    for (path, fields) in [
        ("/login", &account[..]),
        ("/register", &account[..]),
        ("/reset-password", &account[..1]),
        (link.as_str(), &account[1..]),
    ] {
        let seconds = wait(&server, path, fields).await;
        assert!((1..=900).contains(&seconds), "{path}: {seconds}");
    }
}

#[tokio::test]
async fn the_log_names_a_proxy_that_is_not_trusted_once() {
    let server = Server::start();
    let ask = || {
        let request = server.http.get(format!("{}/healthz", server.process.url));
        request.header("x-forwarded-for", "192.0.2.1").send()
    };
    for _ in 0..2 {
        assert_eq!(ask().await.unwrap().status(), 200);
    }
    let log = server.process.log_with(&["--trusted-proxies 127.0.0.1"]);
    let flag = "--trusted-proxies";
    assert_eq!(log.matches(flag).count(), 1, "{log}");
}
