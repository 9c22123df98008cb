//! One configuration with several servers and several writers: no key is lost.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    io::Write,
    os::unix::fs::{PermissionsExt, symlink},
    process::{Child, Stdio},
    time::{Duration, Instant},
};

use crate::home::{Home, Ran};

/// Creates a key of the server's user, with this label.
fn key(server: &Home, label: &str) -> String {
    let create = ["keys", "create", "--permissions", "all", "--label", label];
    server.run(&create).ok()
}

fn begin_login(home: &Home, key: &str, arguments: &[&str], variables: &[(&str, &str)]) -> Child {
    let mut command = home.command(&["login", "--api-key-stdin"]);
    command
        .args(arguments)
        .envs(variables.iter().copied())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    // A command that fails early does not read its input.
    let _ = child.stdin.take().unwrap().write_all(key.as_bytes());
    child
}

fn login(home: &Home, key: &str, arguments: &[&str], variables: &[(&str, &str)]) -> Ran {
    let child = begin_login(home, key, arguments, variables);
    Ran::of(child.wait_with_output().unwrap())
}

/// Server of each profile.
fn profiles(home: &Home) -> BTreeMap<String, String> {
    let text = fs::read_to_string(home.path("config/config.toml")).unwrap();
    let config: toml::Table = toml::from_str(&text).unwrap();
    let profiles = config["profiles"].as_table().unwrap().iter();
    profiles
        .map(|(name, profile)| {
            let server = profile["server"].as_str().unwrap();
            (name.clone(), server.trim_end_matches('/').to_owned())
        })
        .collect()
}

#[test]
fn a_profile_of_another_server_is_replaced_only_if_that_is_wanted() {
    let (a, b) = (Home::serving(), Home::serving());
    let (key_a, key_b) = (key(&a, "of-a"), key(&b, "of-b"));
    // Arguments and variables while profile `default` belongs to A; the exit code; the profiles afterwards.
    type Case<'a> = (
        &'a [&'a str],
        &'a [(&'a str, &'a str)],
        i32,
        &'a [(&'a str, &'a str)],
    );
    let cases: [Case<'_>; 9] = [
        (
            &["--profile", "default", "--server", "B"],
            &[],
            5,
            &[("default", "A")],
        ),
        (
            &["--server", "B"],
            &[("HULK_PROFILE", "default")],
            5,
            &[("default", "A")],
        ),
        (
            &["--profile", "default"],
            &[("HULK_SERVER", "B")],
            5,
            &[("default", "A")],
        ),
        (
            &["-y", "--profile", "default", "--server", "B"],
            &[],
            0,
            &[("default", "B")],
        ),
        (
            &["--yes", "--server", "B"],
            &[("HULK_PROFILE", "default")],
            0,
            &[("default", "B")],
        ),
        (
            &["--server", "B"],
            &[],
            0,
            &[("127.0.0.1", "B"), ("default", "A")],
        ),
        (
            &["--yes", "--server", "B"],
            &[],
            0,
            &[("127.0.0.1", "B"), ("default", "A")],
        ),
        (
            &["--profile", "b", "--server", "B"],
            &[],
            0,
            &[("b", "B"), ("default", "A")],
        ),
        (&["--server", "A"], &[], 0, &[("default", "A")]),
    ];
    let url = |name: &str| match name {
        "A" => a.url().to_owned(),
        "B" => b.url().to_owned(),
        other => other.to_owned(),
    };
    for (arguments, variables, code, expected) in cases {
        let home = Home::empty();
        login(&home, &key_a, &["--server", a.url()], &[]).ok();
        let is_b = arguments.contains(&"B") || variables.iter().any(|(_, value)| *value == "B");
        let typed: Vec<String> = arguments.iter().map(|text| url(text)).collect();
        let typed: Vec<&str> = typed.iter().map(String::as_str).collect();
        let set: Vec<(&str, String)> = variables
            .iter()
            .map(|(name, value)| (*name, url(value)))
            .collect();
        let set: Vec<(&str, &str)> = set.iter().map(|(name, value)| (*name, &**value)).collect();
        let ran = login(&home, if is_b { &key_b } else { &key_a }, &typed, &set);
        let case = format!("{arguments:?} {variables:?}: {}", ran.stderr());
        assert_eq!(ran.code(), code, "{case}");
        if code != 0 {
            let error = ran.fails(code);
            assert!(
                error.contains("--profile") && error.contains(a.url()),
                "{case}"
            );
        }
        let expected: BTreeMap<String, String> = expected
            .iter()
            .map(|(name, server)| ((*name).to_owned(), url(server)))
            .collect();
        assert_eq!(profiles(&home), expected, "{case}");
        for (name, server) in expected {
            let who = home.run(&["whoami", "--profile", &name]).ok();
            let label = if server == a.url() { "of-a" } else { "of-b" };
            assert!(who.contains(label), "{case}: {name}: {who}");
        }
    }
}

