//! `hulk serve` and `hulk put --serve`.

use std::{
    io::{BufRead, BufReader},
    process::Stdio,
};

use crate::{
    harness::signal,
    home::{Home, noise},
};

#[test]
fn put_serve_needs_nothing_and_its_link_works_with_curl() {
    let home = Home::empty();
    let bytes = noise(1, 200_000);
    home.write("model.ckpt", &bytes);
    for round in 0..2 {
        let mut put = home.command(&["put", "--serve", "model.ckpt"]);
        let mut child = put
            .env("HULK_LISTEN", "127.0.0.1:0")
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut link = String::new();
        BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut link)
            .unwrap();
        assert!(link.trim().ends_with("/model.ckpt"), "{link}");
        let got = home.run(&["get", link.trim(), "-o", &format!("got-{round}")]);
        got.ok();
        assert!(std::fs::read(home.path(&format!("got-{round}"))).unwrap() == bytes);
        let second = home.run(&["put", "--serve", "model.ckpt"]);
        assert!(second.fails(1).contains("in use by another server"));
        signal(child.id(), "INT");
        assert_eq!(child.wait().unwrap().code(), Some(0));
    }
    assert_eq!(
        std::fs::read_to_string(home.path("config/config.toml"))
            .unwrap()
            .matches("[profiles")
            .count(),
        1
    );
}

#[test]
fn put_serve_ends_if_nothing_could_be_put() {
    let home = Home::empty();
    let mut put = home.command(&["put", "--serve", "missing"]);
    let output = put.env("HULK_LISTEN", "127.0.0.1:0").output().unwrap();
    assert_eq!(output.status.code(), Some(3));
}

#[test]
fn serve_makes_a_profile_on_an_empty_directory_only() {
    let mut home = Home::serving();
    home.server.as_ref().unwrap().log_with(&["profile 'local'"]);
    assert!(home.run(&["whoami"]).ok().contains("local@localhost"));
    assert_eq!(home.server.as_mut().unwrap().terminate(), Some(0));
    let credentials = std::fs::read(home.path("config/credentials.toml")).unwrap();
    let again = home.serve(&home.path("data"));
    assert_eq!(
        std::fs::read(home.path("config/credentials.toml")).unwrap(),
        credentials
    );
    assert!(
        home.run(&["whoami", "--server", &again.url]).code() == 4,
        "the key is for the first address"
    );
    let key = String::from_utf8(credentials)
        .unwrap()
        .split('"')
        .nth(1)
        .unwrap()
        .to_owned();
    let who = home
        .command(&["whoami", "--server", &again.url])
        .env("HULK_API_KEY", key)
        .output()
        .unwrap();
    assert_eq!(who.status.code(), Some(0));
    let taken = again.url.trim_start_matches("http://");
    let refused = home.run(&["serve", "--listen", taken, "--data-dir", "other"]);
    assert!(refused.fails(1).contains("cannot listen"));
}
