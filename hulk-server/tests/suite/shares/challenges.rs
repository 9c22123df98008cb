//! Links with a password, followed by programs that send it only to a server that asks for it.

use std::process::Command;

use reqwest::Method;
use serde_json::{Value, json};

use super::{public, share, token, visit};
use crate::{
    harness::skipped,
    server::{Server, has_embedded_store},
};

const BASIC: &str = "Basic realm=\"Hulkastorus link\", charset=\"UTF-8\"";
const BROWSER: (&str, &str) = (
    "accept",
    "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
);
/// `:wrong`
const WRONG: (&str, &str) = ("authorization", "Basic Ondyb25n");

/// A user's name and a password.
type Given<'a> = Option<(&'a str, &'a str)>;

/// A program's name and its command, which writes the response to standard output and fails if the server
/// refuses.
type Program = (&'static str, fn(&str, Given<'_>) -> Command);

const PROGRAMS: [Program; 3] = [("curl", curl), ("wget", wget), ("python3", urllib)];

fn curl(url: &str, given: Given<'_>) -> Command {
    let mut command = Command::new("curl");
    command.args(["-fsSL", "--anyauth", url]);
    if let Some((user, password)) = given {
        command.arg("-u").arg(format!("{user}:{password}"));
    }
    command
}

fn wget(url: &str, given: Given<'_>) -> Command {
    let mut command = Command::new("wget");
    command.args(["-q", "--tries=1", "-O", "-", url]);
    if let Some((user, password)) = given {
        command
            .arg(format!("--user={user}"))
            .arg(format!("--password={password}"));
    }
    command
}

fn urllib(url: &str, given: Given<'_>) -> Command {
    let mut command = Command::new("python3");
    command.args(["-c", URLLIB, url]);
    if let Some((user, password)) = given {
        command.args([user, password]);
    }
    command
}

const URLLIB: &str = "
import sys
from urllib import error, request

url, *given = sys.argv[1:]
passwords = request.HTTPPasswordMgrWithDefaultRealm()
if given:
    passwords.add_password(None, url, *given)
opener = request.build_opener(request.HTTPBasicAuthHandler(passwords))
try:
    sys.stdout.buffer.write(opener.open(url).read())
except error.HTTPError as refused:
    sys.exit(str(refused))
";

fn is_installed(program: &str) -> bool {
    let is_installed = Command::new(program).arg("--version").output().is_ok();
    if !is_installed {
        skipped(program, "it is not installed");
    }
    is_installed
}

/// Three links with a password.
struct Links {
    of_file: String,
    by_id: String,
    of_directory: String,
    /// API path of the first link.
    public: String,
}

impl Links {
    async fn make(server: &Server, key: &str, file: &Value, password: &str) -> Self {
        let made = |path: &str| {
            let body = json!({ "path": path, "password": password });
            share(server, key, body)
        };
        let (file_link, directory_link) = (made("box/a.txt").await, made("box").await);
        let id = |name: &str| file[name].as_str().unwrap();
        Self {
            of_file: format!("/s/{}", token(&file_link)),
            by_id: format!("/d/{}?token={}", id("id"), token(&file_link)),
            of_directory: format!("/b/{}?token={}", id("directory_id"), token(&directory_link)),
            public: public(&file_link),
        }
    }
}

#[tokio::test]
async fn programs_that_wait_to_be_asked_follow_a_link_with_a_password() {
    let server = Server::start();
    let key = server.user("ada@example.com").key;
    let file = server.upload(&key, "box/a.txt", b"hello").await;
    let programs: Vec<_> = PROGRAMS
        .into_iter()
        .filter(|(program, _)| is_installed(program))
        .collect();
    let unicode = "öpen:sésame ☃";
    for (password, given, opens) in [
        ("mellon", Some(("ada", "mellon")), true),
        ("mellon", Some(("", "mellon")), true),
        ("mellon", Some(("ada", "wrong")), false),
        ("mellon", None, false),
        (unicode, Some(("ödä", unicode)), true),
        (unicode, Some(("", "open:sesame")), false),
    ] {
        // Each case has links of its own: wrong passwords are limited per link.
        let links = Links::make(&server, &key, &file, password).await;
        for (link, content) in [
            (&links.of_file, "hello"),
            (&links.by_id, "hello"),
            (&links.of_directory, "a.txt"),
        ] {
            for (program, command) in &programs {
                // wget sends the password to every port of a host, and the store refuses it.
                if *program == "wget" && content == "hello" && !has_embedded_store() {
                    continue;
                }
                let output = command(&server.url(link), given).output().unwrap();
                let got = String::from_utf8_lossy(&output.stdout);
                assert_eq!(
                    (output.status.success(), got.contains(content)),
                    (opens, opens),
                    "{program} {link} {given:?}: {got} {}",
                    String::from_utf8_lossy(&output.stderr)
                );
            }
        }
    }
}

#[tokio::test]
async fn programs_are_asked_for_a_password_and_browsers_get_our_page() {
    let server = Server::start();
    let key = server.user("ada@example.com").key;
    let file = server.upload(&key, "box/a.txt", b"hello").await;
    let links = Links::make(&server, &key, &file, "mellon").await;
    let picture = ("sec-fetch-dest", "image");
    for (path, headers, status, challenge) in [
        (links.of_file.as_str(), &[WRONG][..], 401, BASIC),
        (&links.of_file, &[], 401, BASIC),
        (&links.by_id, &[], 401, BASIC),
        (&links.of_directory, &[], 401, BASIC),
        (&links.by_id, &[WRONG], 401, BASIC),
        (&links.of_directory, &[WRONG], 401, BASIC),
        (&links.of_file, &[BROWSER], 200, ""),
        (&links.of_directory, &[BROWSER], 303, ""),
        (&links.by_id, &[BROWSER], 401, "Bearer"),
        (&links.of_file, &[BROWSER, WRONG], 401, "Bearer"),
        (&links.by_id, &[picture], 401, "Bearer"),
        (&links.public, &[], 200, ""),
        (&links.public, &[WRONG], 401, "Bearer"),
        ("/api/v1/me", &[], 401, "Bearer"),
    ] {
        let answer = visit(&server, Method::GET, path, headers).await;
        let found = answer.headers().get("www-authenticate");
        let found = found.map_or("", |challenge| challenge.to_str().unwrap());
        assert_eq!(
            (answer.status().as_u16(), found),
            (status, challenge),
            "{path} {headers:?}"
        );
    }
    let put = format!("{}/new.txt", links.of_file);
    let answer = visit(&server, Method::PUT, &put, &[]).await;
    assert_eq!(answer.status(), 401);
    assert_eq!(answer.headers()["www-authenticate"], BASIC);
}

#[tokio::test]
async fn passwords_that_programs_send_are_limited_guesses() {
    let server = Server::start();
    let key = server.user("ada@example.com").key;
    let file = server.upload(&key, "box/a.txt", b"hello").await;
    let links = Links::make(&server, &key, &file, "mellon").await;
    for path in [&links.of_file, &links.of_directory] {
        let mut tries = 0;
        let refused = loop {
            let answer = visit(&server, Method::GET, path, &[WRONG]).await;
            if answer.status() != 401 {
                break answer;
            }
            tries += 1;
            // With two replicas, each counts only its own requests.
            assert!(tries < 30, "{path}");
        };
        assert_eq!(refused.status(), 429, "{path}");
        assert!(refused.headers().contains_key("retry-after"), "{path}");
        assert!(tries >= 9, "{path}: {tries}");
    }
}
