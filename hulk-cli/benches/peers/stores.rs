//! The stores: each with a hulk server in front, and the credentials that the other tools need.

use std::{
    fs,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::Duration,
};

const HULK: &str = env!("CARGO_BIN_EXE_hulk");
const GARAGE_KEY: (&str, &str) = (
    "GK000000000000000000000000",
    "0000000000000000000000000000000000000000000000000000000000000000",
);

pub(crate) struct Store {
    pub(crate) name: &'static str,
    /// Directory of the files, and of everything that the run writes.
    pub(crate) directory: PathBuf,
    home: PathBuf,
    pub(crate) endpoint: String,
    pub(crate) region: &'static str,
    pub(crate) bucket: String,
    pub(crate) credentials: (String, String),
    server: String,
    processes: Vec<Child>,
}

impl Drop for Store {
    fn drop(&mut self) {
        for process in &mut self.processes {
            let _ = process.kill();
            let _ = process.wait();
        }
    }
}

impl Store {
    pub(crate) fn embedded(directory: &Path) -> Self {
        let home = directory.join("embedded");
        // The whole S3 API, since the other tools have the store's keys and no presigned URLs.
        let s3 = format!("127.0.0.1:{}", free_port());
        let (hulk, server) = serve(&home, &["--store-listen", &s3]);
        let keys = fs::read_to_string(home.join("data/store/credentials")).unwrap();
        let mut keys = keys.lines().map(str::to_owned);
        Self {
            name: "the embedded store",
            directory: directory.to_owned(),
            endpoint: format!("http://{s3}"),
            region: "auto",
            bucket: "hulkastorus-ugc".to_owned(),
            credentials: (keys.next().unwrap(), keys.next().unwrap()),
            server,
            home,
            processes: vec![hulk],
        }
    }

    /// Starts its own Garage node on free ports; `HULK_BENCH_GARAGE` names the program.
    pub(crate) fn garage(directory: &Path) -> Option<Self> {
        let program = std::env::var("HULK_BENCH_GARAGE").unwrap_or_else(|_| "garage".to_owned());
        if !super::exists(&program) {
            eprintln!("skipped: garage: there is no program '{program}'");
            return None;
        }
        let home = directory.join("garage");
        fs::create_dir_all(&home).unwrap();
        let [s3, rpc] = [free_port(), free_port()];
        let base = home.display();
        let config = format!(
            "metadata_dir = \"{base}/meta\"\ndata_dir = \"{base}/blocks\"\ndb_engine = \"lmdb\"\n\
             replication_factor = 1\ndisable_scrub = true\nrpc_secret = \"{}\"\n\
             rpc_bind_addr = \"127.0.0.1:{rpc}\"\nrpc_public_addr = \"127.0.0.1:{rpc}\"\n\
             [s3_api]\ns3_region = \"garage\"\napi_bind_addr = \"127.0.0.1:{s3}\"\n",
            "00".repeat(32)
        );
        fs::write(home.join("garage.toml"), config).unwrap();
        let garage = Command::new(program)
            .arg("-c")
            .arg(home.join("garage.toml"))
            .args(["server", "--single-node", "--default-bucket"])
            .env("GARAGE_DEFAULT_ACCESS_KEY", GARAGE_KEY.0)
            .env("GARAGE_DEFAULT_SECRET_KEY", GARAGE_KEY.1)
            .env("GARAGE_DEFAULT_BUCKET", "bench")
            .env("RUST_LOG", "garage=warn")
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        thread::sleep(Duration::from_secs(4));
        let endpoint = format!("http://127.0.0.1:{s3}");
        let flags = [
            "--s3-endpoint",
            &endpoint,
            "--s3-bucket",
            "bench",
            "--s3-region",
            "garage",
        ];
        let (hulk, server) = serve(&home, &flags);
        Some(Self {
            name: "one Garage",
            directory: directory.to_owned(),
            endpoint,
            region: "garage",
            bucket: "bench".to_owned(),
            credentials: (GARAGE_KEY.0.to_owned(), GARAGE_KEY.1.to_owned()),
            server,
            home,
            processes: vec![hulk, garage],
        })
    }

    pub(crate) fn hulk(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(HULK);
        command
            .args(arguments)
            .current_dir(&self.directory)
            .envs(environment(&self.home))
            .env("HULK_SERVER", &self.server)
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        command
    }

    /// Removes what hulk keeps between runs, which would save it work that the other tools have to do.
    pub(crate) fn forget(&self) {
        let _ = fs::remove_dir_all(self.home.join("state"));
        let _ = fs::remove_dir_all(self.home.join("cache"));
    }
}

fn serve(home: &Path, flags: &[&str]) -> (Child, String) {
    let mut hulk = Command::new(HULK)
        .args(["serve", "--listen", "127.0.0.1:0", "--data-dir"])
        .arg(home.join("data"))
        .args(flags)
        .envs(environment(home))
        .env("AWS_ACCESS_KEY_ID", GARAGE_KEY.0)
        .env("AWS_SECRET_ACCESS_KEY", GARAGE_KEY.1)
        .env("RUST_LOG", "warn")
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(hulk.stdout.take().unwrap())
        .read_line(&mut line)
        .unwrap();
    let url = line.trim().trim_start_matches("listening on ").to_owned();
    (hulk, url)
}

fn environment(home: &Path) -> [(&'static str, PathBuf); 3] {
    [
        ("HULK_CONFIG_DIR", home.join("config")),
        ("HULK_STATE_DIR", home.join("state")),
        ("HULK_CACHE_DIR", home.join("cache")),
    ]
}

fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}
