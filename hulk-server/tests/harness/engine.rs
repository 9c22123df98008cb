//! Database and store of the servers of this run: SQLite and the embedded store, unless the environment
//! sets others. `run_suite` runs all tests of this program on another engine.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::{
        Mutex, OnceLock, PoisonError,
        atomic::{AtomicU32, Ordering},
    },
};

/// URL of a Postgres in which each server gets a database of its own.
const DATABASE: &str = "HULK_TEST_DATABASE";
/// An S3 store in which each server gets a prefix of its own.
const S3: &str = "HULK_TEST_S3";
/// If set, each test runs two servers instead of one.
const REPLICAS: &str = "HULK_TEST_REPLICAS";
/// Names of tests, separated by spaces: the tests on other engines are limited to those.
const ONLY: &str = "HULK_TEST_ONLY";

#[derive(Clone, Default)]
pub(crate) struct Engine {
    pub(crate) database: Option<String>,
    pub(crate) s3: Option<S3Store>,
    pub(crate) has_replicas: bool,
}

#[derive(Clone)]
pub(crate) struct S3Store {
    pub(crate) endpoint: String,
    pub(crate) bucket: String,
    pub(crate) region: String,
    pub(crate) access_key: String,
    pub(crate) secret_key: String,
}

impl Engine {
    /// The engine of this run.
    pub(crate) fn current() -> &'static Self {
        static CURRENT: OnceLock<Engine> = OnceLock::new();
        CURRENT.get_or_init(|| Self {
            database: std::env::var(DATABASE).ok(),
            s3: std::env::var(S3).ok().map(|text| S3Store::parse(&text)),
            has_replicas: std::env::var_os(REPLICAS).is_some(),
        })
    }

    pub(crate) fn is_default(&self) -> bool {
        self.database.is_none() && self.s3.is_none()
    }
}

/// Engine of the servers of a place, which is their data directory: the same place means the same
/// database and the same objects.
struct Place {
    engine: Engine,
    name: String,
}

static PLACES: Mutex<BTreeMap<PathBuf, Place>> = Mutex::new(BTreeMap::new());

/// Assigns the servers of this place an engine other than that of the run.
pub(crate) fn assign(place: &Path, engine: Engine) {
    let mut places = PLACES.lock().unwrap_or_else(PoisonError::into_inner);
    let name = format!("t{}n{}", std::process::id(), places.len());
    if let Some(url) = &engine.database {
        super::postgres::create_database(url, &name);
    }
    places.insert(place.to_owned(), Place { engine, name });
}

pub(crate) fn engine_of(place: &Path) -> Engine {
    let places = PLACES.lock().unwrap_or_else(PoisonError::into_inner);
    match places.get(place) {
        Some(place) => place.engine.clone(),
        None => Engine::current().clone(),
    }
}

/// Environment variables that give a server of this place its database and store.
pub(crate) fn variables(place: &Path) -> Vec<(&'static str, String)> {
    let engine = engine_of(place);
    if engine.is_default() {
        return Vec::new();
    }
    let is_new = !PLACES
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .contains_key(place);
    if is_new {
        assign(place, engine.clone());
    }
    let places = PLACES.lock().unwrap_or_else(PoisonError::into_inner);
    let name = &places[place].name;
    let mut variables = Vec::new();
    if let Some(url) = &engine.database {
        variables.push(("HULK_DATABASE_URL", format!("{url}/{name}")));
    }
    if let Some(s3) = &engine.s3 {
        variables.extend(s3.variables());
        variables.push(("HULK_ENV", name.clone()));
    }
    variables
}

impl S3Store {
    pub(crate) fn variables(&self) -> Vec<(&'static str, String)> {
        vec![
            ("HULK_S3_ENDPOINT", self.endpoint.clone()),
            ("HULK_S3_BUCKET", self.bucket.clone()),
            ("HULK_S3_REGION", self.region.clone()),
            ("AWS_ACCESS_KEY_ID", self.access_key.clone()),
            ("AWS_SECRET_ACCESS_KEY", self.secret_key.clone()),
        ]
    }

    fn parse(text: &str) -> Self {
        let mut words = text.split(' ').map(str::to_owned);
        let mut word = || words.next().unwrap();
        Self {
            endpoint: word(),
            bucket: word(),
            region: word(),
            access_key: word(),
            secret_key: word(),
        }
    }

    fn to_text(&self) -> String {
        [
            self.endpoint.as_str(),
            &self.bucket,
            &self.region,
            &self.access_key,
            &self.secret_key,
        ]
        .join(" ")
    }
}

/// Runs the tests of this program on an engine, except those whose names contain one of
/// `skipped`. One engine at a time: the machine is shared.
pub(crate) fn run_suite(engine: &Engine, skipped: &[&str]) {
    static TURN: Mutex<()> = Mutex::new(());
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let mut suite = Command::new(std::env::current_exe().unwrap());
    for name in skipped {
        suite.args(["--skip", name]);
    }
    if let Ok(names) = std::env::var(ONLY) {
        suite.args(names.split_whitespace());
    }
    if let Some(url) = &engine.database {
        suite.env(DATABASE, url);
    }
    if let Some(s3) = &engine.s3 {
        suite.env(S3, s3.to_text());
    }
    if engine.has_replicas {
        suite.env(REPLICAS, "1");
    }
    let output = suite.stdin(Stdio::null()).output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    let summary = text.lines().find(|line| line.starts_with("test result"));
    eprintln!("{}", summary.unwrap_or("no result"));
    assert!(
        output.status.success(),
        "{text}\n{}",
        String::from_utf8_lossy(&output.stderr)
    );
    assert!(!text.contains(" 0 passed"), "no test ran: {text}");
}

/// Returns a free port below the range that the system assigns automatically (on Linux from 32,768), so
/// that no connection of another test takes it before its server listens, or while that server is down.
pub(crate) fn free_port() -> u16 {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    // Test programs that run at the same time start at distant ports.
    let first = std::process::id().wrapping_mul(797);
    loop {
        let step = NEXT.fetch_add(1, Ordering::Relaxed);
        let port = 20_000 + (first.wrapping_add(step) % 12_000) as u16;
        if std::net::TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}

/// `HOST:PORT` of a free port.
pub(crate) fn free_address() -> String {
    format!("127.0.0.1:{}", free_port())
}
