//! Sharing with somebody who has nothing but the link.

use std::process::Stdio;

use crate::{
    harness::files_below,
    home::{Home, Ran, noise},
};

fn with_password(home: &Home, arguments: &[&str], password: &str) -> Ran {
    let mut command = home.command(arguments);
    command.env("HULK_SHARE_PASSWORD", password);
    Ran::of(command.stdin(Stdio::null()).output().unwrap())
}

#[test]
fn a_private_file_with_a_password_and_a_count() {
    let home = Home::serving();
    let friend = Home::empty();
    let bytes = noise(1, 20 << 20);
    home.write("big.bin", &bytes);
    home.run(&["put", "-q", "--private", "big.bin"]).ok();
    home.run(&["share", "big.bin", "--password"]).fails(2);
    let share = [
        "share",
        "big.bin",
        "--password-stdin",
        "--max-downloads",
        "1",
        "--expires",
        "7d",
    ];
    let link = home.run_with_input(&share, b"open sesame\n").ok();
    assert!(link.contains("/s/"), "{link}");
    let get = ["get", link.as_str(), "-o", "got.bin"];
    assert!(friend.run(&get).fails(4).contains("HULK_SHARE_PASSWORD"));
    with_password(&friend, &get, "wrong").fails(4);
    let taken = friend.write("taken.bin", b"x");
    let onto = ["get", link.as_str(), "-o", taken.to_str().unwrap()];
    with_password(&friend, &onto, "open sesame").fails(5);
    with_password(&friend, &get, "open sesame").ok();
    assert!(std::fs::read(friend.path("got.bin")).unwrap() == bytes);
    let listed = home.run(&["share", "ls", "--json"]).json();
    assert_eq!(
        (&listed[0]["download_count"], &listed[0]["path"]),
        (&1.into(), &"big.bin".into()),
        "the end was told"
    );
    let again = ["get", link.as_str(), "-o", "again.bin"];
    let error = with_password(&friend, &again, "open sesame").fails(3);
    assert!(error.contains("as often as"), "{error}");
    assert!(
        home.run(&["share", "ls"])
            .ok()
            .contains("password, 1 of 1 used")
    );
    home.run(&["share", "rm", &link]).ok();
    assert_eq!(home.run(&["share", "ls"]).ok(), "");
    let error = with_password(&friend, &again, "open sesame").fails(3);
    assert!(error.contains("revoked"), "{error}");
    home.run(&["share", "rm", &link]).fails(3);
}

#[test]
fn a_shared_directory_comes_down_whole() {
    let home = Home::serving();
    let friend = Home::empty();
    for (path, bytes) in [("tree/a.txt", &b"a"[..]), ("tree/in/deep/b.txt", b"b")] {
        home.write(path, bytes);
    }
    home.run(&["put", "-q", "--private", "tree", "--to", "secret/"])
        .ok();
    let share = ["share", "secret/tree", "--password-stdin"];
    let link = home.run_with_input(&share, b"pass word").ok();
    with_password(&friend, &["get", &link, "-o", "here/"], "pass word").ok();
    // What a listing names is asked for the same way.
    let (server, token) = link.split_once("/s/").unwrap();
    let file = home.run(&["info", "--json", "secret/tree/a.txt"]).json()["id"].clone();
    let inside = format!("{server}/d/{}/a.txt?token={token}", file.as_str().unwrap());
    let got = with_password(&friend, &["get", "-q", &inside, "-o", "-"], "pass word");
    assert_eq!(got.ok(), "a");
    friend.run(&["get", &inside, "-o", "-"]).fails(4);
    for (path, bytes) in [("a.txt", "a"), ("in/deep/b.txt", "b")] {
        let found = std::fs::read_to_string(friend.path(&format!("here/tree/{path}")));
        assert_eq!(found.unwrap(), bytes);
    }
}

#[test]
fn files_come_in_through_a_drop_link_and_none_is_replaced() {
    let home = Home::serving();
    let friend = Home::empty();
    home.write("mine.txt", b"mine");
    home.run(&["put", "-q", "mine.txt", "--to", "inbox/"]).ok();
    home.run(&["share", "inbox/mine.txt", "--uploads"]).fails(2);
    let share = ["share", "inbox", "--uploads", "--max-size", "40MiB"];
    let link = home.run(&share).ok();
    let bytes = noise(2, 30 << 20);
    for (path, bytes) in [
        ("mine.txt", &b"theirs"[..]),
        ("big.bin", &bytes),
        ("tree/one.txt", b"1"),
        ("tree/in/two.txt", b"2"),
    ] {
        friend.write(path, bytes);
    }
    let put = ["put", "-q", "mine.txt", "big.bin", "tree", "--to", &link];
    let links = friend.run(&put).ok();
    assert_eq!(links.lines().count(), 3, "{links}");
    friend
        .run_with_input(
            &["put", "-q", "-", "--name", "piped.txt", "--to", &link],
            b"piped",
        )
        .ok();
    let list = home.run(&["ls", "-R", "inbox"]).ok();
    for path in [
        "inbox/big.bin",
        "inbox/mine (2).txt",
        "inbox/piped.txt",
        "inbox/tree/in/two.txt",
        "inbox/tree/one.txt",
    ] {
        assert!(list.lines().any(|line| line == path), "{path}: {list}");
    }
    assert_eq!(home.run(&["get", "inbox/mine.txt", "-o", "-"]).ok(), "mine");
    assert!(home.run(&["get", "inbox/big.bin", "-o", "-"]).bytes() == bytes);
    // The same again is nothing new.
    friend.run(&put).ok();
    assert_eq!(home.run(&["ls", "-R", "inbox"]).ok(), list);
    friend.write("large.bin", &noise(3, 41 << 20));
    friend.run(&["put", "large.bin", "--to", &link]).fails(6);
    friend.run(&["get", &link, "-o", "x/"]).fails(4);
    let down = home.run(&["share", "inbox"]).ok();
    assert!(
        friend
            .run(&["put", "mine.txt", "--to", &down])
            .fails(4)
            .contains("no files in")
    );
    friend
        .run(&["put", "mine.txt", "--to", "https://127.0.0.1:1/d/x"])
        .fails(2);
    assert!(files_below(&friend.path("x")).is_empty());
}
