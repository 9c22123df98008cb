//! Links with a password.

use reqwest::Method;
use serde_json::{Value, json};

use super::{public, share, status, token};
use crate::server::{Server, answer};

#[tokio::test]
async fn a_password_is_asked_once_and_guesses_are_limited() {
    let server = Server::start();
    let key = server.user("ada@example.com").key;
    let file = server.upload(&key, "secret.txt", b"hello").await;
    let link = share(
        &server,
        &key,
        json!({ "path": "secret.txt", "password": "öpen sesame" }),
    )
    .await;
    let other = share(
        &server,
        &key,
        json!({ "path": "secret.txt", "password": "öpen sesame" }),
    )
    .await;
    assert_eq!(link["has_password"], true);
    let shown = server.get(&public(&link), "").await.1;
    assert_eq!(
        (&shown["needs_password"], &shown["filename"]),
        (&json!(true), &Value::Null)
    );
    let path = format!("/s/{}", token(&link));
    assert_eq!(status(&server, &path, &[]).await, 401);
    let basic = server
        .http
        .get(server.url(&path))
        .basic_auth("", Some("öpen sesame"));
    assert_eq!(basic.send().await.unwrap().status(), 302);
    let unlock = format!("{}/unlock", public(&link));
    let given = json!({ "password": "öpen sesame" });
    let response = server.send(Method::POST, &unlock, "", Some(given)).await;
    let cookie = response.headers()["set-cookie"]
        .to_str()
        .unwrap()
        .to_owned();
    assert!(
        cookie.contains("HttpOnly") && cookie.contains("SameSite"),
        "{cookie}"
    );
    let pass = answer(response).await.1["pass"]
        .as_str()
        .unwrap()
        .to_owned();
    let cookie = cookie.split(';').next().unwrap();
    assert_eq!(
        status(&server, &path, &[("x-share-pass", &pass)]).await,
        302
    );
    assert_eq!(status(&server, &path, &[("cookie", cookie)]).await, 302);
    let file_link = format!("/d/{}?token={}", file["id"].as_str().unwrap(), token(&link));
    assert_eq!(status(&server, &file_link, &[]).await, 401);
    assert_eq!(
        status(&server, &file_link, &[("x-share-pass", &pass)]).await,
        302
    );
    // A pass is valid only for its share and until its expiry.
    let others = format!("/s/{}", token(&other));
    assert_eq!(
        status(&server, &others, &[("x-share-pass", &pass)]).await,
        401
    );
    let later = format!("9{pass}");
    assert_eq!(
        status(&server, &path, &[("x-share-pass", &later)]).await,
        401
    );
    let mut answers = Vec::new();
    while answers.last() != Some(&(429, true)) {
        let wrong = json!({ "password": "sesame" });
        let response = server.send(Method::POST, &unlock, "", Some(wrong)).await;
        let waits = response.headers().contains_key("retry-after");
        answers.push((response.status().as_u16(), waits));
        // With two replicas, each counts only its own requests.
        assert!(answers.len() < 30, "{answers:?}");
    }
    let wrong = answers.iter().filter(|answer| **answer == (401, false));
    assert!(wrong.count() >= 9, "{answers:?}");
    // A client that already has a pass is not affected.
    assert_eq!(
        status(&server, &path, &[("x-share-pass", &pass)]).await,
        302
    );
    let long = json!({ "path": "secret.txt", "password": "x".repeat(2000) });
    assert_eq!(server.post("/api/v1/shares", &key, long).await.0, 400);
}

#[tokio::test]
async fn wrong_guesses_of_one_address_shut_out_no_other_one_and_guess_at_one_password() {
    let server = Server::start_with(&["--trusted-proxies", "127.0.0.1"]);
    let key = server.user("ada@example.com").key;
    server.upload(&key, "secret.txt", b"hello").await;
    let grants = json!({ "can_download": true, "can_share": true });
    let body = json!({ "path": "secret.txt", "password": "mellon", "permissions": grants });
    let link = share(&server, &key, body).await;
    let further = server
        .http
        .post(server.url(&format!("{}/shares", public(&link))));
    let further = further.basic_auth("", Some("mellon")).json(&json!({}));
    let further = answer(further.send().await.unwrap()).await.1;
    let guess = |link: &Value, from: &'static str, password: &'static str| {
        let request = server
            .http
            .post(server.url(&format!("{}/unlock", public(link))));
        let request = request
            .header("x-forwarded-for", from)
            .json(&json!({ "password": password }));
        async { request.send().await.unwrap().status().as_u16() }
    };
    let mut tries = 0;
    while guess(&link, "6.6.6.6, 192.0.2.66", "wrong").await != 429 {
        tries += 1;
        assert!(tries < 30);
    }
    // Addresses that the client puts before its own are ignored.
    let elsewhere = guess(&link, "6.6.6.7, 192.0.2.66", "wrong").await;
    let twice = guess(&link, "6.6.6.8, 192.0.2.66", "wrong").await;
    assert!(elsewhere == 429 || twice == 429);
    assert_eq!(guess(&link, "192.0.2.7", "mellon").await, 200);
    assert_eq!(guess(&link, "192.0.2.7", "wrong").await, 401);
    // The link that was made with this one has the same password, so the limit covers both.
    let further = [
        guess(&further, "192.0.2.66", "wrong").await,
        guess(&further, "192.0.2.66", "wrong").await,
    ];
    assert!(further.contains(&429), "{further:?}");
}

#[tokio::test]
async fn a_link_made_with_a_passwords_link_asks_for_it_too() {
    let server = Server::start();
    let key = server.user("ada@example.com").key;
    server.upload(&key, "secret.txt", b"hello").await;
    let grants = json!({ "can_download": true, "can_share": true });
    let body = json!({ "path": "secret.txt", "password": "sesame", "permissions": grants });
    let first = share(&server, &key, body).await;
    let unlock = |link: &Value, password: &str| {
        let request = server
            .http
            .post(server.url(&format!("{}/unlock", public(link))));
        let request = request.json(&json!({ "password": password }));
        async { request.send().await.unwrap() }
    };
    let passed = answer(unlock(&first, "sesame").await).await.1;
    let pass = passed["pass"].as_str().unwrap();
    let further = |body: Value| {
        let request = server
            .http
            .post(server.url(&format!("{}/shares", public(&first))));
        let request = request.header("x-share-pass", pass).json(&body);
        async { answer(request.send().await.unwrap()).await.1 }
    };
    let kept = further(json!({})).await;
    let other = further(json!({ "password": "mellon" })).await;
    for (link, password) in [(&kept, "sesame"), (&other, "mellon")] {
        assert_eq!(link["has_password"], true, "{link}");
        let path = format!("/s/{}", token(link));
        assert_eq!(status(&server, &path, &[]).await, 401);
        assert_eq!(unlock(link, "wrong").await.status(), 401);
        assert_eq!(unlock(link, password).await.status(), 200);
    }
}
