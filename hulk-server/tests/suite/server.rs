//! A server with users and keys, and the requests that tests send to it.

use std::{
    io::Write,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
    sync::atomic::{AtomicUsize, Ordering},
};

use md5::Md5;
use reqwest::{Method, Response, StatusCode};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use sqlx::{Connection, Executor};
use tempfile::TempDir;

use crate::harness::{
    Process,
    engine::{self, Engine, free_address},
};

pub(crate) struct Server {
    pub(crate) process: Process,
    /// A second server on the same database and store; requests alternate between the two.
    pub(crate) replica: Option<Process>,
    turn: AtomicUsize,
    directory: Option<TempDir>,
    pub(crate) data_dir: PathBuf,
    /// URL of the embedded store's full API.
    pub(crate) store_url: String,
    pub(crate) http: reqwest::Client,
}

/// Password of every user.
pub(crate) const PASSWORD: &str = "correct horse battery";
/// Secret that authenticates the store's notices.
pub(crate) const ROOT_KEY: &str = "the-operators-own-key-of-32-letters-or-more";
pub(crate) const EVENTS_SECRET: &str = "not-to-be-told";

/// A user and one of their keys.
#[derive(Clone)]
pub(crate) struct Key {
    pub(crate) user_id: String,
    pub(crate) key: String,
}

pub(crate) fn command(data_dir: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_hulk-server"));
    command
        .arg("--data-dir")
        .arg(data_dir)
        .envs(engine::variables(data_dir))
        .env("HULK_S3_EVENTS_SECRET", EVENTS_SECRET)
        .env("HULK_ROOT_API_KEY", ROOT_KEY)
        .env("HULK_ROOT_ALLOWED_IPS", "127.0.0.0/8")
        .env_remove("RUST_LOG");
    command
}

pub(crate) fn client() -> reqwest::Client {
    // The workspace's only TLS backend must be installed, even for plain HTTP.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let policy = reqwest::redirect::Policy::none();
    reqwest::Client::builder()
        .redirect(policy)
        .no_proxy()
        .build()
        .unwrap()
}

impl Server {
    pub(crate) fn start() -> Self {
        Self::start_with(&[])
    }

    pub(crate) fn start_with(flags: &[&str]) -> Self {
        let directory = TempDir::new().unwrap();
        let data_dir = directory.path().join("data");
        let mut server = Self::start_in(&data_dir, flags);
        server.directory = Some(directory);
        server
    }

    /// Starts a server on the test's own engine.
    pub(crate) fn start_on(engine: &Engine, flags: &[&str]) -> Self {
        let directory = TempDir::new().unwrap();
        let data_dir = directory.path().join("data");
        engine::assign(&data_dir, engine.clone());
        let mut server = Self::start_in(&data_dir, flags);
        server.directory = Some(directory);
        server
    }

    /// First segment of its objects' keys.
    pub(crate) fn env_name(&self) -> String {
        let variables = engine::variables(&self.data_dir);
        let name = variables.iter().find(|(name, _)| *name == "HULK_ENV");
        name.map_or_else(|| "dev".to_owned(), |(_, value)| value.clone())
    }

    pub(crate) fn start_in(data_dir: &Path, flags: &[&str]) -> Self {
        let mut serve = command(data_dir);
        let store_address = free_address();
        serve.args(["--store-listen", &store_address]);
        if !flags.contains(&"--listen") {
            serve.args(["--listen", &free_address()]);
        }
        serve.args(flags);
        let process = Process::start(serve).unwrap_or_else(|log| panic!("no start: {log}"));
        let replica = engine::engine_of(data_dir).has_replicas.then(|| {
            let mut serve = command(data_dir);
            serve.args(["--listen", &free_address()]);
            if !flags.contains(&"--public-url") {
                serve.args(["--public-url", &process.url]);
            }
            serve.args(beside(flags));
            Process::start(serve).unwrap_or_else(|log| panic!("no replica: {log}"))
        });
        Self {
            process,
            replica,
            turn: AtomicUsize::new(0),
            directory: None,
            data_dir: data_dir.to_owned(),
            store_url: format!("http://{store_address}"),
            http: client(),
        }
    }

    pub(crate) fn user(&self, email: &str) -> Key {
        self.user_with(email, "all", &["--verified"])
    }

