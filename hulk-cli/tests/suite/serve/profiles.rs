//! Local servers on one machine: each has a profile, and none takes over that of another.

use std::fs::{read_to_string, remove_dir_all, remove_file};

use super::PutServe;
use crate::{
    harness::{Process, engine::free_address, signal},
    home::Home,
};

/// Starts `hulk serve` at an address.
fn serve(home: &Home, data: &str, address: &str) -> Process {
    let arguments = ["serve", "--data-dir", data, "--listen", address];
    Process::start(home.command(&arguments)).unwrap_or_else(|log| panic!("no start: {log}"))
}

fn served_before(home: &Home, data: &str, address: &str) {
    assert_eq!(serve(home, data, address).terminate(), Some(0));
}

/// Preparation before a server is started at the address, on the directory `data`.
type Before = fn(&Home, &str);

fn nothing(_: &Home, _: &str) {}

fn another_server(home: &Home, _: &str) {
    served_before(home, "first", &free_address());
}

fn two_other_servers(home: &Home, _: &str) {
    served_before(home, "first", &free_address());
    served_before(home, "second", &free_address());
}

fn another_server_at_this_address(home: &Home, address: &str) {
    served_before(home, "first", address);
}

fn its_data_was_removed(home: &Home, address: &str) {
    served_before(home, "data", address);
    remove_dir_all(home.path("data")).unwrap();
}

fn its_data_was_removed_and_its_key_forgotten(home: &Home, address: &str) {
    its_data_was_removed(home, address);
    home.run(&["logout"]).ok();
}

fn only_the_keys_are_left(home: &Home, _: &str) {
    served_before(home, "first", &free_address());
    remove_file(home.path("config/config.toml")).unwrap();
}

fn a_login_elsewhere_under_its_name(home: &Home, _: &str) {
    let other = Home::serving();
    let create = ["keys", "create", "--label", "x", "--permissions", "all"];
    let key = other.run(&create).ok();
    let login = ["login", "--api-key-stdin", "--profile", "local", "--server"];
    let login = [&login[..], &[other.url()]].concat();
    home.run_with_input(&login, key.as_bytes()).ok();
}

#[test]
fn a_new_server_takes_no_profile_of_another() {
    // The preparation, the new server's profile, and whether that is used when none is named.
    let cases: [(Before, &str, bool); 8] = [
        (nothing, "local", true),
        (another_server, "local-2", false),
        (two_other_servers, "local-3", false),
        (another_server_at_this_address, "local-2", false),
        (its_data_was_removed, "local-2", false),
        (its_data_was_removed_and_its_key_forgotten, "local", true),
        (only_the_keys_are_left, "local-2", true),
        (a_login_elsewhere_under_its_name, "local-2", false),
    ];
    for (number, (before, profile, is_default)) in cases.into_iter().enumerate() {
        let (home, address) = (Home::empty(), free_address());
        before(&home, &address);
        let credentials = home.path("config/credentials.toml");
        let earlier = read_to_string(&credentials).unwrap_or_default();
        let mut server = serve(&home, "data", &address);
        let command = match is_default {
            true => "'hulk put FILE'".to_owned(),
            false => format!("'hulk --profile {profile} put FILE'"),
        };
        server.log_with(&[&command, &format!("profile '{profile}'")]);
        let who = home.run(&["--profile", profile, "whoami"]).ok();
        assert!(who.contains("local@localhost"), "{number}: {who}");
        if is_default {
            assert_eq!(home.run(&["whoami"]).ok(), who);
        }
        let later = read_to_string(&credentials).unwrap();
        for line in earlier.lines() {
            assert!(later.contains(line), "{number}: a key is lost");
        }
        assert_eq!(server.terminate(), Some(0));
        served_before(&home, "data", &address);
        assert_eq!(read_to_string(&credentials).unwrap(), later, "{number}");
    }
}

#[test]
fn servers_that_start_at_once_each_have_a_key() {
    let home = Home::empty();
    let servers: Vec<Process> = std::thread::scope(|scope| {
        let start = |number: usize| serve(&home, &format!("data-{number}"), &free_address());
        let begun: Vec<_> = (0..5)
            .map(|number| scope.spawn(move || start(number)))
            .collect();
        begun
            .into_iter()
            .map(|begun| begun.join().unwrap())
            .collect()
    });
    for profile in ["local", "local-2", "local-3", "local-4", "local-5"] {
        home.run(&["whoami", "--profile", profile]).ok();
    }
    drop(servers);
}

/// Runs `put --serve` until it serves; returns its output.
fn put_serve(home: &Home) -> String {
    home.write("a.txt", b"a");
    let mut put = PutServe::start(home.command(&["put", "--serve", "a.txt"]));
    let link = put.link();
    assert!(link.ends_with("/a.txt"), "{link}");
    home.run(&["get", &link, "-o", "got", "--force"]).ok();
    signal(put.id(), "INT");
    let (code, said) = put.ends();
    assert_eq!(code, 0, "{said}");
    said
}

#[test]
fn put_serve_finds_the_key_that_it_made() {
    // Preparation before the first put and between the two, number of profiles afterwards, and whether all
    // of them could be saved.
    let cases: [(Before, Before, usize, bool); 6] = [
        (nothing, nothing, 1, true),
        (another_server, nothing, 2, true),
        (two_other_servers, nothing, 3, true),
        (nothing, another_server, 2, true),
        (
            nothing,
            |home, _| replace(home, "api_key = \"damaged\""),
            2,
            true,
        ),
        (|home, _| replace(home, "damaged"), nothing, 0, false),
    ];
    for (number, (before, between, profiles, is_kept)) in cases.into_iter().enumerate() {
        let home = Home::empty();
        for prepare in [before, between] {
            prepare(&home, "");
            let said = put_serve(&home);
            assert_eq!(!said.contains("was not saved"), is_kept, "{number}: {said}");
        }
        let said = put_serve(&home);
        assert!(!said.contains("created a user"), "{number}: {said}");
        let config = read_to_string(home.path("config/config.toml")).unwrap_or_default();
        assert_eq!(
            config.matches("[profiles.").count(),
            profiles,
            "{number}: {config}"
        );
    }
}

/// Replaces the keys with other text.
fn replace(home: &Home, text: &str) {
    home.write(
        "config/credentials.toml",
        format!("[local]\n{text}").as_bytes(),
    );
}
