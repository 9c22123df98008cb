//! `hulk doctor`

use hulk_proto::KeyPermission;
use serde_json::Value;

use crate::{
    endless::{Fake, send},
    home::{Home, Ran, make_key},
    proxy::{Fate, Proxy},
};

fn outcome(checks: &Value, name: &str) -> String {
    let all = checks.as_array().unwrap();
    let check = all.iter().find(|check| check["name"] == name);
    let check = check.unwrap_or_else(|| panic!("no {name} in {checks}"));
    assert_eq!(
        check["fix"].is_null(),
        check["outcome"] == "good",
        "{check}"
    );
    check["outcome"].as_str().unwrap().to_owned()
}

#[test]
fn a_good_way_is_good_and_nothing_is_left() {
    let home = Home::serving();
    let ran = home.run(&["doctor", "--json"]);
    let checks = ran.json();
    assert_eq!(ran.code(), 0, "{checks}");
    for name in [
        "server",
        "server clock",
        "database clock",
        "content-md5",
        "ranges",
        "copy",
        "parts",
        "key",
        "upload",
        "store clock here",
        "damage",
        "part rules",
        "download",
    ] {
        assert_eq!(outcome(&checks, name), "good");
    }
    assert_eq!(home.run(&["ls", "-R"]).ok(), "");
    assert!(home.run(&["whoami"]).ok().contains(" 0 B of "));
    let text = home.run(&["doctor"]).ok();
    // The fix for a warning is printed below it.
    let lines = text.lines().filter(|line| !line.starts_with(' '));
    assert_eq!(lines.count(), checks.as_array().unwrap().len());
}

#[test]
fn what_is_wrong_is_named_with_what_to_do() {
    let home = Home::serving();
    let nobody = Home::empty();
    let ran = nobody.run(&["--server", home.url(), "doctor", "--json"]);
    assert_eq!(ran.code(), 1);
    assert_eq!(outcome(&ran.json(), "server"), "good");
    assert_eq!(outcome(&ran.json(), "key"), "failed");

    let read = make_key(
        &home.path("data"),
        "bob@example.com",
        100,
        KeyPermission::Read,
    );
    let mut doctor = home.command(&["doctor", "--json"]);
    let ran = Ran::of(doctor.env("HULK_API_KEY", &read).output().unwrap());
    assert_eq!(ran.code(), 0);
    assert_eq!(outcome(&ran.json(), "upload"), "warning");

    let poor = make_key(
        &home.path("data"),
        "eve@example.com",
        100,
        KeyPermission::Write,
    );
    let mut doctor = home.command(&["doctor", "--json"]);
    let ran = Ran::of(doctor.env("HULK_API_KEY", &poor).output().unwrap());
    assert_eq!(ran.code(), 1);
    assert_eq!(outcome(&ran.json(), "upload"), "failed");
}

#[test]
fn what_is_no_server_is_told_from_one() {
    let home = Home::empty();
    let ran = home.run(&["--server", "http://127.0.0.1:1", "doctor", "--json"]);
    assert_eq!(ran.code(), 8);
    assert_eq!(outcome(&ran.json(), "server"), "failed");
    let other = Proxy::start("127.0.0.1:1", |_| {
        Fate::Answer("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello")
    });
    let url = format!("http://{}", other.address);
    let ran = home.run(&["--server", &url, "doctor", "--json"]);
    assert_eq!(ran.code(), 8);
    let checks = ran.json();
    assert!(
        checks[0]["fix"].as_str().unwrap().contains("proxy"),
        "{checks}"
    );
}

#[test]
fn a_server_that_tells_others_only_that_it_is_ready_is_good() {
    let home = Home::empty();
    for (ready, body, readiness) in [
        ("200 OK", "ready\n", "good"),
        (
            "503 Service Unavailable",
            r#"{"error":{"code":"STORE_UNAVAILABLE","message":"the store does not answer"}}"#,
            "failed",
        ),
    ] {
        let server = Fake::start(move |target, stream| match target {
            "/healthz" => send(stream, "200 OK", "", "ok\n"),
            "/readyz" => send(stream, ready, "", body),
            _ => send(stream, "404 Not Found", "", ""),
        });
        let ran = home.run(&["--server", &server.url, "doctor", "--json"]);
        // There is no key.
        assert_eq!(ran.code(), 1, "{}", ran.stdout());
        assert_eq!(outcome(&ran.json(), "readiness"), readiness);
    }
}