#[test]
fn each_server_gets_a_name_of_its_own_which_is_said() {
    let home = Home::empty();
    let servers: Vec<Home> = (0..3).map(|_| Home::serving()).collect();
    for (server, name) in servers.iter().zip(["default", "127.0.0.1", "127.0.0.1-2"]) {
        let ran = login(&home, &key(server, name), &["--server", server.url()], &[]);
        ran.ok();
        assert!(ran.stderr().contains(&format!("profile '{name}'")));
        assert!(home.run(&["whoami"]).ok().contains(&format!("\"{name}\"")));
        assert_eq!(profiles(&home)[name], server.url());
    }
}

#[test]
fn twelve_writers_at_once_all_survive() {
    let (server, home) = (Home::serving(), Home::empty());
    let key = key(&server, "one");
    let names: Vec<String> = (0..12).map(|number| format!("p{number}")).collect();
    let begun: Vec<Child> = names
        .iter()
        .map(|name| {
            let arguments = ["--profile", name, "--server", server.url()];
            begin_login(&home, &key, &arguments, &[])
        })
        .collect();
    for child in begun {
        Ran::of(child.wait_with_output().unwrap()).ok();
    }
    assert_eq!(profiles(&home).len(), names.len());
    for name in &names {
        home.run(&["whoami", "--profile", name]).ok();
    }
    let mut left: Vec<String> = fs::read_dir(home.path("config"))
        .unwrap()
        .map(|file| file.unwrap().file_name().into_string().unwrap())
        .collect();
    left.sort();
    assert_eq!(left, [".lock", "config.toml", "credentials.toml"]);
}

#[test]
fn files_are_private_and_links_to_them_stay() {
    let server = Home::serving();
    let key = key(&server, "one");
    // Directory that the files in the config directory link to, if any; whether `config.toml` exists there.
    for (links, is_there) in [
        (None, false),
        (None, true),
        (Some("HOME/dotfiles"), true),
        (Some("HOME/dotfiles"), false),
        (Some("../dotfiles"), true),
        (Some("../dotfiles"), false),
    ] {
        let home = Home::empty();
        let names = ["config.toml", "credentials.toml"];
        fs::create_dir(home.path("config")).unwrap();
        fs::create_dir(home.path("dotfiles")).unwrap();
        for name in names.into_iter().filter(|_| links.is_some()) {
            let directory = links.unwrap_or_default();
            let directory = directory.replace("HOME", home.directory.path().to_str().unwrap());
            let named = home.path("config").join(name);
            symlink(format!("{directory}/{name}"), named).unwrap();
        }
        let files = match links {
            Some(_) => home.path("dotfiles"),
            None => home.path("config"),
        };
        if is_there {
            let before = "[profiles.before]\nserver = \"http://127.0.0.1:1\"\n";
            fs::write(files.join("config.toml"), before).unwrap();
        }
        login(&home, &key, &["--server", server.url()], &[]).ok();
        home.run(&["whoami"]).ok();
        assert_eq!(profiles(&home).contains_key("before"), is_there);
        for name in names {
            let case = format!("{links:?} {is_there} {name}");
            let named = fs::symlink_metadata(home.path("config").join(name)).unwrap();
            assert_eq!(named.is_symlink(), links.is_some(), "{case}");
            let found = fs::symlink_metadata(files.join(name)).unwrap();
            assert!(found.is_file(), "{case}");
            assert_eq!(found.permissions().mode() & 0o777, 0o600, "{case}");
        }
    }
}

#[test]
fn a_lock_is_waited_for_but_not_for_ever_and_readers_need_none() {
    let (server, home) = (Home::serving(), Home::empty());
    let key = key(&server, "one");
    login(&home, &key, &["--server", server.url()], &[]).ok();
    let lock = File::open(home.path("config/.lock")).unwrap();
    for is_let_go in [true, false] {
        lock.lock().unwrap();
        let arguments = ["--profile", "second", "--server", server.url()];
        let waiting = begin_login(&home, &key, &arguments, &[]);
        home.run(&["whoami"]).ok();
        let start = Instant::now();
        if is_let_go {
            std::thread::sleep(Duration::from_secs(1));
            lock.unlock().unwrap();
        }
        let ran = Ran::of(waiting.wait_with_output().unwrap());
        match is_let_go {
            true => drop(ran.ok()),
            false => assert!(ran.fails(1).contains(".lock"), "{}", ran.stderr()),
        }
        assert!(start.elapsed() < Duration::from_secs(30));
    }
}
