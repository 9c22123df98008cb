//! Exit codes and numbers that are accurate.

use hulk_proto::KeyPermission;

use crate::home::{Home, make_key, noise};

#[test]
fn what_only_the_quota_stopped_ends_with_6() {
    let home = Home::serving();
    let key = make_key(
        &home.path("data"),
        "small@example.com",
        1 << 20,
        KeyPermission::All,
    );
    for number in 0..4 {
        home.write(&format!("tree/{number}.bin"), &noise(number, 400 << 10));
        home.write(&format!("{number}.bin"), &noise(10 + number, 400 << 10));
    }
    let run = |arguments: &[&str]| {
        let mut command = home.command(arguments);
        command.env("HULK_API_KEY", &key);
        crate::home::Ran::of(command.output().unwrap())
    };
    for (arguments, code) in [
        (&["put", "-q", "tree"][..], 6),
        (&["rm", "-q", "-r", "--purge", "tree"], 0),
        (&["put", "-q", "0.bin", "1.bin", "2.bin", "3.bin"], 6),
        (&["put", "-q", "3.bin"], 6),
        (&["put", "-q", "3.bin", "missing.bin"], 1),
        (&["get", "-q", "0.bin", "missing.bin", "-o", "out/"], 1),
        (&["get", "-q", "missing.bin", "other.bin", "-o", "out/"], 3),
    ] {
        let ran = run(arguments);
        assert_eq!(ran.code(), code, "{arguments:?}: {}", ran.stderr());
    }
}

#[test]
fn a_path_is_said_once() {
    let home = Home::serving();
    home.write("tree/a.txt", b"a");
    for arguments in [
        &["put", "-q", "no-such-file"][..],
        &["get", "-q", "no-such-file"],
        &["rm", "-q", "no-such-file"],
        &["info", "no-such-file"],
        &["share", "no-such-file"],
        &["get", "-q", "no-such-file/../x"],
        &["mv", "-q", "no-such-file", "other"],
    ] {
        let error = home.run(arguments);
        let error = error.stderr();
        assert_eq!(error.matches("no-such-file").count(), 1, "{error}");
    }
}

#[test]
fn an_empty_argument_names_nothing() {
    let home = Home::serving();
    home.write("a.txt", b"a");
    home.run(&["put", "-q", "a.txt"]).ok();
    for arguments in [
        &["share", ""][..],
        &["get", ""],
        &["rm", "-r", ""],
        &["set", "", "--private"],
        &["ls", ""],
        &["put", "a.txt", "--to", ""],
        &["mkdir", ""],
        &["info", ""],
    ] {
        let ran = home.run(arguments);
        assert_eq!(ran.code(), 2, "{arguments:?}: {}", ran.stderr());
    }
    assert_eq!(
        home.run(&["share", "ls", "--json"]).json(),
        serde_json::json!([])
    );
    home.run(&["info", "a.txt"]).ok();
}

#[test]
fn what_is_wrong_is_a_document_too() {
    let home = Home::serving();
    home.write("tree/a.txt", b"a");
    for (arguments, code) in [
        (&["put", "--json"][..], 2),
        (&["upload", "x", "--json"], 2),
        (&["--json", "get", "--no-such-flag", "x"], 2),
        (&["put", "tree", "--expires", "5d", "--json"], 2),
        (&["put", "tree", "--dry-run", "--json"], 0),
        (&["put", "tree/a.txt", "missing", "--dry-run", "--json"], 0),
    ] {
        let ran = home.run(arguments);
        assert_eq!(ran.code(), code, "{arguments:?}: {}", ran.stderr());
        let document = ran.json();
        match code {
            0 => assert!(document[0]["path"].as_str().unwrap().ends_with("a.txt")),
            _ => assert_eq!(document["error"]["code"], "BAD_REQUEST", "{document}"),
        }
    }
    assert_eq!(home.run(&["--help"]).code(), 0);
    assert_eq!(home.run(&["--version", "--json"]).code(), 0);
}

#[test]
fn no_limit_is_no_number() {
    let home = Home::serving();
    for arguments in [["usage"], ["whoami"]] {
        let said = home.run(&arguments).ok();
        assert!(said.contains("B of unlimited"), "{said}");
    }
}

#[test]
fn a_server_on_all_addresses_prints_links_that_work() {
    let home = Home::empty();
    home.write("a.txt", b"a");
    let mut put = home.command(&["put", "--serve", "a.txt"]);
    put.env("HULK_LISTEN", "0.0.0.0:0");
    let mut child = put
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::null())
        .spawn()
        .unwrap();
    let mut link = String::new();
    let mut out = std::io::BufReader::new(child.stdout.take().unwrap());
    std::io::BufRead::read_line(&mut out, &mut link).unwrap();
    assert!(!link.contains("0.0.0.0"), "{link}");
    let got = Home::empty().run(&["get", "-q", link.trim(), "-o", "-"]);
    assert_eq!(got.bytes(), b"a", "{}", got.stderr());
    child.kill().unwrap();
    child.wait().unwrap();
}
