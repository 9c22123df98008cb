//! A user's home directory, with its own server.

use std::{
    io::Write,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

use hulk_proto::{KeyPermission, Role};
use serde_json::Value;
use tempfile::TempDir;

use crate::{
    engines::Balancer,
    harness::{
        Process,
        engine::{self, Engine, free_address},
        files_below,
    },
};

pub(crate) struct Home {
    pub(crate) directory: TempDir,
    pub(crate) server: Option<Process>,
    /// If the engine has two servers, the second one and the balancer in front of both.
    replicas: Option<(Process, Balancer)>,
}

impl Home {
    /// Makes a home without a server.
    pub(crate) fn empty() -> Self {
        Self {
            directory: TempDir::new().unwrap(),
            server: None,
            replicas: None,
        }
    }

    /// Makes a home with a running `hulk serve`, which logs it in.
    pub(crate) fn serving() -> Self {
        let mut home = Self::empty();
        let data_dir = home.path("data");
        if !Engine::current().has_replicas {
            home.server = Some(home.serve(&data_dir));
            return home;
        }
        let balancer = Balancer::start();
        let serve = || {
            let mut serve = home.serve_command(&data_dir);
            serve.args(["--public-url", &balancer.url]);
            let server = Process::start(serve).unwrap_or_else(|log| panic!("no start: {log}"));
            balancer.add(&server.url);
            server
        };
        let (server, replica) = (serve(), serve());
        home.server = Some(server);
        home.replicas = Some((replica, balancer));
        let key = make_key(&data_dir, "local@localhost", 1 << 60, KeyPermission::All);
        let login = [
            "login",
            "--server",
            home.url(),
            "--profile",
            "local",
            "--api-key-stdin",
        ];
        home.run_with_input(&login, key.as_bytes()).ok();
        home
    }

    pub(crate) fn serve(&self, data_dir: &Path) -> Process {
        let serve = self.serve_command(data_dir);
        Process::start(serve).unwrap_or_else(|log| panic!("no start: {log}"))
    }

    fn serve_command(&self, data_dir: &Path) -> Command {
        let mut serve = self.command(&["serve", "--listen", &free_address(), "--data-dir"]);
        serve.arg(data_dir).envs(engine::variables(data_dir));
        serve
    }

    pub(crate) fn url(&self) -> &str {
        if let Some((_, balancer)) = &self.replicas {
            return &balancer.url;
        }
        &self.server.as_ref().unwrap().url
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, bytes).unwrap();
        path
    }

    /// Number of parts of unfinished uploads that the server has.
    pub(crate) fn parts_on_disk(&self) -> usize {
        let records = files_below(&self.path("data/store/uploads"));
        records
            .iter()
            .filter(|path| !path.ends_with("upload.json"))
            .count()
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_hulk"));
        command
            .args(arguments)
            .current_dir(self.directory.path())
            .stdin(Stdio::null());
        for (name, _) in std::env::vars() {
            let matters = name.starts_with("HULK_") || name.to_lowercase().ends_with("_proxy");
            if matters
                || ["RUST_LOG", "DISPLAY", "DBUS_SESSION_BUS_ADDRESS"].contains(&name.as_str())
            {
                command.env_remove(name);
            }
        }
        command
            .env("HULK_CONFIG_DIR", self.path("config"))
            .env("HULK_STATE_DIR", self.path("state"))
            .env("HULK_CACHE_DIR", self.path("cache"))
            .env("HULK_RETRY_TIMEOUT", "1");
        command
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Ran {
        Ran(self.command(arguments).output().unwrap())
    }

    /// Runs a `bash` script, in which `$0` is the command and `$@` are the arguments.
    pub(crate) fn in_shell(&self, script: &str, arguments: &[&str]) -> Ran {
        let plain = self.command(arguments);
        let mut shell = Command::new("bash");
        shell
            .args(["-c", script])
            .arg(plain.get_program())
            .args(plain.get_args())
            .current_dir(self.directory.path())
            .stdin(Stdio::null());
        for (name, value) in plain.get_envs() {
            match value {
                Some(value) => shell.env(name, value),
                None => shell.env_remove(name),
            };
        }
        Ran(shell.output().unwrap())
    }

    /// Like `run`, after a line of `bash`.
    pub(crate) fn run_after(&self, line: &str, arguments: &[&str]) -> Ran {
        self.in_shell(&format!("{line}; exec \"$0\" \"$@\""), arguments)
    }

    pub(crate) fn run_with_input(&self, arguments: &[&str], input: &[u8]) -> Ran {
        feed(self.command(arguments), input)
    }
}

/// Runs a command with this input.
pub(crate) fn feed(mut command: Command, input: &[u8]) -> Ran {
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    // A command that fails early does not read its input.
    let _ = child.stdin.take().unwrap().write_all(input);
    Ran(child.wait_with_output().unwrap())
}

/// Creates a user and a key with the server's library, like the operator's `hulk-server`.
pub(crate) fn make_key(
    data_dir: &Path,
    email: &str,
    quota: u64,
    permissions: KeyPermission,
) -> String {
    make_key_as(Role::User, data_dir, email, quota, permissions)
}

/// Like `make_key`, of a user with this role.
pub(crate) fn make_key_as(
    role: Role,
    data_dir: &Path,
    email: &str,
    quota: u64,
    permissions: KeyPermission,
) -> String {
    #[derive(clap::Parser)]
    struct Defaults {
        #[command(flatten)]
        config: hulk_server::Config,
    }
    let defaults: Defaults = clap::Parser::parse_from(["defaults"]);
    let mut config = defaults.config;
    config.data_dir = data_dir.to_owned();
    let variables = engine::variables(data_dir);
    let url = variables
        .iter()
        .find(|(name, _)| *name == "HULK_DATABASE_URL");
    config.database_url = url.map(|(_, url)| url.parse().unwrap());
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        use hulk_server::{
            audit::Actor,
            ops::accounts::{keys, users},
        };
        let db = hulk_server::open_database(&config).await.unwrap();
        let user = users::CreateUser {
            email: email.to_owned(),
            password: "long enough".into(),
            role,
            is_email_verified: true,
            tier: "free".into(),
            quota_bytes: Some(quota),
            has_password_recipe: false,
        };
        users::create_user(&db, user).await.unwrap();
        let user = users::find_user(&db, email).await.unwrap();
        let request = hulk_proto::CreateApiKey {
            label: "test".into(),
            permissions,
            expires_at: None,
            path: None,
        };
        let created = keys::create_key(&db, Actor::Server { user_id: &user.id }, request)
            .await
            .unwrap();
        db.close().await;
        created.key
    })
}

pub(crate) struct Ran(Output);

impl Ran {
    pub(crate) fn of(output: Output) -> Self {
        Self(output)
    }

    pub(crate) fn code(&self) -> i32 {
        self.0.status.code().unwrap_or(-1)
    }

    pub(crate) fn stdout(&self) -> String {
        String::from_utf8(self.0.stdout.clone()).unwrap()
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.0.stdout
    }

    pub(crate) fn stderr(&self) -> String {
        String::from_utf8(self.0.stderr.clone()).unwrap()
    }

    /// The trimmed stdout of a command that must not fail.
    pub(crate) fn ok(&self) -> String {
        assert_eq!(self.code(), 0, "{}", self.stderr());
        self.stdout().trim().to_owned()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.stdout())
            .unwrap_or_else(|_| panic!("no JSON: {}", self.stdout()))
    }

    /// The stderr of a command that must end with this code.
    pub(crate) fn fails(&self, code: i32) -> String {
        let text = self.stderr();
        assert_eq!(self.code(), code, "{text}");
        assert!(
            text.lines().count() <= 2,
            "an error is one or two lines: {text}"
        );
        assert!(text.starts_with("error: "), "{text}");
        text
    }
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