    pub(crate) fn user_with(&self, email: &str, permissions: &str, flags: &[&str]) -> Key {
        let mut arguments = vec!["user", "create", "--email", email, "--password-stdin"];
        arguments.extend(flags);
        let user_id = text(&run(&self.data_dir, &arguments, PASSWORD));
        Key {
            key: self.key(email, permissions),
            user_id,
        }
    }

    pub(crate) fn key(&self, email: &str, permissions: &str) -> String {
        let arguments = [
            "key",
            "create",
            "--user",
            email,
            "--label",
            "test",
            "--permissions",
            permissions,
        ];
        text(&run(&self.data_dir, &arguments, ""))
    }

    pub(crate) fn url(&self, path: &str) -> String {
        if path.starts_with("http") {
            return path.to_owned();
        }
        let turn = self.turn.fetch_add(1, Ordering::Relaxed);
        let process = match &self.replica {
            Some(replica) if turn % 2 == 1 => replica,
            _ => &self.process,
        };
        format!("{}{path}", process.url)
    }

    pub(crate) async fn send(
        &self,
        method: Method,
        path: &str,
        key: &str,
        body: Option<Value>,
    ) -> Response {
        let mut request = self.http.request(method, self.url(path));
        if !key.is_empty() {
            request = request.bearer_auth(key);
        }
        if let Some(body) = body {
            request = request.json(&body);
        }
        request.send().await.unwrap()
    }

    pub(crate) async fn get(&self, path: &str, key: &str) -> (StatusCode, Value) {
        answer(self.send(Method::GET, path, key, None).await).await
    }

    pub(crate) async fn post(&self, path: &str, key: &str, body: Value) -> (StatusCode, Value) {
        answer(self.send(Method::POST, path, key, Some(body)).await).await
    }

    pub(crate) async fn put(&self, path: &str, key: &str, body: Value) -> (StatusCode, Value) {
        answer(self.send(Method::PUT, path, key, Some(body)).await).await
    }

    pub(crate) async fn delete(&self, path: &str, key: &str) -> (StatusCode, Value) {
        answer(self.send(Method::DELETE, path, key, None).await).await
    }

    /// Plans an upload, which must be accepted.
    pub(crate) async fn plan(&self, key: &str, path: &str, size: usize) -> Value {
        let body = json!({ "path": path, "size_bytes": size });
        let (status, planned) = self.post("/api/v1/files", key, body).await;
        assert_eq!(status, 201, "{planned}");
        planned
    }

    /// Sends the bytes of a planned upload; a multipart upload stops at the first refused part.
    pub(crate) async fn send_bytes(&self, key: &str, planned: &Value, bytes: &[u8]) -> Response {
        let upload = &planned["upload"];
        if upload["kind"] == "single" {
            let put = signed(&self.http, upload);
            return put.body(bytes.to_owned()).send().await.unwrap();
        }
        let mut last = None;
        let size = upload["part_size"].as_u64().unwrap() as usize;
        for (number, part) in (1..).zip(bytes.chunks(size)) {
            let (status, signed_parts) =
                self.sign(key, planned, json!([{ "number": number }])).await;
            assert_eq!(status, 200, "{signed_parts}");
            let put = signed(&self.http, &signed_parts["parts"][0]).body(part.to_owned());
            let answer = put.send().await.unwrap();
            let is_refused = !answer.status().is_success();
            last = Some(answer);
            if is_refused {
                break;
            }
        }
        last.unwrap()
    }

    /// Requests the URLs of parts.
    pub(crate) async fn sign(
        &self,
        key: &str,
        planned: &Value,
        parts: Value,
    ) -> (StatusCode, Value) {
        let id = planned["file"]["id"].as_str().unwrap();
        let path = format!("/api/v1/files/{id}/upload/parts");
        self.post(&path, key, json!({ "parts": parts })).await
    }

    pub(crate) async fn report(&self, key: &str, planned: &Value) -> (StatusCode, Value) {
        let id = planned["file"]["id"].as_str().unwrap();
        self.put(
            &format!("/api/v1/files/{id}/status"),
            key,
            json!({ "status": "uploaded", "version": planned["file"]["version"] }),
        )
        .await
    }

