//! Logging in by a code that the user types on the page, and logging out.

use std::{
    fs,
    io::{BufRead, BufReader},
    process::{Child, Command, Stdio},
};

use crate::{
    home::{Home, Ran},
    proxy::{Fate, Line, Proxy},
};

/// A `hulk login` that waits for its user.
struct Login {
    child: Child,
    code: String,
}

fn begin(home: &Home, server: &str, proxy: Option<&Proxy>) -> Login {
    let mut command = home.command(&["login", "--server", server]);
    if let Some(proxy) = proxy {
        proxy.put_before(&mut command);
    }
    // A browser of the developer must not open.
    command.env("CI", "1").env_remove("BROWSER");
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut line = String::new();
    let stderr = child.stderr.as_mut().unwrap();
    // The rest stays in the pipe: it is a few lines.
    BufReader::with_capacity(1, stderr)
        .read_line(&mut line)
        .unwrap();
    assert!(line.contains("/device and type this code: "), "{line}");
    let code = line.trim().rsplit(' ').next().unwrap().to_owned();
    Login { child, code }
}

/// Posts a form as a page does; returns status line, headers and body.
fn post(server: &str, path: &str, cookies: &str, fields: &[(&str, &str)]) -> String {
    let mut curl = Command::new("curl");
    curl.args([
        "-s",
        "-i",
        "-H",
        "sec-fetch-site: same-origin",
        "-b",
        cookies,
    ]);
    for (name, value) in fields {
        curl.arg("--data-urlencode").arg(format!("{name}={value}"));
    }
    let output = curl.arg(format!("{server}{path}")).output().unwrap();
    String::from_utf8(output.stdout).unwrap()
}

/// Signs in to the page with a key; returns the cookies.
fn sign_in(server: &str, key: &str) -> String {
    let answer = post(server, "/login", "none=1", &[("key", key)]);
    let lines = answer
        .lines()
        .filter_map(|line| line.strip_prefix("set-cookie: "));
    let pairs = lines.map(|cookie| cookie.split(';').next().unwrap());
    pairs.collect::<Vec<_>>().join("; ")
}

fn decide(server: &str, session: &str, code: &str, decision: &str) {
    let fields = [("user_code", code), ("decision", decision)];
    let answer = post(server, "/device", session, &fields);
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}

fn labels(home: &Home) -> Vec<String> {
    let keys = home.run(&["keys", "ls", "--json"]).json();
    let keys = keys.as_array().unwrap().iter();
    keys.map(|key| key["label"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn a_code_on_the_page_logs_in_and_logging_out_revokes_the_key() {
    let server = Home::serving();
    let url = server.url();
    let key = ["keys", "create", "--label", "page", "--permissions", "all"];
    let session = sign_in(url, &server.run(&key).ok());
    let before = labels(&server);

    let home = Home::empty();
    // The first answer is lost: the key is asked for again.
    let proxy = Proxy::start(url, |connection| match connection {
        0 => Fate::down(Line::LoseAnswer("POST", "/device-codes/token")),
        _ => Fate::GOOD,
    });
    let login = begin(&home, url, Some(&proxy));
    decide(url, &session, &login.code, "approve");
    let said = Ran::of(login.child.wait_with_output().unwrap());
    said.ok();
    assert!(said.stderr().contains("logged in to"), "{}", said.stderr());
    home.run(&["whoami"]).ok();
    assert_eq!(
        labels(&server).len(),
        before.len() + 1,
        "one key, however often it was asked for"
    );
    let config = fs::read_to_string(home.path("config/config.toml")).unwrap();
    assert!(config.contains("is_own_key = true"), "{config}");

    let out = home.run(&["logout"]);
    out.ok();
    assert!(out.stderr().contains("revoked it"), "{}", out.stderr());
    assert_eq!(labels(&server), before);
    home.run(&["whoami", "--server", url]).fails(4);
}

#[test]
fn a_refused_log_in_says_so() {
    let server = Home::serving();
    let key = ["keys", "create", "--label", "page", "--permissions", "all"];
    let session = sign_in(server.url(), &server.run(&key).ok());
    let home = Home::empty();
    let login = begin(&home, server.url(), None);
    decide(server.url(), &session, &login.code, "deny");
    let said = Ran::of(login.child.wait_with_output().unwrap()).fails(4);
    assert!(said.contains("refused on the page"), "{said}");
    assert!(!home.path("config/credentials.toml").exists());
}
