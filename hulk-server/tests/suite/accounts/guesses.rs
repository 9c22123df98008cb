//! Guesses: at passwords, and at who has an account.

use reqwest::Response;
use serde_json::{Value, json};

use super::{PASSWORD, sign_up};
use crate::server::Server;

/// Open for everybody, behind a proxy that reports its clients' addresses.
const BEHIND_PROXY: &[&str] = &["--signup", "open", "--trusted-proxies", "127.0.0.1"];

/// Sends a request as the proxy does for a client with this address.
async fn post_from(server: &Server, from: &str, path: &str, body: Value) -> Response {
    let request = server.http.post(server.url(path)).json(&body);
    let request = request.header("x-forwarded-for", from);
    request.send().await.unwrap()
}

async fn log_in_from(server: &Server, from: &str, email: &str, password: &str) -> u16 {
    let body = json!({ "email": email, "password": password });
    let response = post_from(server, from, "/api/v1/sessions", body).await;
    response.status().as_u16()
}

#[tokio::test]
async fn an_address_that_guesses_at_many_accounts_is_limited_and_shuts_nobody_out() {
    let server = Server::start_with(BEHIND_PROXY);
    for email in ["ada@example.com", "bob@example.com"] {
        sign_up(&server, email).await;
    }
    // One customer of a provider has a whole /64 of IPv6.
    let guessers: [fn(usize) -> String; 2] = [
        |_| "192.0.2.66".to_owned(),
        |number| format!("2001:db8:0:66::{number:x}"),
    ];
    let accounts = ["ada", "bob", "eve", "nobody"].map(|name| format!("{name}@example.com"));
    for address in guessers {
        let mut statuses = Vec::new();
        for number in 0..12 {
            let email = &accounts[number % accounts.len()];
            statuses.push(log_in_from(&server, &address(number), email, "wrong").await);
        }
        assert_eq!(statuses[..10], [401; 10]);
        assert_eq!(statuses[10..], [429; 2]);
        // Those that are refused do not count against the account.
        for number in 0..12 {
            let status = log_in_from(&server, &address(number), &accounts[0], "wrong").await;
            assert_eq!(status, 429);
        }
    }
    for email in &accounts[..2] {
        let status = log_in_from(&server, "198.51.100.7", email, PASSWORD).await;
        assert_eq!(status, 201, "{email}");
    }
}

#[tokio::test]
async fn guesses_at_one_account_are_limited_from_however_many_addresses() {
    let server = Server::start_with(BEHIND_PROXY);
    sign_up(&server, "kay@example.com").await;
    // All the same, trimmed and in lower case. The third one begins with the sign of the unit kelvin.
    let same = [
        "kay@example.com",
        " KAY@Example.COM\t",
        "\u{212a}ay@example.com\u{3000}",
        "\u{a0}Kay@EXAMPLE.com\u{2003}",
    ];
    for number in 0..10 {
        let (from, email) = (format!("192.0.2.{number}"), same[number % same.len()]);
        let status = log_in_from(&server, &from, email, "wrong").await;
        assert_eq!(status, 401, "{email:?}");
    }
    // The others only look like it: a Cyrillic letter, a wide one, and one that is not visible.
    let alike = [
        "k\u{430}y@example.com",
        "\u{ff4b}ay@example.com",
        "kay@example.com\u{200b}",
    ];
    let limited = same.map(|email| (email, 429));
    let unknown = alike.map(|email| (email, 401));
    for (number, (email, expected)) in limited.into_iter().chain(unknown).enumerate() {
        let from = format!("198.51.100.{number}");
        let status = log_in_from(&server, &from, email, PASSWORD).await;
        assert_eq!(status, expected, "{email:?}");
    }
}

#[tokio::test]
async fn what_counts_for_one_thing_counts_for_no_other() {
    let server = Server::start_with(BEHIND_PROXY);
    sign_up(&server, "ada@example.com").await;
    // No account can be called like an address.
    for email in ["192.0.2.9", "address:192.0.2.9"] {
        let body = json!({ "email": email, "password": PASSWORD });
        let refused = post_from(&server, "198.51.100.1", "/api/v1/users", body).await;
        assert_eq!(refused.status(), 400, "{email}");
        for number in 0..12 {
            let from = format!("203.0.113.{number}");
            let status = log_in_from(&server, &from, email, "wrong").await;
            assert!([401, 429].contains(&status), "{email}: {status}");
        }
    }
    let status = log_in_from(&server, "192.0.2.9", "ada@example.com", PASSWORD).await;
    assert_eq!(status, 201);

    // Log-ins use up no sign-ups and no resets, nor the other way round.
    let (from, email) = ("192.0.2.66", "nobody@example.com");
    let mut statuses = Vec::new();
    for _ in 0..11 {
        statuses.push(log_in_from(&server, from, email, "wrong").await);
    }
    let body = || json!({ "email": email, "password": PASSWORD });
    for _ in 0..6 {
        let response = post_from(&server, from, "/api/v1/users", body()).await;
        statuses.push(response.status().as_u16());
    }
    assert_eq!(statuses[..10], [401; 10]);
    assert_eq!(statuses[10..], [429, 201, 409, 409, 409, 409, 429]);
    let status = log_in_from(&server, "192.0.2.67", "ada@example.com", PASSWORD).await;
    assert_eq!(status, 201);
    let asked = json!({ "email": email });
    let response = post_from(&server, "192.0.2.67", "/api/v1/password-resets", asked).await;
    assert_eq!(response.status(), 202);
}

/// All of an answer but what differs each time.
async fn shown(response: Response) -> (u16, Vec<(String, String)>, String) {
    let status = response.status().as_u16();
    let differs = ["date", "x-request-id"];
    let headers = response.headers().iter().map(|(name, value)| {
        let value = value.to_str().unwrap().to_owned();
        (name.to_string(), value)
    });
    let headers = headers.filter(|(name, _)| !differs.contains(&name.as_str()));
    let mut headers: Vec<_> = headers.collect();
    headers.sort();
    (status, headers, response.text().await.unwrap())
}

#[tokio::test]
async fn no_answer_tells_who_has_an_account() {
    let server = Server::start_with(BEHIND_PROXY);
    sign_up(&server, "ada@example.com").await;
    let long = "x".repeat(2000);
    let log_in = |email: &str, password: &str| json!({ "email": email, "password": password });
    let resets = ["ada", "eve"].map(|name| json!({ "email": format!("{name}@example.com") }));
    let log_ins = [
        log_in("ada@example.com", "wrong"),
        log_in("ada@example.com", &long),
        log_in("eve@example.com", PASSWORD),
        log_in("eve@example.com", &long),
        log_in("no address", PASSWORD),
    ];
    for (path, bodies, expected) in [
        ("/api/v1/password-resets", resets.as_slice(), 202),
        ("/api/v1/sessions", log_ins.as_slice(), 401),
    ] {
        let mut answers = Vec::new();
        for (number, body) in bodies.iter().enumerate() {
            // Each from an address of its own: none has made more attempts than another.
            let from = format!("192.0.2.{number}");
            let response = post_from(&server, &from, path, body.clone()).await;
            answers.push(shown(response).await);
        }
        assert_eq!(answers[0].0, expected, "{path}");
        for (answer, body) in answers.iter().zip(bodies) {
            assert_eq!(answer, &answers[0], "{body}");
        }
    }
}
