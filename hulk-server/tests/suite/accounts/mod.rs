//! Accounts: signing up, logging in, and the mails that prove who reads them.

mod attacks;
mod deletion;
mod device;
mod email;
mod guesses;
mod login_links;
mod mail;
mod pages;
mod pages_cookies;
mod pages_limits;
mod passwords;
mod sessions;
mod sign_up;

use std::{fs, time::Duration};

use serde_json::{Value, json};

pub(crate) use crate::server::PASSWORD;
use crate::server::Server;

/// Returns the mails to this address whose subject has these words, oldest first, as they are in the outbox
/// but for the encoding of long lines.
fn mails(server: &Server, to: &str, about: &str) -> Vec<String> {
    let Ok(found) = fs::read_dir(server.data_dir.join("outbox")) else {
        return Vec::new();
    };
    let mut paths: Vec<_> = found.flatten().map(|entry| entry.path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "eml"));
    paths.sort();
    let texts = paths.iter().flat_map(fs::read_to_string);
    let texts = texts.map(|text| text.replace("=\r\n", "").replace("=3D", "="));
    texts
        .filter(|text| {
            let header = |name: &str| {
                let line = text.lines().find(|line| line.starts_with(name));
                line.unwrap_or_default().to_owned()
            };
            header("To: ").contains(to) && header("Subject: ").contains(about)
        })
        .collect()
}

/// Waits until there are this many such mails, and returns the token in the newest one.
async fn token(server: &Server, to: &str, about: &str, count: usize) -> String {
    for _ in 0..200 {
        let found = mails(server, to, about);
        if found.len() >= count {
            assert_eq!(found.len(), count, "{found:?}");
            let (_, rest) = found[count - 1].split_once("token=").unwrap();
            let is_part =
                |character: char| character.is_ascii_alphanumeric() || "_-".contains(character);
            return rest
                .chars()
                .take_while(|character| is_part(*character))
                .collect();
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("no mail to {to} about {about}");
}

/// Creates an account; returns the user and the key.
async fn sign_up(server: &Server, email: &str) -> (Value, String) {
    let body = json!({ "email": email, "password": PASSWORD });
    let (status, made) = server.post("/api/v1/users", "", body).await;
    assert_eq!(status, 201, "{made}");
    let key = made["api_key"].as_str().unwrap().to_owned();
    (made["user"].clone(), key)
}

async fn log_in(server: &Server, email: &str, password: &str) -> (u16, Value) {
    let body = json!({ "email": email, "password": password });
    let (status, answer) = server.post("/api/v1/sessions", "", body).await;
    (status.as_u16(), answer)
}

fn text<'a>(answer: &'a Value, field: &str) -> &'a str {
    answer[field]
        .as_str()
        .unwrap_or_else(|| panic!("no {field} in {answer}"))
}
