//! A Garage for one test: one node on free ports, stopped on drop.

use std::{
    net::TcpStream,
    process::{Child, Command, Stdio},
    thread,
    time::Duration,
};

use tempfile::TempDir;

use super::{
    engine::{S3Store, free_port},
    skipped,
};

const ACCESS_KEY: &str = "GK000000000000000000000000";
const BUCKET: &str = "hulk";

pub(crate) struct Garage {
    directory: TempDir,
    port: u16,
    process: Child,
}

impl Garage {
    /// Returns `None` if there is no `garage`, neither on PATH nor as `HULK_TEST_GARAGE`.
    pub(crate) fn start() -> Option<Self> {
        let version = Command::new(program()).arg("--version").output();
        if !version.is_ok_and(|version| version.status.success()) {
            skipped(
                "garage",
                "there is no 'garage' on PATH, nor in HULK_TEST_GARAGE",
            );
            return None;
        }
        let directory = TempDir::new().unwrap();
        let [port, rpc, admin] = [free_port(), free_port(), free_port()];
        let base = directory.path().display();
        let config = format!(
            "metadata_dir = \"{base}/meta\"\ndata_dir = \"{base}/blocks\"\ndb_engine = \"lmdb\"\n\
             metadata_fsync = true\ndata_fsync = true\nreplication_factor = 1\n\
             disable_scrub = true\nrpc_secret = \"{}\"\n\
             rpc_bind_addr = \"127.0.0.1:{rpc}\"\nrpc_public_addr = \"127.0.0.1:{rpc}\"\n\
             [s3_api]\ns3_region = \"garage\"\napi_bind_addr = \"127.0.0.1:{port}\"\n\
             [admin]\napi_bind_addr = \"127.0.0.1:{admin}\"\n",
            "00".repeat(32)
        );
        std::fs::write(directory.path().join("garage.toml"), config).unwrap();
        let process = spawn(&directory);
        let mut garage = Self {
            directory,
            port,
            process,
        };
        garage.wait();
        Some(garage)
    }

    pub(crate) fn store(&self) -> S3Store {
        S3Store {
            endpoint: format!("http://127.0.0.1:{}", self.port),
            bucket: BUCKET.to_owned(),
            region: "garage".to_owned(),
            access_key: ACCESS_KEY.to_owned(),
            secret_key: "0".repeat(64),
        }
    }

    /// Sends SIGKILL.
    pub(crate) fn kill(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    pub(crate) fn start_again(&mut self) {
        self.process = spawn(&self.directory);
        self.wait();
    }

    /// Waits for the port, which opens once layout, bucket and key exist.
    fn wait(&mut self) {
        for _ in 0..600 {
            assert!(self.process.try_wait().unwrap().is_none(), "Garage ended");
            if TcpStream::connect(("127.0.0.1", self.port)).is_ok() {
                return;
            }
            thread::sleep(Duration::from_millis(100));
        }
        panic!("Garage does not answer");
    }
}

impl Drop for Garage {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn program() -> String {
    std::env::var("HULK_TEST_GARAGE").unwrap_or_else(|_| "garage".to_owned())
}

fn spawn(directory: &TempDir) -> Child {
    Command::new(program())
        .arg("-c")
        .arg(directory.path().join("garage.toml"))
        .args(["server", "--single-node", "--default-bucket"])
        .env("GARAGE_DEFAULT_ACCESS_KEY", ACCESS_KEY)
        .env("GARAGE_DEFAULT_SECRET_KEY", "0".repeat(64))
        .env("GARAGE_DEFAULT_BUCKET", BUCKET)
        .env("RUST_LOG", "garage=warn")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}
