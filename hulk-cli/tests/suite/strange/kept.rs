//! Modes and times of files and directories are restored.

use std::{
    fs,
    os::unix::fs::{MetadataExt, PermissionsExt},
    path::Path,
};

use filetime::{FileTime, set_file_mtime};

use crate::{
    endless::{Fake, send},
    home::{Home, noise},
};

/// Mode, seconds and nanoseconds.
fn look(path: &Path) -> (u32, i64, i64) {
    let found = fs::metadata(path).unwrap();
    (found.mode() & 0o7777, found.mtime(), found.mtime_nsec())
}

fn set(path: &Path, mode: u32, seconds: i64, nanos: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    set_file_mtime(path, FileTime::from_unix_time(seconds, nanos)).unwrap();
}

#[test]
fn files_and_directories_come_back_as_they_were() {
    let home = Home::serving();
    let large = noise(1, 9 << 20);
    for (name, bytes) in [
        ("tree/run.sh", &b"#!/bin/sh"[..]),
        ("tree/secret/key", b"secret"),
        ("tree/old", b"old"),
        ("tree/large.bin", &large),
        ("tree/empty file", b""),
    ] {
        home.write(name, bytes);
    }
    fs::create_dir_all(home.path("tree/nothing/in it")).unwrap();
    let wanted = [
        ("tree/run.sh", 0o755, 1_000_000_000, 123_456_789),
        ("tree/secret/key", 0o600, -1, 999_999_999),
        ("tree/old", 0o644, -2_000_000_000, 1),
        ("tree/large.bin", 0o444, 4_000_000_000, 0),
        ("tree/empty file", 0o640, 0, 0),
        ("tree/nothing/in it", 0o700, 1_500_000_000, 500_000_000),
        ("tree/nothing", 0o711, 12, 34),
        ("tree/secret", 0o700, -5, 7),
        ("tree", 0o750, 1_234_567_890, 987_654_321),
    ];
    for (name, mode, seconds, nanos) in wanted {
        set(&home.path(name), mode, seconds, nanos);
    }
    home.run(&["put", "-q", "tree"]).ok();
    home.run(&["get", "-q", "tree", "-o", "back/"]).ok();
    // This time, the cache has the files.
    home.run(&["get", "-q", "tree", "-o", "again"]).ok();
    for (name, mode, seconds, nanos) in wanted {
        let expected = (mode, seconds, i64::from(nanos));
        assert_eq!(
            look(&home.path(&format!("back/{name}"))),
            expected,
            "{name}"
        );
        let again = name.replacen("tree", "again", 1);
        assert_eq!(look(&home.path(&again)), expected, "{name}");
        if !home.path(name).is_dir() {
            // Each file alone, put and downloaded.
            let to = format!("alone-{}", name.replace('/', "-"));
            home.run(&["put", "-q", name, "--to", &to]).ok();
            home.run(&["get", "-q", &to, "-o", "got"]).ok();
            assert_eq!(look(&home.path("got")), expected, "{name}");
            fs::remove_file(home.path("got")).unwrap();
        }
    }
    // The next put uploads changed modes and times.
    set(&home.path("tree/nothing"), 0o755, 99, 1);
    set(&home.path("tree/old"), 0o700, 99, 1);
    home.run(&["put", "-q", "tree"]).ok();
    home.run(&["get", "-q", "tree", "-o", "third"]).ok();
    assert_eq!(look(&home.path("third/nothing")), (0o755, 99, 1));
    assert_eq!(look(&home.path("third/old")), (0o700, 99, 1));
}

#[test]
fn only_what_a_mode_may_say_is_obeyed() {
    let home = Home::empty();
    for (mode, time, expected) in [
        ("6755", "2001-09-09T01:46:40Z", (0o755, Some(1_000_000_000))),
        ("7", "yesterday", (0o005, None)),
        ("755; rm", "", (0o644, None)),
        ("99", "9999-99-99T00:00:00Z", (0o644, None)),
        ("-1", "1969-12-31T23:59:59.5Z", (0o644, Some(-1))),
    ] {
        let server = Fake::start(move |target, stream| match target.starts_with("/d/") {
            true => {
                let told = format!("X-File-Mode: {mode}\r\nX-File-Modified: {time}\r\n");
                send(
                    stream,
                    "302 Found",
                    &format!("Location: /store\r\n{told}"),
                    "",
                );
            }
            false => send(
                stream,
                "206 Partial Content",
                "Content-Range: bytes 0-0/1\r\n",
                "x",
            ),
        });
        let link = format!("{}/d/000000000000/a", server.url);
        home.run(&["get", "-q", "--force", &link, "-o", "got"]).ok();
        let (found, seconds, _) = look(&home.path("got"));
        assert_eq!(found, expected.0, "{mode}");
        if let Some(expected) = expected.1 {
            assert_eq!(seconds, expected, "{time}");
        }
    }
}

/// A stranger who uploads through a link does not decide which of the owner's files are executable.
#[test]
fn modes_of_droppers_are_not_kept() {
    let home = Home::serving();
    home.run(&["mkdir", "inbox"]).ok();
    let link = home.run(&["share", "inbox", "--uploads"]).ok();
    let stranger = Home::empty();
    let path = stranger.write("tree/run.sh", b"#!/bin/sh");
    set(&path, 0o777, 1, 0);
    stranger
        .run(&["put", "-q", "tree/run.sh", "tree", "--to", &link])
        .ok();
    home.run(&["get", "-q", "inbox", "-o", "back"]).ok();
    for name in ["back/run.sh", "back/tree/run.sh"] {
        let (mode, seconds, _) = look(&home.path(name));
        assert_eq!(mode & 0o111, 0, "{name}");
        assert_ne!(seconds, 1, "{name}");
    }
}

/// A private file is not readable by others during its download either, nor in the cache.
#[test]
fn what_is_private_is_so_from_its_first_moment() {
    let home = Home::serving();
    for number in 0..3 {
        let path = home.write(&format!("secret/{number}"), &noise(number, 9 << 20));
        set(&path, 0o600, 1, 0);
    }
    set(&home.path("secret"), 0o700, 1, 0);
    home.run(&["put", "-q", "secret"]).ok();
    for (to, place) in [("new", "new"), ("out/", "out/secret")] {
        let get = ["get", "-q", "secret", "-o", to, "--limit-rate", "9MiB"];
        let mut child = home.command(&get).spawn().unwrap();
        let mut seen = 0;
        while child.try_wait().unwrap().is_none() {
            if let Ok(found) = fs::metadata(home.path(place)) {
                seen += 1;
                assert_eq!(found.mode() & 0o077, 0, "{place}");
            }
            for file in fs::read_dir(home.path(place))
                .into_iter()
                .flatten()
                .flatten()
            {
                let mode = file.metadata().map_or(0, |found| found.mode());
                assert_eq!(mode & 0o077, 0, "{file:?}");
            }
            std::thread::sleep(std::time::Duration::from_millis(2));
        }
        assert!(child.wait().unwrap().success() && seen > 0);
    }
    for private in ["cache/files", "state/partial"] {
        if let Ok(found) = fs::metadata(home.path(private)) {
            assert_eq!(found.mode() & 0o077, 0, "{private}");
        }
    }
}
