//! Completions and help: the committed copies are what the program generates.

use std::{fs, path::Path};

use crate::home::Home;

#[test]
fn committed_completions_and_manual_are_the_programs() {
    let home = Home::empty();
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("../completions");
    for (file, arguments) in [
        ("hulk.bash", &["completions", "bash"][..]),
        ("_hulk", &["completions", "zsh"]),
        ("hulk.fish", &["completions", "fish"]),
        ("hulk.ps1", &["completions", "powershell"]),
        ("hulk.1", &["man"]),
    ] {
        let printed = home.run(arguments).stdout();
        assert!(printed.len() > 500, "{file}");
        if std::env::var_os("HULK_UPDATE").is_some() {
            fs::write(directory.join(file), &printed).unwrap();
        }
        let committed = fs::read_to_string(directory.join(file)).unwrap_or_default();
        assert!(
            committed == printed,
            "completions/{file} is old: run the tests with HULK_UPDATE=1"
        );
    }
    assert!(home.run(&["man", "put"]).ok().contains("clobber"));
    home.run(&["man", "nothing"]).fails(2);
}

#[test]
fn every_command_has_help_and_mistakes_are_usage() {
    let home = Home::empty();
    for command in [
        "put",
        "get",
        "ls",
        "info",
        "open",
        "rm",
        "keys",
        "admin",
        "login",
        "logout",
        "whoami",
        "serve",
        "completions",
        "man",
    ] {
        assert!(
            home.run(&[command, "--help"]).ok().contains("Usage: hulk"),
            "{command}"
        );
    }
    assert!(home.run(&["--version"]).ok().starts_with("hulk 0."));
    for arguments in [
        &["nothing"][..],
        &["put"],
        &["put", "x", "--public", "--private"],
        &["ls", "--sort", "colour"],
        &["-q", "-v", "ls"],
    ] {
        assert_eq!(home.run(arguments).code(), 2, "{arguments:?}");
    }
    assert!(home.run(&["ls"]).fails(2).contains("hulk login"));
}
