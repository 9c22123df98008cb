//! Uploads and downloads of directories, and the cache.

use std::{
    collections::BTreeMap,
    fs,
    os::unix::fs::{MetadataExt, PermissionsExt, symlink},
    path::Path,
};

use crate::{
    harness::files_below,
    home::{Home, noise},
};

/// Files of a tree: bytes, mode and whole seconds of the modification time.
fn read(top: &Path) -> BTreeMap<String, (Vec<u8>, u32, i64)> {
    let describe = |path: &Path| {
        let found = fs::metadata(path).unwrap();
        let name = path.strip_prefix(top).unwrap().display().to_string();
        (
            name,
            (fs::read(path).unwrap(), found.mode() & 0o777, found.mtime()),
        )
    };
    files_below(top).iter().map(|path| describe(path)).collect()
}

fn make_tree(home: &Home) {
    for directory in ["tree/a/b", "tree/empty/in", "tree/target"] {
        fs::create_dir_all(home.path(directory)).unwrap();
    }
    for number in 0..300_usize {
        home.write(
            &format!("tree/a/{number}.txt"),
            &noise(number as u64, number * 31),
        );
    }
    home.write("tree/a/b/large.bin", &noise(1, 20 << 20));
    home.write("tree/run.sh", b"#!/bin/sh\n");
    home.write("tree/target/junk.o", b"junk");
    home.write("tree/größe und mehr.txt", b"name");
    fs::set_permissions(home.path("tree/run.sh"), fs::Permissions::from_mode(0o755)).unwrap();
    filetime::set_file_mtime(
        home.path("tree/run.sh"),
        filetime::FileTime::from_unix_time(1_000_000_000, 0),
    )
    .unwrap();
}

#[test]
fn a_tree_comes_back_as_it_was() {
    let home = Home::serving();
    make_tree(&home);
    let link = home.run(&["put", "tree", "--public"]).ok();
    assert!(link.contains("/b/") && link.lines().count() == 1, "{link}");
    let got = home.run(&["get", "--json", "tree", "-o", "back/"]);
    assert_eq!(got.code(), 0, "{}", got.stderr());
    assert_eq!(got.json()[0]["file_count"], 304);
    let (put, back) = (read(&home.path("tree")), read(&home.path("back/tree")));
    for (name, file) in &put {
        let found = back
            .get(name)
            .map(|found| (found.1, found.2, found.0 == file.0));
        assert_eq!(found, Some((file.1, file.2, true)), "{name}");
    }
    assert_eq!(put.len(), back.len());
    assert!(home.path("back/tree/empty/in").is_dir());

    // Without any configuration, by the link alone.
    let stranger = Home::empty();
    stranger.run(&["get", &link, "-o", "here/"]).ok();
    assert!(read(&home.path("tree")) == read(&stranger.path("here/tree")));
    // An equal file that exists is left alone; a different one is reported, and the rest is done.
    stranger.write("here/tree/a/7.txt", b"mine");
    fs::remove_file(stranger.path("here/tree/a/8.txt")).unwrap();
    let again = stranger.run(&["get", "-q", &link, "-o", "here/"]);
    assert_eq!(again.code(), 1);
    assert!(again.stderr().contains("a/7.txt") && again.stderr().lines().count() == 2);
    assert!(stranger.path("here/tree/a/8.txt").exists());
    assert_eq!(
        fs::read(stranger.path("here/tree/a/7.txt")).unwrap(),
        b"mine"
    );

    // A second put sends nothing.
    let document = home.run(&["put", "--json", "tree"]).json();
    assert_eq!(document[0]["uploaded_bytes"], 0);
    assert_eq!(document[0]["file_count"], 304);
}

#[test]
fn a_private_tree_is_not_listed_for_others() {
    let home = Home::serving();
    home.write("tree/a.txt", b"a");
    let link = home.run(&["put", "tree", "--private"]).ok();
    Home::empty().run(&["get", &link]).fails(3);
    home.run(&["get", &link, "-o", "back"]).ok();
    assert_eq!(fs::read(home.path("back/a.txt")).unwrap(), b"a");
}

