//! A Postgres for one test on a free port, stopped on drop.

use std::{
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::Duration,
};

use sqlx::{AnyConnection, Connection, Executor};
use tempfile::TempDir;

use super::{engine::free_port, signal, skipped};

pub(crate) struct Postgres {
    directory: TempDir,
    programs: PathBuf,
    port: u16,
    process: Child,
}

impl Postgres {
    /// Starts Postgres, faster if it need not be durable. Returns `None` if it is not installed.
    pub(crate) fn start(is_durable: bool) -> Option<Self> {
        let Some(programs) = find_programs() else {
            skipped(
                "postgres",
                "there is no 'initdb', neither on PATH nor in /usr/lib/postgresql",
            );
            return None;
        };
        let directory = TempDir::new().unwrap();
        own(directory.path());
        let data = directory.path().join("data");
        let made = as_user(&programs.join("initdb"))
            .args(["-A", "trust", "-U", "hulk", "-E", "UTF8", "--no-sync", "-D"])
            .arg(&data)
            .output()
            .unwrap();
        assert!(
            made.status.success(),
            "{}",
            String::from_utf8_lossy(&made.stderr)
        );
        let settings = match is_durable {
            true => "max_connections = 300\nshared_buffers = 512MB\n",
            false => "max_connections = 300\nfsync = off\nfull_page_writes = off\n",
        };
        std::fs::write(data.join("postgresql.auto.conf"), settings).unwrap();
        own(&data.join("postgresql.auto.conf"));
        let port = free_port();
        let process = spawn(&programs, directory.path(), port);
        let mut postgres = Self {
            directory,
            programs,
            port,
            process,
        };
        postgres.wait();
        Some(postgres)
    }

    /// Connection URL without the name of a database.
    pub(crate) fn url(&self) -> String {
        format!("postgres://hulk@127.0.0.1:{}", self.port)
    }

    /// Sends SIGKILL to the postmaster; its children exit when they notice.
    pub(crate) fn kill(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    /// Sends SIGINT: sessions are disconnected and their transactions rolled back.
    pub(crate) fn stop(&mut self) {
        signal(self.process.id(), "INT");
        self.process.wait().unwrap();
    }

    /// Restarts Postgres after `kill` or `stop`.
    pub(crate) fn start_again(&mut self) {
        self.process = spawn(&self.programs, self.directory.path(), self.port);
        self.wait();
    }

    /// Waits until Postgres answers. A start fails while children of a killed postmaster still run, and
    /// is retried.
    fn wait(&mut self) {
        for _ in 0..600 {
            if connect(&self.url()).is_some() {
                return;
            }
            if self.process.try_wait().unwrap().is_some() {
                self.process = spawn(&self.programs, self.directory.path(), self.port);
            }
            thread::sleep(Duration::from_millis(100));
        }
        panic!("Postgres does not answer");
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        signal(self.process.id(), "QUIT");
        let _ = self.process.wait();
    }
}

fn spawn(programs: &Path, directory: &Path, port: u16) -> Child {
    as_user(&programs.join("postgres"))
        .arg("-D")
        .arg(directory.join("data"))
        .arg("-k")
        .arg(directory)
        .args(["-c", "listen_addresses=127.0.0.1", "-p"])
        .arg(port.to_string())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

fn find_programs() -> Option<PathBuf> {
    let on_path = std::env::var_os("PATH").unwrap_or_default();
    let mut places: Vec<PathBuf> = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten()
        .map(|version| version.path().join("bin"))
        .collect();
    places.sort();
    places.reverse();
    places.extend(std::env::split_paths(&on_path));
    places
        .into_iter()
        .find(|place| place.join("initdb").is_file() && place.join("postgres").is_file())
}

/// User and group to run Postgres as if the tests run as root, which Postgres refuses.
fn user() -> Option<(u32, u32)> {
    use std::os::unix::fs::MetadataExt;
    if std::fs::metadata("/proc/self").is_ok_and(|me| me.uid() != 0) {
        return None;
    }
    let users = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
    let ids = |name: &str| {
        let line = users
            .lines()
            .find(|line| line.split(':').next() == Some(name))?;
        let mut fields = line.split(':').skip(2);
        Some((fields.next()?.parse().ok()?, fields.next()?.parse().ok()?))
    };
    ids("postgres").or_else(|| ids("nobody"))
}

fn own(path: &Path) {
    if let Some((user, group)) = user() {
        std::os::unix::fs::chown(path, Some(user), Some(group)).unwrap();
    }
}

fn as_user(program: &Path) -> Command {
    use std::os::unix::process::CommandExt;
    let mut command = Command::new(program);
    command.current_dir("/").env("LC_ALL", "C");
    if let Some((user, group)) = user() {
        command.uid(user).gid(group);
    }
    command
}

/// Tests the connection, on a thread of its own since tests may already be on a runtime.
fn connect(url: &str) -> Option<()> {
    run(&format!("{url}/postgres"), "SELECT 1".to_owned()).ok()
}

pub(crate) fn create_database(url: &str, name: &str) {
    run(
        &format!("{url}/postgres"),
        format!("CREATE DATABASE {name}"),
    )
    .unwrap();
}

fn run(url: &str, statement: String) -> sqlx::Result<()> {
    sqlx::any::install_default_drivers();
    let url = url.to_owned();
    let runner = thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(async {
            let mut connection = AnyConnection::connect(&url).await?;
            connection.execute(sqlx::AssertSqlSafe(statement)).await?;
            connection.close().await
        })
    });
    runner.join().unwrap()
}
