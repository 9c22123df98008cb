//! `hulk put`: what it accepts and refuses.

use std::{ffi::OsStr, os::unix::ffi::OsStrExt};

use crate::home::{Home, noise};

const MIB: usize = 1 << 20;

#[test]
fn sizes_go_up_and_come_down() {
    let home = Home::serving();
    let sizes = [
        0,
        1,
        MIB - 1,
        MIB,
        MIB + 1,
        8 * MIB - 1,
        8 * MIB,
        8 * MIB + 1,
        20 * MIB + 7,
    ];
    for size in sizes {
        let bytes = noise(size as u64, size);
        home.write("up.bin", &bytes);
        let link = home
            .run(&["put", "up.bin", "--to", &format!("sizes/{size}.bin")])
            .ok();
        assert_eq!(link.lines().count(), 1);
        let got = home.run(&["get", &link, "-o", "-"]);
        assert_eq!(got.code(), 0, "{}", got.stderr());
        assert!(got.bytes() == bytes, "{size}");
    }
}

#[test]
fn names_of_all_kinds() {
    let home = Home::serving();
    let (long, too_long) = ("x".repeat(255), "y".repeat(256));
    let names = [
        "with space",
        "#?%&+;=",
        "100%25",
        "nfc-é",
        "nfd-e\u{301}",
        "🦖.bin",
        "\u{200f}שלום",
        "\"q\"",
        "-dash",
        "...",
        "back\\slash",
        &long,
    ];
    std::fs::create_dir(home.path("out")).unwrap();
    for name in names {
        let path = home.write(name, name.as_bytes());
        let link = home.run(&["put", path.to_str().unwrap()]).ok();
        let got = home.run(&["get", &link, "-o", "-"]);
        assert_eq!(got.bytes(), name.as_bytes(), "{name:?}: {}", got.stderr());
    }
    let listed = home.run(&["ls"]).ok();
    assert!(listed.contains("nfd-é") && !listed.contains("nfd-e\u{301}"));
    home.write("plain", b"x");
    for (to, words) in [
        ("a/../b", "'..'"),
        ("a//b", "empty"),
        (&*too_long, "255"),
        ("a\u{202e}b", "character"),
    ] {
        let error = home.run(&["put", "plain", "--to", to]).fails(2);
        assert!(error.contains(words), "{error}");
    }
    let strange = home
        .directory
        .path()
        .join(OsStr::from_bytes(b"not-utf8-\xff"));
    std::fs::write(&strange, "x").unwrap();
    let mut put = home.command(&["put"]);
    let refused = put.arg(&strange).output().unwrap();
    assert_eq!(refused.status.code(), Some(2));
    let named = home
        .command(&["put", "--name", "good"])
        .arg(&strange)
        .output()
        .unwrap();
    assert_eq!(named.status.code(), Some(0));
}

#[test]
fn where_to() {
    let home = Home::serving();
    home.write("a.txt", b"a");
    home.write("b.txt", b"b");
    home.run(&["put", "a.txt", "--to", "dir/"]).ok();
    home.run(&["put", "a.txt", "--to", "dir"]).ok();
    home.run(&["put", "a.txt", "--to", "other"]).ok();
    home.run(&["put", "a.txt", "b.txt", "--to", "/dir/deep/"])
        .ok();
    home.run(&["put", "a.txt", "--name", "c.txt", "--to", "dir/"])
        .ok();
    assert_eq!(
        home.run(&["ls", "-R"]).ok(),
        "dir/\nother\ndir/a.txt\ndir/c.txt\ndir/deep/\ndir/deep/a.txt\ndir/deep/b.txt"
    );
    assert!(
        home.run(&["put", "a.txt", "b.txt", "--to", "one"])
            .fails(2)
            .contains("end it with /")
    );
    home.run(&["put", "a.txt", "b.txt", "--name", "x"]).fails(2);
    home.run(&["put", "a.txt", "--to", "other/x"]).fails(5);
}

#[test]
fn the_standard_input() {
    let home = Home::serving();
    assert!(
        home.run_with_input(&["put", "-"], b"x")
            .fails(2)
            .contains("--name")
    );
    for size in [0, 5, 8 * MIB, 8 * MIB + 1, 12 * MIB] {
        let bytes = noise(size as u64, size);
        let link = home
            .run_with_input(&["put", "-", "--name", "in.bin"], &bytes)
            .ok();
        assert!(
            home.run(&["get", &link, "-o", "-"]).bytes() == bytes,
            "{size}"
        );
    }
}

