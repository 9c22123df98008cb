//! `hulk serve` and `hulk put --serve`.

mod interrupts;
mod profiles;

use std::{
    io::{BufRead, BufReader, Read},
    process::{Child, ChildStderr, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use crate::{
    harness::signal,
    home::{Home, noise},
};

/// Longest wait for anything in these tests, even on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

fn wait_until(what: &str, mut holds: impl FnMut() -> bool) {
    let start = Instant::now();
    while !holds() {
        assert!(start.elapsed() < PATIENCE, "waited in vain: {what}");
        thread::sleep(Duration::from_millis(10));
    }
}

/// A running `hulk put --serve`, which is killed when dropped.
struct PutServe {
    child: Child,
    stderr: BufReader<ChildStderr>,
    said: String,
}

impl PutServe {
    fn start(mut command: Command) -> Self {
        let mut child = command
            .env("HULK_LISTEN", "127.0.0.1:0")
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let stderr = BufReader::new(child.stderr.take().unwrap());
        Self {
            child,
            stderr,
            said: String::new(),
        }
    }

    fn id(&self) -> u32 {
        self.child.id()
    }

    fn runs(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    /// Waits until everything is put; returns the first link.
    fn link(&mut self) -> String {
        while !self.said.contains("serving until") {
            let read = self.stderr.read_line(&mut self.said).unwrap();
            assert!(read > 0, "it ended: {}", self.said);
        }
        let mut link = String::new();
        let stdout = self.child.stdout.as_mut().unwrap();
        BufReader::new(stdout).read_line(&mut link).unwrap();
        link.trim().to_owned()
    }

    /// Waits for the end; returns the exit code and the output on stderr.
    fn ends(mut self) -> (i32, String) {
        // `wait` alone would close its stdin.
        wait_until("the end", || !self.runs());
        let code = self.child.wait().unwrap().code();
        self.stderr.read_to_string(&mut self.said).unwrap();
        (code.unwrap_or(-1), std::mem::take(&mut self.said))
    }
}

impl Drop for PutServe {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn put_serve_needs_nothing_and_its_link_works_with_curl() {
    let home = Home::empty();
    let bytes = noise(1, 200_000);
    home.write("model.ckpt", &bytes);
    for round in 0..2 {
        let mut put = home.command(&["put", "--serve", "model.ckpt"]);
        let mut child = put
            .env("HULK_LISTEN", "127.0.0.1:0")
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut link = String::new();
        BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut link)
            .unwrap();
        assert!(link.trim().ends_with("/model.ckpt"), "{link}");
        let got = home.run(&["get", link.trim(), "-o", &format!("got-{round}")]);
        got.ok();
        assert!(std::fs::read(home.path(&format!("got-{round}"))).unwrap() == bytes);
        let second = home.run(&["put", "--serve", "model.ckpt"]);
        assert!(second.fails(1).contains("in use by another server"));
        signal(child.id(), "INT");
        assert_eq!(child.wait().unwrap().code(), Some(0));
    }
    assert_eq!(
        std::fs::read_to_string(home.path("config/config.toml"))
            .unwrap()
            .matches("[profiles")
            .count(),
        1
    );
}

#[test]
fn put_serve_ends_with_the_code_of_what_could_not_be_put() {
    let home = Home::empty();
    home.write("a.txt", b"a");
    for (arguments, code) in [
        (&["missing"][..], 3),
        (&["a.txt", "missing"], 1),
        (&["-"], 2),
        (&["a.txt", "--name", "b/c"], 2),
        (&["a.txt", "a.txt", "--name", "b"], 2),
        (&["a.txt", "--to", "b/../c"], 2),
    ] {
        let arguments = [&["put", "--serve"][..], arguments].concat();
        let (ended, said) = PutServe::start(home.command(&arguments)).ends();
        assert_eq!(ended, code, "{arguments:?}: {said}");
    }
}

#[test]
fn serve_makes_a_profile_on_an_empty_directory_only() {
    let mut home = Home::serving();
    home.server.as_ref().unwrap().log_with(&["profile 'local'"]);
    assert!(home.run(&["whoami"]).ok().contains("local@localhost"));
    assert_eq!(home.server.as_mut().unwrap().terminate(), Some(0));
    let credentials = std::fs::read(home.path("config/credentials.toml")).unwrap();
    let again = home.serve(&home.path("data"));
    assert_eq!(
        std::fs::read(home.path("config/credentials.toml")).unwrap(),
        credentials
    );
    assert!(
        home.run(&["whoami", "--server", &again.url]).code() == 4,
        "the key is for the first address"
    );
    let key = String::from_utf8(credentials)
        .unwrap()
        .split('"')
        .nth(1)
        .unwrap()
        .to_owned();
    let who = home
        .command(&["whoami", "--server", &again.url])
        .env("HULK_API_KEY", key)
        .output()
        .unwrap();
    assert_eq!(who.status.code(), Some(0));
    let taken = again.url.trim_start_matches("http://");
    let refused = home.run(&["serve", "--listen", taken, "--data-dir", "other"]);
    assert!(refused.fails(1).contains("cannot listen"));
}
