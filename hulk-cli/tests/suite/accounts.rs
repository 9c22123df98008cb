//! Logging in and out, profiles, keys.

mod device;
mod logins;
mod needed;
mod open;

use std::os::unix::fs::PermissionsExt;

use crate::{
    home::{Home, Ran, make_key},
    proxy::{Fate, Proxy},
};

/// Runs commands as a user with a quota of 2,000 bytes, whose key is in the environment.
pub(crate) fn as_poor_user(home: &Home, work: impl FnOnce(&dyn Fn(&[&str]) -> Ran)) {
    let (email, write) = ("poor@example.com", hulk_proto::KeyPermission::Write);
    let key = make_key(&home.path("data"), email, 2000, write);
    work(&|arguments| {
        let mut command = home.command(arguments);
        Ran::of(command.env("HULK_API_KEY", &key).output().unwrap())
    });
}

/// How a server without the route answers.
const NOTHING_HERE: &str = "HTTP/1.1 404 Not Found\r\ncontent-type: application/json\r\n\
    content-length: 80\r\n\r\n\
    {\"error\":{\"code\":\"NOT_FOUND\",\"message\":\"there is nothing here\",\"details\":[]   }}";

#[test]
fn login_keeps_a_good_key_for_its_server_only() {
    let (home, other) = (Home::serving(), Home::empty());
    let key = home
        .run(&[
            "keys",
            "create",
            "--label",
            "laptop",
            "--permissions",
            "write",
        ])
        .ok();
    // A server that knows no codes for the page: the key is typed, which needs a terminal.
    let old = Proxy::start(home.url(), |_| Fate::Answer(NOTHING_HERE));
    let mut command = other.command(&["login", "--server", home.url()]);
    old.put_before(&mut command);
    let refused = Ran::of(command.output().unwrap()).fails(2);
    assert!(refused.contains("--api-key-stdin"), "{refused}");
    assert!(other.run(&["login"]).fails(2).contains("--server"));
    let login = ["login", "--server", home.url(), "--api-key-stdin"];
    other.run_with_input(&login, b"hulk_mangled").fails(4);
    let foreign = hulk_proto::ApiKeySecret::random().reveal();
    let error = other.run_with_input(&login, foreign.as_bytes()).fails(4);
    assert!(!error.contains(foreign.split('_').nth(2).unwrap()));
    assert!(!other.path("config/credentials.toml").exists());

    other
        .run_with_input(&login, format!("{key}\n").as_bytes())
        .ok();
    let mode = std::fs::metadata(other.path("config/credentials.toml"))
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);
    assert!(other.run(&["whoami"]).ok().contains("laptop"));
    assert_eq!(
        other.run(&["whoami", "--json"]).json()["credential"]["permissions"],
        "write"
    );
    other.run(&["keys", "ls"]).fails(4);
    let second = Home::serving();
    other.run(&["--server", second.url(), "whoami"]).fails(4);
    let wrong = other
        .command(&["whoami"])
        .env("HULK_API_KEY", &foreign)
        .output()
        .unwrap();
    assert_eq!(wrong.status.code(), Some(4), "the environment wins");

    other.run(&["logout"]).ok();
    other.run(&["whoami"]).fails(4);
}

#[test]
fn a_key_that_is_bound_to_a_path_works_in_there() {
    let home = Home::serving();
    let create = ["keys", "create", "--label", "ci", "--permissions", "all"];
    let key = home
        .run(&[&create[..], &["--path", "data"][..]].concat())
        .ok();
    assert!(home.run(&["keys", "ls"]).ok().contains("bound to data/"));
    let other = Home::empty();
    let login = ["login", "--server", home.url(), "--api-key-stdin"];
    other.run_with_input(&login, key.as_bytes()).ok();
    assert!(other.run(&["whoami"]).ok().contains("bound to data/"));
    other.write("x.bin", b"x");
    other.write("tree/y.bin", b"y");
    for to in ["data/x.bin", "data/", "data"] {
        other.run(&["put", "x.bin", "--to", to]).ok();
    }
    other.run(&["put", "tree", "--to", "data/"]).ok();
    for to in ["other/x.bin", "data2/x.bin", "x.bin"] {
        let error = other.run(&["put", "x.bin", "--to", to]).fails(4);
        assert!(error.contains("bound to data/"), "{error}");
    }
    let files = other.run(&["ls", "-R", "data"]).ok();
    assert!(
        files.contains("x.bin") && files.contains("y.bin"),
        "{files}"
    );
    home.run(&["ls", "other"]).fails(3);
}

#[test]
fn profiles_are_chosen_by_flag_variable_and_last_login() {
    let (one, other, home) = (Home::serving(), Home::serving(), Home::empty());
    for (name, server) in [("one", &one), ("other", &other)] {
        let key = server
            .run(&["keys", "create", "--label", name, "--permissions", "all"])
            .ok();
        let login = [
            "login",
            "--profile",
            name,
            "--server",
            server.url(),
            "--api-key-stdin",
        ];
        home.run_with_input(&login, key.as_bytes()).ok();
    }
    assert!(home.run(&["whoami"]).ok().contains("\"other\""));
    assert!(
        home.run(&["whoami", "--profile", "one"])
            .ok()
            .contains("\"one\"")
    );
    let by_variable = home
        .command(&["whoami"])
        .env("HULK_PROFILE", "one")
        .output()
        .unwrap();
    assert!(String::from_utf8_lossy(&by_variable.stdout).contains("\"one\""));
    assert!(
        home.run(&["whoami", "--server", one.url()])
            .ok()
            .contains("\"one\"")
    );
    home.run(&["whoami", "--profile", "none"]).fails(2);
}

#[test]
fn keys_are_made_listed_and_revoked() {
    let home = Home::serving();
    let made = home
        .run(&[
            "keys",
            "create",
            "--json",
            "--label",
            "ci",
            "--permissions",
            "read",
            "--expires",
            "1d",
        ])
        .json();
    assert!(made["expires_at"].is_string());
    let listed = home.run(&["keys", "ls"]).ok();
    assert!(listed.contains("ci") && !listed.contains(made["key"].as_str().unwrap()));
    let id = made["id"].as_str().unwrap();
    home.run(&["keys", "rm", id]).ok();
    home.run(&["keys", "rm", id]).fails(3);
    home.run(&["keys", "rm", "short"]).fails(3);
    assert_eq!(
        home.run(&["keys", "ls", "--json"])
            .json()
            .as_array()
            .unwrap()
            .len(),
        1
    );
}

#[test]
fn a_damaged_configuration_is_said_without_its_contents() {
    let home = Home::serving();
    home.write(
        "config/credentials.toml",
        b"[local]\napi_key = secret-without-quotes",
    );
    let error = home.run(&["whoami"]).fails(1);
    assert!(
        error.contains("credentials.toml") && !error.contains("secret-without"),
        "{error}"
    );
}
