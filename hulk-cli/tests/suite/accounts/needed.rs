//! Unusable homes and configurations: commands that do not need them work without.

use std::{fs, process::Command};

use crate::home::{Home, Ran, noise};

const VARIABLES: [&str; 6] = [
    "HULK_CONFIG_DIR",
    "HULK_STATE_DIR",
    "HULK_CACHE_DIR",
    "XDG_CONFIG_HOME",
    "XDG_STATE_HOME",
    "XDG_CACHE_HOME",
];

/// Prepares such a home, and the environment of a command for it.
type Make = fn(&Home, &mut Command);

fn with_home(command: &mut Command, home: &str) {
    for name in VARIABLES {
        command.env_remove(name);
    }
    command.env("HOME", home);
}

fn no_home(_: &Home, command: &mut Command) {
    // The state of the user who runs the tests is left alone.
    for name in ["HULK_CONFIG_DIR", "XDG_CONFIG_HOME", "HOME"] {
        command.env_remove(name);
    }
}

fn empty_home(home: &Home, command: &mut Command) {
    no_home(home, command);
    command.env("HOME", "");
}

fn relative_home(_: &Home, command: &mut Command) {
    with_home(command, ".");
}

fn home_that_cannot_be(_: &Home, command: &mut Command) {
    with_home(command, "/dev/null/home");
}

fn home_that_is_a_file(home: &Home, command: &mut Command) {
    let file = home.write("file", b"");
    with_home(command, file.to_str().unwrap());
}

fn directories_that_are_files(home: &Home, command: &mut Command) {
    for name in ["HULK_CONFIG_DIR", "HULK_STATE_DIR", "HULK_CACHE_DIR"] {
        command.env(name, home.write("file", b""));
    }
}

/// Stands in for an unreadable file, which root could read.
fn config_that_is_a_directory(home: &Home, _: &mut Command) {
    fs::create_dir_all(home.path("config/config.toml")).unwrap();
}

fn damaged_config(home: &Home, _: &mut Command) {
    home.write("config/config.toml", b"default_profile = secret");
}

fn config_that_is_not_text(home: &Home, _: &mut Command) {
    home.write("config/config.toml", b"\xff\xfe");
}

fn default_profile_that_is_not_there(home: &Home, _: &mut Command) {
    home.write("config/config.toml", b"default_profile = \"gone\"");
}

fn profile_of_no_server(home: &Home, _: &mut Command) {
    let config = b"default_profile = \"a\"\n[profiles.a]\nserver = \"nonsense\"";
    home.write("config/config.toml", config);
}

fn damaged_credentials(home: &Home, _: &mut Command) {
    let config = b"default_profile = \"a\"\n[profiles.a]\nserver = \"http://127.0.0.1:1\"";
    home.write("config/config.toml", config);
    home.write("config/credentials.toml", b"[a]\napi_key = secret");
}

/// Each home, with the number of warnings when a link is downloaded: one per file that might have held a key.
const HOMES: [(&str, Make, usize); 12] = [
    ("no home", no_home, 0),
    ("empty home", empty_home, 0),
    ("relative home", relative_home, 0),
    ("home that cannot be", home_that_cannot_be, 0),
    ("home that is a file", home_that_is_a_file, 0),
    ("files", directories_that_are_files, 0),
    ("directory", config_that_is_a_directory, 1),
    ("damaged", damaged_config, 1),
    ("not text", config_that_is_not_text, 1),
    ("default", default_profile_that_is_not_there, 1),
    ("no server", profile_of_no_server, 1),
    ("credentials", damaged_credentials, 1),
];

/// Runs a command in such a home; also returns its number of warnings.
fn run(make: Make, home: &Home, arguments: &[&str], variables: &[(&str, &str)]) -> (Ran, usize) {
    let mut command = home.command(arguments);
    make(home, &mut command);
    command.envs(variables.iter().copied());
    let ran = Ran::of(command.output().unwrap());
    let warnings = ran.stderr().matches("warning:").count();
    (ran, warnings)
}

#[test]
fn what_a_command_does_not_need_does_not_stop_it() {
    let server = Home::serving();
    let bytes = noise(1, 200_000);
    server.write("up.bin", &bytes);
    let link = server.run(&["put", "up.bin"]).ok();
    let create = ["keys", "create", "--label", "ci", "--permissions", "all"];
    let key = server.run(&create).ok();
    let given = [("HULK_SERVER", server.url()), ("HULK_API_KEY", &*key)];
    for (name, make, expected) in HOMES {
        let home = Home::empty();
        home.write("up.bin", &bytes);
        let (got, warnings) = run(make, &home, &["get", &link, "-o", "got.bin"], &[]);
        got.ok();
        assert_eq!(warnings, expected, "{name}: {}", got.stderr());
        assert!(!got.stderr().contains("secret"), "{name}");
        assert!(fs::read(home.path("got.bin")).unwrap() == bytes, "{name}");
        for arguments in [
            &["whoami"][..],
            &["ls"],
            &["put", "up.bin", "--to", name],
            &["get", name, "-o", "by-path.bin"],
            &["get", &link, "-o", "by-link.bin"],
        ] {
            let (ran, warnings) = run(make, &home, arguments, &given);
            ran.ok();
            assert_eq!(warnings, 0, "{name}: {arguments:?}: {}", ran.stderr());
        }
        for arguments in [&["completions", "bash"][..], &["man"], &["put", "--help"]] {
            let (ran, _) = run(make, &home, arguments, &[]);
            ran.ok();
            assert_eq!(ran.stderr(), "", "{name}: {arguments:?}");
        }
    }
}

#[test]
fn what_is_needed_and_cannot_be_read_is_an_error() {
    let server = Home::serving();
    server.write("a.txt", b"a");
    let link = server.run(&["put", "a.txt"]).ok();
    let key = hulk_proto::ApiKeySecret::random().reveal();
    let (link, key) = (link.as_str(), ("HULK_API_KEY", key.as_str()));
    let server = ("HULK_SERVER", server.url());
    // Without a key or a server, with a profile that is named explicitly, or where the file is to be written.
    type Case<'a> = (Make, &'a [&'a str], &'a [(&'a str, &'a str)], i32);
    let cases: [Case<'_>; 8] = [
        (damaged_config, &["ls"], &[], 1),
        (damaged_config, &["ls"], &[server], 1),
        (damaged_config, &["ls"], &[key], 1),
        (damaged_config, &["get", link, "--profile", "a"], &[], 1),
        (damaged_config, &["login", "--api-key-stdin"], &[server], 1),
        (config_that_is_a_directory, &["whoami"], &[], 1),
        (damaged_credentials, &["whoami"], &[], 1),
        (profile_of_no_server, &["whoami"], &[], 2),
    ];
    for (make, arguments, variables, code) in cases {
        let home = Home::empty();
        let (ran, warnings) = run(make, &home, arguments, variables);
        let error = ran.fails(code);
        assert!(!error.contains("secret"), "{arguments:?}: {error}");
        assert_eq!(warnings, 0, "{arguments:?}: {error}");
        assert!(!home.path("a.txt").exists());
    }
}
