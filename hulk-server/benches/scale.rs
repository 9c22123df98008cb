//! Cost of requests with ten thousand files and with ten million: `cargo bench --bench scale`.
//!
//! `HULK_SCALE_ROWS` (default "10000 10000000") lists the numbers of files, spread over 1,000 users;
//! `HULK_SCALE_DATABASES` (default "sqlite postgres") lists the databases, which run one after the
//! other. Ten million files need 12 GB of disk for each database.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a benchmark"
)]

#[path = "../tests/harness/mod.rs"]
#[allow(dead_code, reason = "shared with the tests, which use the rest")]
mod harness;

use std::{
    path::Path,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use harness::{
    Process,
    engine::{Engine, assign, variables},
    fill::{EMAIL, file_id, fill},
    postgres::Postgres,
};
use reqwest::{Method, redirect::Policy};
use serde_json::{Value, json};
use sqlx::{AnyConnection, Connection};

const USERS: u64 = 1000;
const REQUESTS: u64 = 2000;
const WARM_UP: u64 = 300;

/// (name, p50, p99)
type Row = (&'static str, Duration, Duration);

#[tokio::main]
async fn main() {
    let variable = |name: &str, default: &str| {
        let text = std::env::var(name).unwrap_or_else(|_| default.to_owned());
        text.split_whitespace()
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    let sizes = variable("HULK_SCALE_ROWS", "10000 10000000");
    for database in variable("HULK_SCALE_DATABASES", "sqlite postgres") {
        let mut columns = Vec::new();
        for files in &sizes {
            columns.push(measure(&database, files.parse().unwrap()).await);
        }
        print(&database, &sizes, &columns);
    }
}

async fn measure(database: &str, files: u64) -> Vec<Row> {
    let directory = tempfile::TempDir::new().unwrap();
    let data_dir = directory.path().join("data");
    let postgres = match database {
        "postgres" => Some(Postgres::start(true).unwrap()),
        _ => None,
    };
    if let Some(postgres) = &postgres {
        let engine = Engine {
            database: Some(postgres.url()),
            ..Engine::default()
        };
        assign(&data_dir, engine);
    }
    text(command(&data_dir).arg("migrate"));
    let url = url(&data_dir);
    sqlx::any::install_default_drivers();
    let mut connection = AnyConnection::connect(&url).await.unwrap();
    if postgres.is_none() {
        let quick = "PRAGMA synchronous = OFF; PRAGMA cache_size = -4000000";
        sqlx::raw_sql(quick).execute(&mut connection).await.unwrap();
    }
    let start = Instant::now();
    fill(&mut connection, USERS, files).await;
    connection.close().await.unwrap();
    eprintln!("{database}: {files} files in {:?}", start.elapsed());
    let mut create = command(&data_dir);
    create.args(["key", "create", "--user", EMAIL, "--label", "bench"]);
    let key = text(create.args(["--permissions", "all"]));
    let mut serve = command(&data_dir);
    serve
        .args(["--listen", "127.0.0.1:0"])
        .env("RUST_LOG", "warn");
    let server = Process::start(serve).unwrap();
    let mut rows = requests(&Client::new(&server.url, &key), files).await;
    drop(server);
    rows.push(move_directory(&url).await);
    rows
}

fn url(data_dir: &Path) -> String {
    let variables = variables(data_dir);
    let url = variables
        .iter()
        .find(|(name, _)| *name == "HULK_DATABASE_URL");
    match url {
        Some((_, url)) => url.clone(),
        None => format!("sqlite:{}", data_dir.join("hulk.db").display()),
    }
}

fn command(data_dir: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_hulk-server"));
    command
        .arg("--data-dir")
        .arg(data_dir)
        .envs(variables(data_dir));
    command
}

fn text(command: &mut Command) -> String {
    let output = command.stderr(Stdio::inherit()).output().unwrap();
    assert!(output.status.success());
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

struct Client {
    http: reqwest::Client,
    url: String,
    key: String,
}

impl Client {
    fn new(url: &str, key: &str) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = reqwest::Client::builder()
            .redirect(Policy::none())
            .no_proxy();
        Self {
            http: http.build().unwrap(),
            url: url.to_owned(),
            key: key.to_owned(),
        }
    }

    async fn ask(&self, method: Method, path: &str, body: Option<Value>) -> Value {
        let request = self.http.request(method, format!("{}{path}", self.url));
        let request = match body {
            Some(body) => request.bearer_auth(&self.key).json(&body),
            None => request.bearer_auth(&self.key),
        };
        let answer = request.send().await.unwrap();
        let status = answer.status();
        assert!(status.as_u16() < 400, "{path}: {status}");
        let body = answer.bytes().await.unwrap();
        serde_json::from_slice(&body).unwrap_or_default()
    }
}

async fn requests(client: &Client, files: u64) -> Vec<Row> {
    let mut random = 0x2545_f491_4f6c_dd1d_u64;
    let mut next = move |below: u64| {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        random % below
    };
    // Random files of all users, so that few are likely to be cached already.
    let resolve = time("resolve a link", async |_| {
        let path = format!("/d/{}", file_id(next(files)));
        client.ask(Method::GET, &path, None).await;
    });
    let resolve = resolve.await;
    let first = time("list, first page", async |_| {
        client.ask(Method::GET, "/api/v1/files?limit=5", None).await;
    });
    let first = first.await;
    // A cursor to the user's last five files.
    let before = files / USERS - 6;
    let path = format!("/api/v1/files?limit=1&offset={before}");
    let page = client.ask(Method::GET, &path, None).await;
    let cursor = page["next_cursor"].as_str().unwrap().to_owned();
    let deep = time("list, deep page", async |_| {
        let path = format!("/api/v1/files?limit=5&cursor={cursor}");
        client.ask(Method::GET, &path, None).await;
    });
    let deep = deep.await;
    let create = time("plan an upload", async |number| {
        let body = json!({ "path": format!("new/{number}"), "size_bytes": 1 });
        client.ask(Method::POST, "/api/v1/files", Some(body)).await;
    });
    vec![resolve, first, deep, create.await]
}

/// Times the SQL statement alone, which moves a directory with all files of a user below another's.
async fn move_directory(url: &str) -> Row {
    let mut connection = AnyConnection::connect(url).await.unwrap();
    let mut times = Vec::new();
    for number in 0..200_i64 {
        let start = Instant::now();
        let moved = sqlx::query("UPDATE entries SET parent_id = $1, name = $2 WHERE id = $3")
            .bind("r00000000002")
            .bind(format!("moved {number}"))
            .bind("r00000000001")
            .execute(&mut connection);
        assert_eq!(moved.await.unwrap().rows_affected(), 1);
        times.push(start.elapsed());
    }
    connection.close().await.unwrap();
    percentiles("move a directory (SQL)", times)
}

async fn time(name: &'static str, mut request: impl AsyncFnMut(u64)) -> Row {
    let mut times = Vec::new();
    for number in 0..WARM_UP + REQUESTS {
        let start = Instant::now();
        request(number).await;
        if number >= WARM_UP {
            times.push(start.elapsed());
        }
    }
    percentiles(name, times)
}

fn percentiles(name: &'static str, mut times: Vec<Duration>) -> Row {
    times.sort();
    let at = |share: f64| times[((times.len() - 1) as f64 * share) as usize];
    (name, at(0.5), at(0.99))
}

fn print(database: &str, sizes: &[String], columns: &[Vec<Row>]) {
    let heads: Vec<String> = sizes.iter().map(|size| format!("{size} files")).collect();
    println!(
        "\n| {database}, ms p50 / p99 | {} | p50 ratio |",
        heads.join(" | ")
    );
    println!("|---{}|---|", "|---".repeat(sizes.len()));
    let millis = |time: Duration| time.as_secs_f64() * 1e3;
    for (row, (name, ..)) in columns[0].iter().enumerate() {
        let cells = columns
            .iter()
            .map(|column| (millis(column[row].1), millis(column[row].2)))
            .map(|(p50, p99)| format!("{p50:.2} / {p99:.2}"));
        let cells: Vec<String> = cells.collect();
        let last = columns.last().unwrap();
        let ratio = millis(last[row].1) / millis(columns[0][row].1);
        println!("| {name} | {} | {ratio:.2} |", cells.join(" | "));
    }
}