#[test]
fn includes_and_excludes_in_any_order() {
    let home = Home::serving();
    make_tree(&home);
    for flags in [
        ["--include", "*.txt", "--exclude", "a"],
        ["--exclude", "a/", "--include", "*.txt"],
    ] {
        let planned = home.run(&[&["put", "tree", "--dry-run"], &flags[..]].concat());
        assert_eq!(planned.ok(), "/tree/größe und mehr.txt");
    }
    assert_eq!(home.run(&["ls"]).ok(), "", "nothing was done");
    home.run(&[
        "put",
        "-q",
        "tree",
        "--exclude",
        "target",
        "--exclude",
        "*.bin",
        "--exclude",
        "a/1*",
    ])
    .ok();
    let got = home.run(&["get", "tree", "--include", "{run.sh,a/2.txt}", "-o", "some"]);
    assert_eq!(got.code(), 0, "{}", got.stderr());
    let names: Vec<String> = read(&home.path("some")).into_keys().collect();
    assert_eq!(names, ["a/2.txt", "run.sh"]);
    let listed = home.run(&["ls", "-R", "tree"]).ok();
    assert!(
        !listed.contains("junk.o") && !listed.contains("large.bin") && !listed.contains("a/17.txt")
    );
    home.run(&["put", "tree", "--include", "a[", "--dry-run"])
        .fails(2);
}

#[test]
fn what_cannot_be_put_of_a_tree_is_said_and_the_rest_is_done() {
    let home = Home::serving();
    home.write("tree/good.txt", b"good");
    home.write("tree/secret.txt", b"secret");
    symlink("good.txt", home.path("tree/link")).unwrap();
    let fifo = std::process::Command::new("mkfifo")
        .arg(home.path("tree/pipe"))
        .status();
    assert!(fifo.unwrap().success());
    let bad = "tree/".to_owned() + &"x".repeat(200) + "\u{202e}.txt";
    home.write(&bad, b"bidi");
    let put = home.run(&["put", "--json", "tree"]);
    assert_eq!(put.code(), 1);
    assert!(
        put.stderr().contains("link: a symbolic link"),
        "{}",
        put.stderr()
    );
    assert!(
        put.stderr().contains("pipe: not a regular file"),
        "{}",
        put.stderr()
    );
    let document = put.json();
    assert_eq!(document[0]["file_count"], 2);
    assert_eq!(document[0]["failed"].as_array().unwrap().len(), 1);
    home.run(&["get", "tree/good.txt"]).ok();
}

#[test]
fn the_second_get_reads_from_the_cache_and_a_damaged_entry_is_fetched_anew() {
    let home = Home::serving();
    let bytes = noise(1, 3 << 20);
    home.write("a.bin", &bytes);
    let link = home.run(&["put", "a.bin"]).ok();
    home.run(&["get", &link, "-o", "one"]).ok();
    let cached = files_below(&home.path("cache"));
    assert_eq!(cached.len(), 1, "{cached:?}");
    let second = home.run(&["get", &link, "-o", "two"]);
    assert!(
        second.stderr().contains("copied from the cache"),
        "{}",
        second.stderr()
    );
    assert!(fs::read(home.path("two")).unwrap() == bytes);
    // Two files of the user never share their bytes on disk.
    fs::OpenOptions::new()
        .append(true)
        .open(home.path("two"))
        .map(|mut file| std::io::Write::write_all(&mut file, b"more").unwrap())
        .unwrap();
    assert!(fs::read(home.path("one")).unwrap() == bytes);
    let mut damaged = bytes.clone();
    damaged[1000] ^= 1;
    fs::write(&cached[0], &damaged).unwrap();
    fs::remove_file(home.path("one")).unwrap();
    let third = home.run(&["get", &link, "-o", "three"]);
    assert_eq!(third.code(), 0, "{}", third.stderr());
    assert!(!third.stderr().contains("copied from the cache"));
    assert!(fs::read(home.path("three")).unwrap() == bytes);
    let uncached = home.run(&["get", "--no-cache", &link, "-o", "four"]);
    assert!(!uncached.stderr().contains("copied from the cache"));
}
