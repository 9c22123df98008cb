//! Files whose size is not the reported one.

use std::{
    fs::{self, File},
    io::Write,
    process::Stdio,
    thread,
    time::Duration,
};

use crate::home::{Home, noise};

#[test]
fn what_is_longer_than_it_says_is_a_stream() {
    let home = Home::serving();
    // Their sizes are 0, and their contents do not change.
    for path in [
        "/proc/version",
        "/proc/cpuinfo",
        "/proc/filesystems",
        "/proc/self/limits",
        "/proc/sys/kernel/ostype",
    ] {
        let Ok(expected) = fs::read(path) else {
            continue;
        };
        home.run(&["put", "-q", path, "--to", "kept"]).ok();
        let got = home.run(&["get", "-q", "kept", "-o", "-"]);
        assert_eq!(got.code(), 0, "{}", got.stderr());
        // A CPU frequency, for example, may differ.
        let (found, expected) = (got.bytes().len(), expected.len());
        assert!(
            found > 0 && found.abs_diff(expected) < 200,
            "{path}: {found}"
        );
    }
}

/// A file of `/proc` that is longer than a part.
#[test]
fn a_long_one_comes_whole() {
    let home = Home::serving();
    let Ok(symbols) = fs::read("/proc/kallsyms") else {
        return;
    };
    home.run(&["put", "-q", "/proc/kallsyms", "--to", "kept"])
        .ok();
    let got = home.run(&["get", "-q", "kept", "-o", "-"]);
    assert_eq!(got.bytes().len(), symbols.len());
    // In a tree, a symbolic link to it is followed with `-L`.
    fs::create_dir_all(home.path("tree")).unwrap();
    for name in ["version", "kallsyms"] {
        let from = format!("/proc/{name}");
        std::os::unix::fs::symlink(from, home.path(&format!("tree/{name}"))).unwrap();
    }
    let put = home.run(&["put", "--json", "-L", "tree"]);
    assert_eq!(put.code(), 0, "{}", put.stderr());
    assert_eq!(put.json()[0]["file_count"], 2);
    let bytes = home.run(&["get", "-q", "tree/kallsyms", "-o", "-"]);
    assert_eq!(bytes.bytes().len(), symbols.len());
}

#[test]
fn what_changes_is_an_error_that_says_what_to_do() {
    let home = Home::serving();
    for (name, grows) in [("grows.log", true), ("shrinks.log", false)] {
        let path = home.write(name, &noise(1, 24 << 20));
        let mut put = home.command(&["put", "-q", "--limit-rate", "8MiB", name]);
        let child = put
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        thread::sleep(Duration::from_millis(700));
        let mut file = File::options().append(true).open(&path).unwrap();
        match grows {
            true => file.write_all(b"one line more\n").unwrap(),
            false => file.set_len(1 << 20).unwrap(),
        }
        let ran = crate::home::Ran::of(child.wait_with_output().unwrap());
        let error = ran.fails(1);
        assert!(error.contains("changed while it was read"), "{error}");
        assert!(error.contains("hulk put -"), "{error}");
        home.run(&["info", name]).fails(3);
    }
}