#[test]
fn several_files_where_one_fails() {
    let home = Home::serving();
    home.write("a.txt", b"a");
    home.write("b.txt", b"b");
    let ran = home.run(&["put", "-q", "a.txt", "missing", "b.txt"]);
    assert_eq!(ran.code(), 1);
    assert_eq!(ran.stdout().lines().count(), 2);
    assert!(ran.stderr().contains("missing"));
    let ran = home.run(&["put", "-q", "--json", "a.txt", "missing"]);
    let document = ran.json();
    assert_eq!(
        (&document[0]["uploaded_bytes"], &document[0]["reused_bytes"]),
        (&0.into(), &1.into()),
        "the same bytes are not sent twice"
    );
    assert_eq!(document[0]["status"], "validated");
    assert_eq!(document[1]["error"]["code"], "LOCAL_FILE");
}

#[test]
fn policies_and_permissions() {
    let home = Home::serving();
    home.write("a.txt", b"a");
    let put = |flags: &[&str]| {
        home.run(&[&["put", "--json", "a.txt"], flags].concat())
            .json()[0]
            .clone()
    };
    let file = put(&["--expires", "7d", "--private"]);
    assert_eq!(
        (&file["expiration_policy"], &file["permissions"]),
        (&"7d".into(), &"private".into())
    );
    let file = put(&["--expires", "never", "--public"]);
    assert_eq!(
        (&file["expiration_policy"], &file["permissions"]),
        (&"infinite".into(), &"public".into())
    );
    assert_eq!(file["version"], 2);
    assert!(
        home.run(&["put", "a.txt", "--expires", "8d"])
            .stderr()
            .contains("1d, 2d, 3d")
    );
    let refused = home.run(&["put", "a.txt", "--no-clobber"]).fails(5);
    assert!(refused.contains("omit --no-clobber"), "{refused}");
    for command in [
        &["put", "a.txt", "--to", "a.txt/x"][..],
        &["mkdir", "a.txt/x"],
    ] {
        let refused = home.run(command).fails(5);
        assert!(!refused.contains("no-clobber"), "{refused}");
    }
    home.run(&["put", "a.txt", "--no-clobber", "--to", "new.txt"])
        .ok();
}

#[test]
fn local_files_that_cannot_be_put() {
    let home = Home::serving();
    std::os::unix::fs::symlink("nowhere", home.path("dangling")).unwrap();
    for (path, code, words) in [
        ("missing", 3, "No such file"),
        ("dangling", 3, "No such file"),
        ("/proc/self/mem", 1, "cannot read"),
        ("https://example.com/x", 2, "URLs"),
    ] {
        let error = home.run(&["put", path]).fails(code);
        assert!(error.contains(words) && error.contains(path), "{error}");
    }
    assert_eq!(home.run(&["ls"]).ok(), "");
}

#[test]
fn two_puts_to_one_path_at_once_are_two_versions() {
    let home = Home::serving();
    let (one, other) = (noise(1, 9 * MIB), noise(2, 9 * MIB));
    home.write("one", &one);
    home.write("other", &other);
    let start = |name| {
        home.command(&["put", "-q", name, "--to", "same.bin"])
            .spawn()
            .unwrap()
    };
    let (mut first, mut second) = (start("one"), start("other"));
    let codes = [first.wait().unwrap().code(), second.wait().unwrap().code()];
    assert_eq!(codes, [Some(0), Some(0)]);
    let kept = home.run(&["versions", "--json", "same.bin"]).json();
    let kept = kept.as_array().unwrap().iter().map(|version| {
        let url = version["url"].as_str().unwrap();
        home.run(&["get", url, "-o", "-"]).bytes().to_vec()
    });
    let kept: Vec<_> = kept.collect();
    assert!(kept == [one.clone(), other.clone()] || kept == [other, one]);
}

#[test]
fn stdout_is_the_link_and_quiet_is_quiet() {
    let home = Home::serving();
    home.write("a.txt", b"a");
    let ran = home.run(&["put", "a.txt"]);
    assert!(ran.stdout().starts_with("http://") && ran.stderr().starts_with("put a.txt: 1 B"));
    let ran = home.run(&["put", "-q", "a.txt", "--qr"]);
    assert_eq!(
        (ran.stdout().lines().count(), ran.stderr().as_str()),
        (1, "")
    );
    let ran = home.run(&["put", "a.txt", "--qr"]);
    assert!(ran.stdout().lines().count() == 1 && ran.stderr().contains('█'));
}

#[test]
fn a_quota_is_refused_before_bytes_are_sent() {
    let home = Home::serving();
    crate::accounts::as_poor_user(&home, |run| {
        home.write("big.bin", &noise(1, 3000));
        let error = run(&["put", "big.bin"]).fails(6);
        assert!(
            error.contains("quota") && error.contains("big.bin"),
            "{error}"
        );
    });
}