    /// Does a whole upload: POST, PUT, status. Returns the file.
    pub(crate) async fn upload(&self, key: &str, path: &str, bytes: &[u8]) -> Value {
        let planned = self.plan(key, path, bytes.len()).await;
        assert_eq!(self.send_bytes(key, &planned, bytes).await.status(), 200);
        let id = planned["file"]["id"].as_str().unwrap();
        let report = json!({
            "status": "uploaded",
            "version": planned["file"]["version"],
            "sha256": sha256(bytes),
        });
        let path = format!("/api/v1/files/{id}/status");
        let (status, file) = self.put(&path, key, report).await;
        assert_eq!(status, 200, "{file}");
        assert_eq!(file["status"], "validated");
        file
    }

    /// Follows a link; returns the final status and bytes.
    pub(crate) async fn download(&self, path: &str, key: &str) -> (StatusCode, Vec<u8>) {
        let redirect = self.send(Method::GET, path, key, None).await;
        if redirect.status() != 302 {
            return (redirect.status(), Vec::new());
        }
        let location = redirect.headers()["location"].to_str().unwrap();
        let response = self.http.get(location).send().await.unwrap();
        (response.status(), response.bytes().await.unwrap().to_vec())
    }

    pub(crate) async fn used_bytes(&self, key: &str) -> u64 {
        self.get("/api/v1/me", key).await.1["user"]["used_bytes"]
            .as_u64()
            .unwrap()
    }
}

/// PUT request to a signed URL with the headers of the plan; the client sets the body's length.
pub(crate) fn signed(http: &reqwest::Client, upload: &Value) -> reqwest::RequestBuilder {
    let headers = upload["headers"].as_object().unwrap().iter();
    // For an empty body the client does not send a length of 0.
    let is_told = |(name, value): &(&String, &Value)| *name != "content-length" || *value == "0";
    headers.filter(is_told).fold(
        http.put(upload["url"].as_str().unwrap()),
        |put, (name, value)| put.header(name, value.as_str().unwrap()),
    )
}

pub(crate) async fn answer(response: Response) -> (StatusCode, Value) {
    let status = response.status();
    let bytes = response.bytes().await.unwrap();
    (
        status,
        serde_json::from_slice(&bytes).unwrap_or(Value::Null),
    )
}

/// Runs an operator command.
pub(crate) fn run(data_dir: &Path, arguments: &[&str], input: &str) -> Output {
    let mut command = command(data_dir);
    command
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    // A command that reads no input may have exited already.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    child.wait_with_output().unwrap()
}

pub(crate) fn text(output: &Output) -> String {
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout.clone())
        .unwrap()
        .trim()
        .to_owned()
}

/// Connects to the database of the servers with this data directory.
pub(crate) async fn database(data_dir: &Path) -> sqlx::AnyConnection {
    sqlx::any::install_default_drivers();
    let variables = engine::variables(data_dir);
    let url = variables
        .iter()
        .find(|(name, _)| *name == "HULK_DATABASE_URL");
    let url = match url {
        Some((_, url)) => url.clone(),
        None => format!("sqlite:{}", data_dir.join("hulk.db").display()),
    };
    sqlx::AnyConnection::connect(&url).await.unwrap()
}

/// Changes the database directly, bypassing the server.
pub(crate) async fn sql(data_dir: &Path, statement: impl Into<String>) {
    let mut database = database(data_dir).await;
    let statement = sqlx::AssertSqlSafe(statement.into());
    database.execute(statement).await.unwrap();
    database.close().await.unwrap();
}

/// Whether the store is in the server's process, on its disk.
pub(crate) fn has_embedded_store() -> bool {
    Engine::current().s3.is_none()
}

/// Flags for a replica, which cannot listen on the first server's address.
fn beside<'a>(flags: &[&'a str]) -> Vec<&'a str> {
    let pairs = flags.chunks(2).filter(|pair| pair[0] != "--listen");
    pairs.flatten().copied().collect()
}

/// Returns the cookies that an answer sets, as a browser sends them back.
pub(crate) fn cookies(response: &Response) -> String {
    let set = response.headers().get_all("set-cookie").iter();
    let pairs = set.map(|cookie| cookie.to_str().unwrap().split(';').next().unwrap());
    pairs.collect::<Vec<_>>().join("; ")
}

pub(crate) fn md5(bytes: &[u8]) -> String {
    hex(&Md5::digest(bytes))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

pub(crate) fn code(body: &Value) -> &str {
    body["error"]["code"].as_str().unwrap_or("no code")
}

pub(crate) fn sha256(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

/// Bytes that differ for each seed.
pub(crate) fn noise(seed: u64, length: usize) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state as u8
    };
    (0..length).map(|_| next()).collect()
}
