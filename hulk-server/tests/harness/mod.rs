//! A real server process on a free port with a directory of its own, stopped on drop.

pub(crate) mod engine;
pub(crate) mod fill;
pub(crate) mod garage;
pub(crate) mod postgres;
pub(crate) mod smtp;

use std::{
    io::{BufRead, BufReader, Read},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex},
    thread,
};

use tempfile::TempDir;

pub(crate) struct Process {
    child: Child,
    pub(crate) url: String,
    stderr: Arc<Mutex<String>>,
}

impl Process {
    /// Runs `command` until it says where it listens.
    ///
    /// # Errors
    /// Fails with the text on stderr if the process exits instead.
    pub(crate) fn start(mut command: Command) -> Result<Self, String> {
        let spawned = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn();
        let mut child = spawned.unwrap_or_else(|error| panic!("cannot start {command:?}: {error}"));
        let stderr = Arc::new(Mutex::new(String::new()));
        let mut pipe = BufReader::new(child.stderr.take().unwrap());
        let text = stderr.clone();
        let copier = thread::spawn(move || {
            let mut line = Vec::new();
            while pipe.read_until(b'\n', &mut line).is_ok_and(|read| read > 0) {
                text.lock()
                    .unwrap()
                    .push_str(&String::from_utf8_lossy(&line));
                line.clear();
            }
        });
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        while !line.starts_with("listening on ") {
            line.clear();
            if stdout.read_line(&mut line).unwrap() == 0 {
                child.wait().unwrap();
                copier.join().unwrap();
                return Err(stderr.lock().unwrap().clone());
            }
        }
        // A full pipe would block the server.
        thread::spawn(move || stdout.read_to_end(&mut Vec::new()));
        let url = line.trim().trim_start_matches("listening on ").to_owned();
        Ok(Self { child, url, stderr })
    }

    fn log(&self) -> String {
        self.stderr.lock().unwrap().clone()
    }

    /// Returns the log once it contains all of `words`: the pipe may lag behind.
    pub(crate) fn log_with(&self, words: &[&str]) -> String {
        for _ in 0..200 {
            let log = self.log();
            if words.iter().all(|word| log.contains(word)) {
                return log;
            }
            thread::sleep(std::time::Duration::from_millis(50));
        }
        panic!("{words:?} is not in the log: {}", self.log());
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Sends SIGKILL, to act like a crash.
    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Sends SIGTERM and returns the exit code.
    pub(crate) fn terminate(&mut self) -> Option<i32> {
        signal(self.child.id(), "TERM");
        self.child.wait().unwrap().code()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub(crate) fn signal(process: u32, name: &str) {
    let status = Command::new("kill")
        .arg(format!("-{name}"))
        .arg(process.to_string())
        .status();
    assert!(status.unwrap().success());
}

/// A directory with limited room; `mount` returns `None` where no tmpfs can be mounted.
pub(crate) struct SmallDisk {
    directory: TempDir,
}

impl SmallDisk {
    pub(crate) fn mount(bytes: u64) -> Option<Self> {
        let directory = TempDir::new().unwrap();
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &format!("size={bytes}"), "tmpfs"])
            .arg(directory.path())
            .stderr(Stdio::null())
            .status()
            .is_ok_and(|status| status.success());
        if !mounted {
            skipped("small-disk", "a tmpfs cannot be mounted here");
            return None;
        }
        Some(Self { directory })
    }

    pub(crate) fn path(&self) -> &Path {
        self.directory.path()
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount")
            .arg("-l")
            .arg(self.directory.path())
            .status();
    }
}

/// Reports that a test did not run, or fails if the environment requires it.
pub(crate) fn skipped(what: &str, why: &str) {
    let required = std::env::var("HULK_TEST_REQUIRE").unwrap_or_default();
    assert!(
        !required.split(',').any(|name| name == what),
        "{what} is required, but {why}"
    );
    eprintln!("skipped: {what}: {why}");
}

/// All files below a directory.
pub(crate) fn files_below(directory: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(directory).into_iter().flatten().flatten() {
        match entry.path().is_dir() {
            true => files.extend(files_below(&entry.path())),
            false => files.push(entry.path()),
        }
    }
    files
}
