//! `hulk open`, and the link that `hulk serve` prints: they sign a browser in, once.

use std::{
    fs,
    io::{BufRead, BufReader},
    process::{Command, Stdio},
    thread,
    time::Duration,
};

use crate::{
    harness::{Process, engine::free_address, signal, skipped},
    home::Home,
};

/// Opens a link as a browser does; returns the status, the page that it leads to, and the cookies.
fn follow(link: &str) -> (String, String, String) {
    let mut curl = Command::new("curl");
    let output = curl.args(["-s", "-i", link]).output().unwrap();
    let answer = String::from_utf8(output.stdout).unwrap();
    let headers = |name: &str| -> Vec<String> {
        let lines = answer.lines().filter_map(|line| line.strip_prefix(name));
        lines.map(str::to_owned).collect()
    };
    let pairs = headers("set-cookie: ");
    let pairs = pairs.iter().map(|cookie| cookie.split(';').next().unwrap());
    let cookies = pairs.collect::<Vec<_>>().join("; ");
    let status = answer.split(' ').nth(1).unwrap_or_default().to_owned();
    (status, headers("location: ").concat(), cookies)
}

/// A line of `bash` that makes a browser, which notes what it opens and ends with this code, and the desktop for
/// it.
fn desktop(code: u8) -> String {
    format!(
        "mkdir -p bin; printf '%s\\n' '#!/bin/sh' 'printf %s \"$1\" > opening; mv opening opened' \
         'exit {code}' > bin/xdg-open; chmod +x bin/xdg-open; unset CI SSH_CONNECTION SSH_TTY; \
         export BROWSER=any PATH=\"$PWD/bin:$PATH\""
    )
}

#[test]
fn open_prints_a_link_that_signs_in_once_and_shows_the_directory() {
    let home = Home::serving();
    home.write("report.pdf", b"x");
    let file = home
        .run(&["put", "-q", "report.pdf", "--to", "my files/a%b/"])
        .ok();
    let directory = home.run(&["info", "--json", "my files/a%b"]).json();
    let of = |name: &str| directory[name].as_str().unwrap();
    let page = "/app/browse/my%20files/a%25b";
    for (arguments, expected) in [
        (&[][..], "/"),
        (&["/"], "/"),
        (&["my files"], "/app/browse/my%20files"),
        (&["/my files/a%b/"], page),
        (&["my files/a%b/report.pdf"], page),
        (&[file.as_str()], page),
        (&[of("id")], page),
        (&[of("url")], page),
    ] {
        let link = home.run(&[&["open"][..], arguments].concat()).ok();
        let start = format!("{}/login/once?token=hulko_", home.url());
        assert!(link.starts_with(&start), "{link}");
        let (status, led, cookies) = follow(&link);
        assert_eq!((status.as_str(), led.as_str()), ("303", expected));
        assert!(cookies.contains("_session=hulka_"), "{cookies}");
        assert_eq!(follow(&link).0, "401", "it works once");
    }
    let json = home.run(&["open", "--json"]).json();
    assert_eq!(json["expires_in"], 60);
    assert_eq!(follow(json["url"].as_str().unwrap()).0, "303");

    home.run(&["open", "missing"]).fails(3);
    let foreign = file.replace("127.0.0.1", "localhost");
    let shared = home.run(&["share", "-q", "my files"]).ok();
    for link in [foreign.as_str(), shared.as_str()] {
        let error = home.run(&["open", link]).fails(2);
        assert!(error.contains("no file or directory of"), "{error}");
    }
    Home::empty().run(&["open"]).fails(2);
}

#[test]
fn open_gives_the_link_to_the_browser_or_prints_it() {
    let home = Home::serving();
    let opened = home.run_after(&desktop(0), &["open", "-q"]);
    assert_eq!((opened.ok().as_str(), opened.stderr().as_str()), ("", ""));
    for _ in 0..200 {
        if home.path("opened").exists() {
            break;
        }
        thread::sleep(Duration::from_millis(50));
    }
    let link = fs::read_to_string(home.path("opened")).unwrap();
    assert_eq!(follow(&link).0, "303");

    // A script that reads the link gets one that no browser has used up.
    fs::remove_file(home.path("opened")).unwrap();
    let printed = home.run_after(&desktop(0), &["open"]).ok();
    assert!(!home.path("opened").exists());
    assert_eq!(follow(&printed).0, "303");

    let failed = home.run_after(&desktop(3), &["open", "-q"]).ok();
    assert_eq!(follow(&failed).0, "303");
}

#[test]
fn serve_prints_a_link_on_a_terminal_and_in_no_log() {
    let home = Home::empty();
    let plain = home.command(&["serve", "--listen", &free_address(), "--data-dir", "data"]);
    let mut server = Process::start(plain).unwrap_or_else(|log| panic!("no start: {log}"));
    assert_eq!(server.terminate(), Some(0));
    let log = server.log_with(&["profile 'local'"]);
    assert!(!log.contains("/login/once"), "{log}");
    if Command::new("script").arg("--version").output().is_err() {
        skipped("script", "there is no 'script' on PATH");
        return;
    }

    // The second start finds the key of the first.
    let serve = format!(
        "'{}' serve --listen 127.0.0.1:0 --data-dir data",
        env!("CARGO_BIN_EXE_hulk")
    );
    let mut terminal = Command::new("timeout");
    terminal
        .args(["60", "script", "-q", "-c", &serve, "/dev/null"])
        .current_dir(home.path(""))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped());
    for (name, value) in home.command(&[]).get_envs() {
        match value {
            Some(value) => terminal.env(name, value),
            None => terminal.env_remove(name),
        };
    }
    let mut child = terminal.spawn().unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut lines = lines.map(|line| line.unwrap());
    let line = lines.find(|line| line.contains("/login/once?token="));
    let line = line.unwrap();
    let (_, link) = line.trim().rsplit_once(' ').unwrap();
    assert_eq!(follow(link).0, "303", "{line}");
    signal(child.id(), "TERM");
    child.wait().unwrap();
}
