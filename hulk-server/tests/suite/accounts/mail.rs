//! Mail through a real SMTP server: sent once it can be, whatever happens in between.

use std::time::Duration;

use serde_json::json;
use sqlx::Row;

use super::{sign_up, text};
use crate::{
    harness::smtp::{Mode, Smtp},
    server::{Server, database, sql},
};

fn start(smtp: &Smtp) -> Server {
    start_at(&smtp.url())
}

fn start_at(url: &str) -> Server {
    Server::start_with(&[
        "--signup",
        "open",
        "--smtp-url",
        url,
        "--mail-from",
        "Hulk <no-reply@hulk.example>",
    ])
}

/// State and error of the only work that was queued for a user.
async fn work(server: &Server) -> (String, i64, String) {
    let mut database = database(&server.data_dir).await;
    let row = sqlx::query(
        "SELECT state, attempts, COALESCE(error, '') AS error FROM queue WHERE user_id IS NOT NULL",
    );
    let row = row.fetch_one(&mut database).await.unwrap();
    (row.get("state"), row.get("attempts"), row.get("error"))
}

/// Waits until the work is in this state.
async fn until(server: &Server, state: &str, attempts: i64) -> String {
    for _ in 0..900 {
        let (found, made, error) = work(server).await;
        if found == state && made >= attempts {
            return error;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("not {state}: {:?}", work(server).await);
}

/// Makes failed work due, and wakes the server up.
async fn try_again(server: &Server) {
    sql(&server.data_dir, "UPDATE queue SET run_at = 0").await;
    let body = json!({ "email": "nobody@example.com" });
    sql(&server.data_dir, "DELETE FROM attempts").await;
    assert_eq!(
        server.post("/api/v1/password-resets", "", body).await.0,
        202
    );
}

#[tokio::test]
async fn a_mail_has_what_its_reader_needs() {
    let Some(smtp) = Smtp::start_with_login("hulk@relay", "p@ss:word/") else {
        return;
    };
    let server = start(&smtp);
    sign_up(&server, "ada@example.com").await;
    let [mail] = smtp.wait_for(1).try_into().unwrap();
    assert_eq!(mail.to, "ada@example.com");
    assert_eq!(mail.recipients, ["ada@example.com"]);
    assert!(mail.from.contains("no-reply@hulk.example"), "{}", mail.from);
    let link = mail
        .text
        .lines()
        .find(|line| line.trim().starts_with("http"))
        .unwrap();
    let url = format!("{}/verify-email?token=hulkm_", server.process.url);
    assert!(link.trim().starts_with(&url), "{link}");
    let page = server.http.get(link.trim()).send().await.unwrap();
    assert_eq!(page.status(), 200);
    let log = server.process.log_with(&[]);
    assert!(!log.contains("p@ss") && !log.contains("hulkm_"), "{log}");
}

#[tokio::test]
async fn a_server_that_takes_no_mail_now_gets_it_later() {
    for mode in [Mode::Busy, Mode::Drop, Mode::Closed] {
        let Some(smtp) = Smtp::start(mode) else {
            return;
        };
        let server = start(&smtp);
        sign_up(&server, "ada@example.com").await;
        let error = until(&server, "queued", 1).await;
        assert!(!error.is_empty());
        smtp.set_mode(Mode::Normal);
        try_again(&server).await;
        until(&server, "done", 2).await;
        assert_eq!(smtp.received().len(), 1);
    }
}

#[tokio::test]
async fn a_server_that_hangs_holds_nothing_else_up() {
    let Some(smtp) = Smtp::start(Mode::Hang) else {
        return;
    };
    let server = start(&smtp);
    let (_, key) = sign_up(&server, "ada@example.com").await;
    until(&server, "running", 1).await;
    assert_eq!(server.get("/api/v1/me", &key).await.0, 200);
    until(&server, "queued", 1).await;
    smtp.set_mode(Mode::Normal);
    try_again(&server).await;
    until(&server, "done", 2).await;
}

#[tokio::test]
async fn a_refused_address_is_given_up() {
    let Some(smtp) = Smtp::start(Mode::Refuse) else {
        return;
    };
    let server = start(&smtp);
    sign_up(&server, "ada@example.com").await;
    let error = until(&server, "failed", 1).await;
    assert!(error.contains("550"), "{error}");
    assert!(smtp.received().is_empty());
}

#[tokio::test]
async fn a_refused_log_in_does_not_lose_the_mail() {
    let Some(smtp) = Smtp::start_with_login("hulk", "right") else {
        return;
    };
    let server = start_at(&smtp.url().replace("right", "wr0ng"));
    sign_up(&server, "ada@example.com").await;
    let error = until(&server, "queued", 1).await;
    assert!(error.contains("535") && !error.contains("wr0ng"), "{error}");
}

#[tokio::test]
async fn a_mail_that_is_sent_twice_has_one_id() {
    let Some(smtp) = Smtp::start(Mode::Normal) else {
        return;
    };
    let server = start(&smtp);
    let (user, key) = sign_up(&server, "ada@example.com").await;
    until(&server, "done", 1).await;
    // As if its server had died before it said so.
    let died = "UPDATE queue SET state = 'running', held_until = 1";
    sql(&server.data_dir, died).await;
    try_again(&server).await;
    until(&server, "done", 2).await;
    let path = format!("/api/v1/users/{}/email-verification", text(&user, "id"));
    assert_eq!(server.post(&path, &key, json!({})).await.0, 204);
    let [one, again, other] = smtp.wait_for(3).try_into().unwrap();
    assert_eq!(one.message_id, again.message_id);
    assert_ne!(one.text, again.text, "its link is new");
    assert_ne!(one.message_id, other.message_id);
}

#[tokio::test]
async fn a_mail_whose_server_dies_each_time_is_given_up() {
    let Some(smtp) = Smtp::start(Mode::Normal) else {
        return;
    };
    let server = start(&smtp);
    sign_up(&server, "ada@example.com").await;
    until(&server, "done", 1).await;
    // More attempts than any work may have.
    let died = "UPDATE queue SET state = 'running', held_until = 1, attempts = 100";
    sql(&server.data_dir, died).await;
    try_again(&server).await;
    let error = until(&server, "failed", 101).await;
    assert!(error.contains("died"), "{error}");
    assert_eq!(smtp.received().len(), 1);
}

#[tokio::test]
async fn a_mail_survives_the_death_of_its_server() {
    let Some(mut smtp) = Smtp::start(Mode::Normal) else {
        return;
    };
    smtp.stop();
    let mut server = start(&smtp);
    sign_up(&server, "ada@example.com").await;
    until(&server, "queued", 1).await;
    server.process.kill();
    smtp.start_again();
    sql(&server.data_dir, "UPDATE queue SET run_at = 0").await;
    let flags = ["--signup", "open", "--smtp-url", &smtp.url()];
    let again = Server::start_in(&server.data_dir, &flags);
    assert_eq!(smtp.wait_for(1).len(), 1);
    until(&again, "done", 2).await;
}
