//! Sharing with a person who has only the link.

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
    assert!(error.contains("limit of downloads"), "{error}");
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
    // An entry of a listing asks for the password in the same way.
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
    // The same put again adds nothing.
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
            .contains("does not accept uploads")
    );
    friend
        .run(&["put", "mine.txt", "--to", "https://127.0.0.1:1/d/x"])
        .fails(2);
    assert!(files_below(&friend.path("x")).is_empty());
}

#[test]
fn the_owner_sees_what_comes_in_through_a_link_and_can_drop_it() {
    let home = Home::serving();
    let friend = Home::empty();
    home.run(&["mkdir", "inbox"]).ok();
    for flags in [["--max-files", "3"], ["--max-total", "1MB"]] {
        let refused = home.run(&["share", "inbox", flags[0], flags[1]]);
        assert_eq!(refused.code(), 2, "only with --uploads");
    }
    let share = [
        "share",
        "inbox",
        "--uploads",
        "--max-total",
        "100MiB",
        "--max-files",
        "3",
    ];
    let link = home.run(&share).ok();
    friend.write("small.txt", b"1");
    friend.write("big.bin", &noise(4, 40 << 20));
    friend.run(&["put", "-q", "small.txt", "--to", &link]).ok();
    assert_eq!(home.run(&["share", "uploads", &link]).ok(), "");
    let listed = home.run(&["share", "ls"]).ok();
    let taken = "1 of 3 files, 1 B of 100.00 MiB received, 0 unfinished";
    assert!(listed.contains(taken), "{listed}");

    let mut put = friend.command(&[
        "put",
        "-q",
        "--limit-rate",
        "4MiB",
        "big.bin",
        "--to",
        &link,
    ]);
    let mut child = put
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    while home.run(&["share", "uploads", &link]).ok().is_empty() {
        assert!(child.try_wait().unwrap().is_none(), "it ended before");
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    let line = home.run(&["share", "uploads", &link]).ok();
    assert!(line.starts_with("/inbox/big.bin  40.00 MiB  "), "{line}");
    assert!(
        line.contains("  since ") && line.contains("  expires in "),
        "{line}"
    );
    let listed = home.run(&["share", "ls"]).ok();
    assert!(
        listed.contains("2 of 3 files") && listed.contains("1 unfinished"),
        "{listed}"
    );
    let (_, token) = link.split_once("/s/").unwrap();
    let document = home.run(&["--json", "share", "uploads", token]).json();
    assert_eq!(document[0]["path"], "inbox/big.bin");
    let cancelled = home.run(&["--json", "share", "uploads", token, "--cancel"]);
    assert_eq!(cancelled.json()["uploads"], 1);
    assert_eq!(home.run(&["share", "uploads", &link]).ok(), "");
    let none = home.run(&["share", "uploads", &link, "--cancel"]);
    assert_eq!(none.code(), 0);
    assert!(
        none.stderr().contains("cancelled 0 uploads"),
        "{}",
        none.stderr()
    );
    home.run(&["share", "uploads", "nothing"]).fails(3);
    assert!(home.run(&["whoami"]).ok().contains(" 1 B of "));
}

#[test]
fn several_put_many_files_through_one_link_at_once() {
    let home = Home::serving();
    let friend = Home::empty();
    home.run(&["mkdir", "inbox"]).ok();
    let link = home.run(&["share", "inbox", "--uploads"]).ok();
    let trees = ["one", "two", "three", "four"];
    for (seed, tree) in (0..).zip(trees) {
        for number in 0..70_u64 {
            friend.write(
                &format!("{tree}/{number}.txt"),
                &noise(seed * 100 + number, 5000),
            );
        }
    }
    // Together they plan more uploads than a link accepts at once.
    let puts: Vec<_> = trees
        .iter()
        .map(|tree| {
            let mut put = friend.command(&["put", "-q", tree, "--to", &link]);
            put.env("HULK_RETRY_TIMEOUT", "60")
                .stdout(Stdio::piped())
                .stderr(Stdio::piped());
            put.spawn().unwrap()
        })
        .collect();
    for put in puts {
        Ran::of(put.wait_with_output().unwrap()).ok();
    }
    let listed = home.run(&["ls", "-R", "inbox"]).ok();
    let files = listed.lines().filter(|line| line.ends_with(".txt"));
    assert_eq!(files.count(), 280, "{listed}");
}
