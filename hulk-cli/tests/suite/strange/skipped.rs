//! Skipped entries are reported, and one bad entry does not stop the rest.

use std::{
    fs,
    os::unix::{fs::symlink, net::UnixListener},
    process::Command,
};

use crate::home::Home;

#[test]
fn what_cannot_be_put_is_told() {
    let home = Home::serving();
    home.write("tree/a.txt", b"a");
    home.write("outside/b.txt", b"b");
    symlink("a.txt", home.path("tree/link")).unwrap();
    symlink("nowhere", home.path("tree/dangling")).unwrap();
    symlink(".", home.path("tree/round")).unwrap();
    symlink(home.path("outside"), home.path("tree/dir")).unwrap();
    let _socket = UnixListener::bind(home.path("tree/socket")).unwrap();
    let pipe = Command::new("mkfifo").arg(home.path("tree/pipe")).status();
    assert!(pipe.unwrap().success());
    for (flags, count, skipped) in [
        (
            &[][..],
            1,
            &["link", "dangling", "round", "dir", "socket", "pipe"][..],
        ),
        (&["-L"], 3, &["dangling", "round", "socket", "pipe"]),
        (
            &["--follow-links", "--exclude", "dangling"],
            3,
            &["round", "socket", "pipe"],
        ),
    ] {
        let put = home.run(&[&["put", "-q", "--json", "tree"], flags].concat());
        assert_eq!(put.code(), 0, "{}", put.stderr());
        let document = &put.json()[0];
        assert_eq!(document["file_count"], count, "{flags:?}");
        let told = document["skipped"].as_array().unwrap();
        assert_eq!(told.len(), skipped.len(), "{told:?}");
        for name in skipped {
            let one = told.iter().find(|one| one["path"] == *name).unwrap();
            assert!(!one["reason"].as_str().unwrap().is_empty());
        }
        let said = home.run(&[&["put", "tree"], flags].concat()).stderr();
        assert!(skipped.iter().all(|name| said.contains(name)), "{said}");
    }
    // If there is nothing else to put, it is reported even with `-q`.
    fs::create_dir(home.path("links")).unwrap();
    symlink("../tree/a.txt", home.path("links/a")).unwrap();
    for flags in [&["-q"][..], &["-q", "--json"]] {
        let put = home.run(&[&["put", "links"], flags].concat());
        assert_eq!(
            (put.code(), put.stderr().lines().count()),
            (0, 1),
            "{}",
            put.stderr()
        );
    }
}

#[test]
fn a_bad_entry_is_one_failure() {
    let home = Home::serving();
    home.write("clash", b"a file");
    home.run(&["put", "-q", "clash", "--to", "tree/"]).ok();
    let deep = ["d"; 600].join("/");
    for (name, is_directory) in [
        ("new\nline", true),
        ("clash", true),
        ("bell\u{7}", false),
        ("turned\u{202e}txt", true),
    ] {
        let path = home.path(&format!("tree/{name}"));
        match is_directory {
            true => fs::create_dir_all(path).unwrap(),
            false => drop(home.write(&format!("tree/{name}"), b"x")),
        }
    }
    fs::create_dir_all(home.path(&format!("tree/{deep}"))).unwrap();
    home.write("tree/good/a.txt", b"a");
    fs::create_dir_all(home.path("tree/empty")).unwrap();
    let put = home.run(&["put", "-q", "--json", "tree"]);
    assert_eq!(put.code(), 1, "{}", put.stderr());
    let document = &put.json()[0];
    assert_eq!(document["file_count"], 1);
    let failed = document["failed"].as_array().unwrap();
    for name in ["new\nline", "clash", "bell\u{7}", "turned\u{202e}txt"] {
        assert!(
            failed.iter().any(|one| one["path"] == name),
            "{name:?}: {failed:?}"
        );
    }
    assert!(put.stderr().lines().all(|line| line.len() < 2000));
    let listed = home.run(&["ls", "-R", "tree"]).ok();
    assert!(
        listed.contains("tree/empty/") && listed.contains("tree/good/a.txt"),
        "{listed}"
    );
    assert!(listed.contains("d/d/d/d/"), "what fits of the deep one");
}
