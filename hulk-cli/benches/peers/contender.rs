//! The tools that are compared, and the commands that make each move the same files.

use std::process::{Command, Stdio};

use super::{
    exists,
    measure::{self, Measured},
    remove,
    stores::Store,
};

pub(crate) struct Contender {
    pub(crate) name: &'static str,
}

impl Contender {
    /// Returns hulk, and the other tools that are installed.
    pub(crate) fn all(_: &Store) -> Vec<Self> {
        let mut names = vec!["hulk"];
        for peer in ["s5cmd", "rclone", "aws", "curl"] {
            match exists(peer) {
                true => names.push(peer),
                false => eprintln!("skipped: {peer}: it is not installed"),
            }
        }
        names.into_iter().map(|name| Self { name }).collect()
    }

    /// Whether the tool can move this; curl cannot move trees.
    pub(crate) fn can(&self, what: &str) -> bool {
        self.name != "curl" || what != "tree"
    }

    pub(crate) fn up(&self, store: &Store, what: &str, run: u64) -> Measured {
        let to = self.place(what, run);
        let url = format!("s3://{}/{to}", store.bucket);
        let is_tree = what == "tree";
        let mut command = match (self.name, is_tree) {
            ("hulk", false) => store.hulk(&["put", "-q", what, "--to", &to]),
            ("hulk", true) => store.hulk(&["put", "-q", what, "--to", &to]),
            ("s5cmd", false) => peer(store, "s5cmd", &["cp", what, &url]),
            ("s5cmd", true) => peer(store, "s5cmd", &["cp", "tree/*", &format!("{url}/")]),
            ("rclone", false) => rclone(store, &["copyto", what, &remote(store, &to)]),
            ("rclone", true) => rclone(store, &["copy", what, &remote(store, &to)]),
            ("aws", false) => peer(store, "aws", &["s3", "cp", "--quiet", what, &url]),
            ("aws", true) => peer(
                store,
                "aws",
                &["s3", "cp", "--quiet", "--recursive", what, &url],
            ),
            _ => curl(store, &["-T", what], &to),
        };
        measure::run(&mut command)
    }

    pub(crate) fn down(&self, store: &Store, what: &str, run: u64) -> Measured {
        let from = self.place(what, run);
        let url = format!("s3://{}/{from}", store.bucket);
        let is_tree = what == "tree";
        // The same name for all, so that all write to pages that were used before.
        remove(&store.directory.join("got"));
        let mut command = match (self.name, is_tree) {
            ("hulk", _) => store.hulk(&["get", "-q", "--no-cache", &from, "-o", "got"]),
            ("s5cmd", false) => peer(store, "s5cmd", &["cp", &url, "got"]),
            ("s5cmd", true) => peer(store, "s5cmd", &["cp", &format!("{url}/*"), "got/"]),
            ("rclone", false) => rclone(store, &["copyto", &remote(store, &from), "got"]),
            ("rclone", true) => rclone(store, &["copy", &remote(store, &from), "got"]),
            ("aws", false) => peer(store, "aws", &["s3", "cp", "--quiet", &url, "got"]),
            ("aws", true) => peer(
                store,
                "aws",
                &["s3", "cp", "--quiet", "--recursive", &url, "got"],
            ),
            _ => curl(store, &["-o", "got"], &from),
        };
        let measured = measure::run(&mut command);
        if what == "big" {
            let same = Command::new("cmp")
                .args(["big", "got"])
                .current_dir(&store.directory)
                .status();
            assert!(same.unwrap().success(), "{}: other bytes came", self.name);
        }
        measured
    }

    /// Deletes an upload, so that the next one starts from nothing.
    pub(crate) fn remove(&self, store: &Store, what: &str, run: u64) {
        let place = self.place(what, run);
        let url = format!("s3://{}/{place}", store.bucket);
        match (self.name, what) {
            ("hulk", _) => {
                let remove = ["rm", "-q", "-r", "--purge", &place];
                store.hulk(&remove).status().unwrap();
            }
            (_, "tree") => {
                let all = format!("{url}/*");
                drop(peer(store, "s5cmd", &["rm", &all]).status());
            }
            _ => drop(peer(store, "s5cmd", &["rm", &url]).status()),
        }
    }

    fn place(&self, what: &str, run: u64) -> String {
        format!("bench-{}-{what}-{run}", self.name)
    }
}

fn peer(store: &Store, program: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new(program);
    command
        .args(arguments)
        .current_dir(&store.directory)
        .env("AWS_ACCESS_KEY_ID", &store.credentials.0)
        .env("AWS_SECRET_ACCESS_KEY", &store.credentials.1)
        .env("AWS_REGION", store.region)
        .env("AWS_DEFAULT_REGION", store.region)
        .env("AWS_ENDPOINT_URL", &store.endpoint)
        .env("S3_ENDPOINT_URL", &store.endpoint)
        // Not every store supports these checksums.
        .env("AWS_REQUEST_CHECKSUM_CALCULATION", "when_required")
        .env("AWS_RESPONSE_CHECKSUM_VALIDATION", "when_required")
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    command
}

fn rclone(store: &Store, arguments: &[&str]) -> Command {
    let mut command = peer(store, "rclone", arguments);
    command.env("RCLONE_CONFIG", "/dev/null");
    command
}

/// Remote of rclone, which needs no configuration file.
fn remote(store: &Store, path: &str) -> String {
    format!(
        ":s3,provider=Other,no_check_bucket=true,list_version=2,env_auth=true,force_path_style=true,region={},endpoint=\"{}\":{}/{path}",
        store.region, store.endpoint, store.bucket
    )
}

/// Like a request to a presigned URL, but signed by curl itself: the payload is not hashed.
fn curl(store: &Store, arguments: &[&str], key: &str) -> Command {
    let mut command = Command::new("curl");
    command
        .args(["-fsS", "--noproxy", "*", "--aws-sigv4"])
        .arg(format!("aws:amz:{}:s3", store.region))
        .arg("--user")
        .arg(format!("{}:{}", store.credentials.0, store.credentials.1))
        .args(["-H", "x-amz-content-sha256: UNSIGNED-PAYLOAD"])
        .args(arguments)
        .arg(format!("{}/{}/{key}", store.endpoint, store.bucket))
        .current_dir(&store.directory);
    command
}
