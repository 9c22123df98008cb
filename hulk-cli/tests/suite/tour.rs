//! The README's tour, run unchanged.

use std::process::{Command, Stdio};

use crate::{
    harness::skipped,
    home::{Home, Ran},
};

/// Script line that prints the links of the tour, in the order in which the test reads them.
const LINKS: &str = "\nprintf 'LINK %s\\n' \"$tree\" \"$notes\" \"$shared\" \"$once\" \"$drop\"\n";

fn script() -> String {
    let readme = include_str!("../../../README.md");
    let (_, rest) = readme
        .split_once("A tour that a test runs as it is written")
        .unwrap();
    let (_, rest) = rest.split_once("```sh\n").unwrap();
    let (script, _) = rest.split_once("```").unwrap();
    format!("set -euo pipefail\n{script}{LINKS}")
}

#[test]
fn every_link_of_the_tour_does_what_it_promised() {
    if Command::new("curl").arg("--version").output().is_err() {
        skipped("curl", "there is no 'curl' on PATH");
        return;
    }
    let home = Home::serving();
    let hulk = std::path::Path::new(env!("CARGO_BIN_EXE_hulk"));
    let path = std::env::var("PATH").unwrap();
    let path = format!("{}:{path}", hulk.parent().unwrap().display());
    // Like `Home`, but from a shell.
    let variables = home.command(&[]);
    let mut shell = Command::new("bash");
    shell.arg("-c").arg(script()).current_dir(home.path(""));
    for (name, value) in variables.get_envs() {
        match value {
            Some(value) => shell.env(name, value),
            None => shell.env_remove(name),
        };
    }
    let output = shell.env("PATH", path).stdin(Stdio::null()).output();
    let ran = Ran::of(output.unwrap());
    let said = ran.ok();
    let links: Vec<&str> = said
        .lines()
        .filter_map(|line| line.strip_prefix("LINK "))
        .collect();
    let [tree, notes, shared, once, drop] = links[..] else {
        panic!("{said}");
    };
    assert!(
        said.contains("inbox/report.pdf"),
        "it is found by its tag: {said}"
    );
    let friend = Home::empty();
    let get = |link: &str, to: &str| friend.run(&["get", "-q", link, "-o", to]);
    assert_eq!(
        get(notes, "-").ok(),
        "one",
        "after mv, a mistake, restore, rm and restore"
    );
    get(tree, "tree/").fails(3);
    assert_eq!(home.run(&["get", "-q", tree, "-o", "tree/"]).code(), 0);
    assert!(home.path("tree/demo/one.txt").exists());
    let mut command = friend.command(&["get", "-q", shared, "-o", "shared/"]);
    command.env("HULK_SHARE_PASSWORD", "open sesame");
    assert_eq!(Ran::of(command.output().unwrap()).stderr(), "");
    let one = std::fs::read_to_string(friend.path("shared/demo/one.txt"));
    assert_eq!(one.unwrap(), "one\n");
    assert!(get(once, "x").fails(3).contains("limit of downloads"));
    friend.write("more.txt", b"more");
    friend.run(&["put", "-q", "more.txt", "--to", drop]).ok();
    assert_eq!(
        home.run(&["ls", "inbox"]).ok(),
        "more.txt\nreport (2).pdf\nreport.pdf"
    );
    assert_eq!(
        home.run(&["get", "-q", "inbox/report (2).pdf", "-o", "-"])
            .ok(),
        "three"
    );
    assert_eq!(
        home.run(&["versions", "papers/notes.txt"])
            .ok()
            .lines()
            .count(),
        3
    );
}
