//! An SMTP server for one test: aiosmtpd on a free port, stopped on drop.

use std::{
    fs,
    io::{BufRead, BufReader},
    process::{Child, Command, Stdio},
    thread,
    time::Duration,
};

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;
use tempfile::TempDir;

use super::{engine::free_port, skipped};

const SCRIPT: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/tests/harness/aiosmtpd_server.py"
);

pub(crate) struct Smtp {
    directory: TempDir,
    port: u16,
    login: Option<[String; 2]>,
    process: Child,
}

/// What the server does.
#[derive(Clone, Copy)]
pub(crate) enum Mode {
    Normal,
    /// Accepts connections and never answers.
    Hang,
    /// Answers 554 instead of a greeting.
    Closed,
    /// Answers 550 to RCPT.
    Refuse,
    /// Answers 451 to the first two mails, and then accepts.
    Busy,
    /// Closes the connection when the mail's text begins.
    Drop,
}

/// A mail that the server accepted.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Received {
    pub(crate) to: String,
    pub(crate) from: String,
    pub(crate) subject: String,
    /// The plain text, with LF at the ends of lines.
    pub(crate) text: String,
    pub(crate) message_id: String,
    /// The addresses of RCPT.
    pub(crate) recipients: Vec<String>,
}

impl Smtp {
    /// Returns `None` if there is no aiosmtpd, neither for `python3` nor for the Python `HULK_TEST_AIOSMTPD`.
    pub(crate) fn start(mode: Mode) -> Option<Self> {
        Self::start_for(mode, None)
    }

    /// Like `start`, for a server that accepts mail only after this log-in.
    pub(crate) fn start_with_login(user: &str, password: &str) -> Option<Self> {
        Self::start_for(Mode::Normal, Some([user.to_owned(), password.to_owned()]))
    }

    fn start_for(mode: Mode, login: Option<[String; 2]>) -> Option<Self> {
        let found = Command::new(program())
            .args(["-c", "import aiosmtpd"])
            .output();
        if !found.is_ok_and(|found| found.status.success()) {
            skipped(
                "aiosmtpd",
                "neither 'python3' nor the Python in HULK_TEST_AIOSMTPD has it",
            );
            return None;
        }
        let directory = TempDir::new().unwrap();
        fs::create_dir(directory.path().join("mails")).unwrap();
        write_mode(&directory, mode);
        let port = free_port();
        let process = spawn(&directory, port, login.as_ref());
        Some(Self {
            directory,
            port,
            login,
            process,
        })
    }

    pub(crate) fn url(&self) -> String {
        let login = self.login.as_ref().map(|login| {
            let [user, password] = login
                .each_ref()
                .map(|word| utf8_percent_encode(word, NON_ALPHANUMERIC));
            format!("{user}:{password}@")
        });
        format!(
            "smtp://{}127.0.0.1:{}",
            login.unwrap_or_default(),
            self.port
        )
    }

    pub(crate) fn set_mode(&self, mode: Mode) {
        write_mode(&self.directory, mode);
    }

    /// All mails that were accepted, the oldest first.
    pub(crate) fn received(&self) -> Vec<Received> {
        let mails = fs::read_dir(self.directory.path().join("mails")).unwrap();
        let mut paths: Vec<_> = mails.map(|mail| mail.unwrap().path()).collect();
        paths.sort();
        let read = |path| serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
        paths.into_iter().map(read).collect()
    }

    /// Waits until this many mails were accepted, and returns them.
    pub(crate) fn wait_for(&self, count: usize) -> Vec<Received> {
        for _ in 0..400 {
            let received = self.received();
            if received.len() >= count {
                return received;
            }
            thread::sleep(Duration::from_millis(50));
        }
        panic!("{} of {count} mails came", self.received().len());
    }

    /// Number of connections so far.
    pub(crate) fn connections(&self) -> u64 {
        let counted = fs::metadata(self.directory.path().join("connections"));
        counted.map_or(0, |counted| counted.len())
    }

    /// Stops the server; its port refuses connections.
    pub(crate) fn stop(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    /// Restarts the server after `stop`, with the mails that it has.
    pub(crate) fn start_again(&mut self) {
        self.process = spawn(&self.directory, self.port, self.login.as_ref());
    }
}

impl Drop for Smtp {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn program() -> String {
    std::env::var("HULK_TEST_AIOSMTPD").unwrap_or_else(|_| "python3".to_owned())
}

/// Writes the mode aside and renames it: the server may read it at any time.
fn write_mode(directory: &TempDir, mode: Mode) {
    let name = match mode {
        Mode::Normal => "normal",
        Mode::Hang => "hang",
        Mode::Closed => "closed",
        Mode::Refuse => "refuse",
        Mode::Busy => "busy",
        Mode::Drop => "drop",
    };
    let aside = directory.path().join("mode-aside");
    fs::write(&aside, name).unwrap();
    fs::rename(aside, directory.path().join("mode")).unwrap();
}

/// Returns once the server listens. It ends when its input does, so that none is left if the test is killed.
fn spawn(directory: &TempDir, port: u16, login: Option<&[String; 2]>) -> Child {
    let mut process = Command::new(program())
        .arg(SCRIPT)
        .arg(port.to_string())
        .arg(directory.path())
        .args(login.into_iter().flatten())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut line = String::new();
    let stdout = process.stdout.take().unwrap();
    BufReader::new(stdout).read_line(&mut line).unwrap();
    assert_eq!(line, "listening\n", "aiosmtpd did not start");
    process
}
