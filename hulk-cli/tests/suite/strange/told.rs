//! A command that changes something does all of it, and fails if its result could not be printed.

use std::{
    fs::File,
    process::{Command, Stdio},
};

use crate::home::{Home, Ran};

/// Standard output that loses the result.
#[derive(Clone, Copy, Debug)]
enum Out {
    Full,
    Closed,
}

fn run(home: &Home, arguments: &[&str], out: Out) -> Ran {
    let mut command = home.command(arguments);
    match out {
        Out::Full => {
            command.stdout(File::options().write(true).open("/dev/full").unwrap());
        }
        Out::Closed => {
            // The reader is gone before the first byte.
            let mut reader = Command::new("true").stdin(Stdio::piped()).spawn().unwrap();
            let pipe = reader.stdin.take().unwrap();
            reader.wait().unwrap();
            command.stdout(pipe);
        }
    }
    command.stderr(Stdio::piped());
    Ran::of(command.spawn().unwrap().wait_with_output().unwrap())
}

fn count(home: &Home, arguments: &[&str]) -> usize {
    home.run(&[arguments, &["--json"]].concat())
        .json()
        .as_array()
        .unwrap()
        .len()
}

#[test]
fn all_is_done_and_the_loss_is_told() {
    let home = Home::serving();
    for number in 0..30 {
        home.write(&format!("{number}.txt"), format!("{number}").as_bytes());
    }
    let files: Vec<String> = (0..30).map(|number| format!("{number}.txt")).collect();
    let files: Vec<&str> = files.iter().map(String::as_str).collect();
    for (out, to) in [(Out::Closed, "closed/"), (Out::Full, "full/")] {
        let put = [&["put", "-q", "--to", to], &files[..]].concat();
        let ran = run(&home, &put, out);
        assert_eq!(ran.code(), 1, "{out:?}");
        assert!(ran.stderr().contains("standard output"), "{}", ran.stderr());
        assert_eq!(count(&home, &["ls", to]), 30, "{out:?}");
    }
    for (arguments, check) in [
        (&["mkdir", "made", "--json"][..], &["ls"][..]),
        (&["put", "tree", "--json"], &["ls", "tree"]),
        (&["rm", "full/1.txt", "--json"], &["trash", "ls"]),
        (
            &["mv", "full/2.txt", "full/3.txt", "closed/new/", "--json"],
            &["ls", "closed/new"],
        ),
        (
            &["set", "full/4.txt", "--tag", "t", "--json"],
            &["find", "tag:t"],
        ),
    ] {
        home.write("tree/a.txt", b"a");
        for out in [Out::Closed, Out::Full] {
            let ran = run(&home, arguments, out);
            assert_ne!(ran.code(), 0, "{arguments:?} {out:?}");
        }
        assert!(count(&home, check) > 0, "{arguments:?}");
    }
}

#[test]
fn a_secret_that_nobody_saw_is_revoked() {
    let home = Home::serving();
    home.write("a.txt", b"a");
    home.run(&["put", "-q", "a.txt"]).ok();
    let (keys, shares) = (
        count(&home, &["keys", "ls"]),
        count(&home, &["share", "ls"]),
    );
    let key = ["keys", "create", "--label", "ci", "--permissions", "read"];
    for out in [Out::Closed, Out::Full] {
        for json in [&[][..], &["--json"]] {
            for arguments in [&key[..], &["share", "a.txt"], &["share", "/", "--uploads"]] {
                let ran = run(&home, &[arguments, json].concat(), out);
                assert_eq!(ran.code(), 1, "{arguments:?} {out:?}: {}", ran.stderr());
                assert!(
                    ran.stderr().contains("so it was revoked"),
                    "{}",
                    ran.stderr()
                );
            }
        }
    }
    assert_eq!(count(&home, &["keys", "ls"]), keys);
    assert_eq!(count(&home, &["share", "ls"]), shares);
}

#[test]
fn only_a_list_may_end_with_its_reader() {
    let home = Home::serving();
    home.write("a.txt", b"a");
    home.run(&["put", "-q", "a.txt"]).ok();
    for arguments in [
        &["ls"][..],
        &["ls", "--json"],
        &["find", "a"],
        &["info", "a.txt"],
        &["versions", "a.txt"],
        &["keys", "ls"],
        &["usage"],
        &["completions", "bash"],
        &["man"],
        &["put", "a.txt", "--dry-run"],
    ] {
        assert_eq!(
            run(&home, arguments, Out::Closed).code(),
            0,
            "{arguments:?}"
        );
        let full = run(&home, arguments, Out::Full);
        assert_eq!(full.code(), 1, "{arguments:?}");
        assert!(
            full.stderr().contains("standard output"),
            "{}",
            full.stderr()
        );
    }
}

#[test]
fn a_standard_output_that_is_closed_takes_no_secret() {
    let home = Home::serving();
    home.write("a.txt", b"a");
    home.run(&["put", "-q", "a.txt"]).ok();
    let (keys, shares) = (
        count(&home, &["keys", "ls"]),
        count(&home, &["share", "ls"]),
    );
    let key = ["keys", "create", "--label", "ci", "--permissions", "read"];
    for line in ["exec >&-", "exec 1</dev/null", "exec 1<a.txt"] {
        for arguments in [
            &key[..],
            &["share", "a.txt"],
            &["get", "-q", "a.txt", "-o", "-"],
        ] {
            if arguments[0] == "get" && line.ends_with('-') {
                // Indistinguishable from a caller that does not want the output.
                continue;
            }
            let ran = home.run_after(line, arguments);
            assert_eq!(ran.code(), 1, "{line} {arguments:?}: {}", ran.stderr());
        }
    }
    assert_eq!(count(&home, &["keys", "ls"]), keys);
    assert_eq!(count(&home, &["share", "ls"]), shares);
}

#[test]
fn a_list_that_failed_says_so_to_a_reader_that_is_gone() {
    let home = Home::serving();
    for arguments in [&["ls", "nope", "--json"][..], &["info", "nope", "--json"]] {
        let ran = run(&home, arguments, Out::Closed);
        assert_eq!(ran.code(), 3, "{arguments:?}");
        assert!(ran.stderr().starts_with("error: "), "{}", ran.stderr());
    }
}
