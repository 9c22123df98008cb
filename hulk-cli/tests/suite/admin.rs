//! Moderators, admins and root, who manage the users and files of a server.

mod records;
mod roles;
mod tiers;

use std::process::Command;

use hulk_proto::{
    KeyPermission, Role,
    admin::{Account, AccountDetails, ServerStats},
};
use serde::{Serialize, de::DeserializeOwned};

use crate::home::{Home, Ran, feed, make_key_as, noise};

const MIA: &str = "mia@example.com";
const PASSWORD: &[u8] = b"correct horse battery\n";

/// Somebody who has an account, and its key in the environment.
struct Person<'a> {
    home: &'a Home,
    key: String,
}

impl<'a> Person<'a> {
    fn new(home: &'a Home, email: &str, role: Role) -> Self {
        let data_dir = home.path("data");
        let key = make_key_as(role, &data_dir, email, 1 << 30, KeyPermission::All);
        Self { home, key }
    }

    fn run(&self, arguments: &[&str]) -> Ran {
        self.run_with_input(arguments, b"")
    }

    fn run_with_input(&self, arguments: &[&str], input: &[u8]) -> Ran {
        let mut command = self.home.command(arguments);
        command.env("HULK_API_KEY", &self.key);
        feed(command, input)
    }

    /// Returns what `hulk admin` prints with `--json`.
    fn read<T: DeserializeOwned + Serialize>(&self, arguments: &[&str]) -> T {
        let arguments = [&["admin", "--json"][..], arguments].concat();
        typed(&self.run(&arguments))
    }

    fn show(&self, user: &str) -> AccountDetails {
        self.read(&["users", "show", user])
    }
}

/// Reads a document as the type that the API defines for it, which must have a field for all of it.
fn typed<T: DeserializeOwned + Serialize>(ran: &Ran) -> T {
    ran.ok();
    let document = ran.json();
    let value: T = serde_json::from_value(document.clone()).unwrap();
    assert_eq!(serde_json::to_value(&value).unwrap(), document);
    value
}

/// Returns the status with which the server answers a log-in.
fn log_in(home: &Home, email: &str, password: &str) -> String {
    let body = serde_json::json!({ "email": email, "password": password });
    let mut curl = Command::new("curl");
    curl.args(["-s", "-o", "/dev/null", "-w", "%{http_code}"])
        .args(["--noproxy", "*", "-H", "content-type: application/json"])
        .args(["-d", &body.to_string()])
        .arg(format!("{}/api/v1/sessions", home.url()));
    String::from_utf8(curl.output().unwrap().stdout).unwrap()
}

#[test]
fn a_user_is_created_changed_and_deleted() {
    let home = Home::serving();
    let admin = Person::new(&home, "admin@example.com", Role::Admin);
    let create = [
        "admin",
        "users",
        "create",
        "--email",
        "new@example.com",
        "--role",
        "moderator",
        "--verified",
        "--quota",
        "5GB",
        "--password-stdin",
    ];
    let id = admin.run_with_input(&create, PASSWORD).ok();
    let again = admin.run_with_input(&create, PASSWORD).fails(5);
    assert!(again.contains("new@example.com"), "{again}");
    assert!(
        admin
            .run_with_input(&create, b"")
            .fails(2)
            .contains("empty")
    );
    assert_eq!(
        log_in(&home, "new@example.com", "correct horse battery"),
        "201"
    );

    let details = admin.show(&id);
    let user = &details.account.user;
    assert_eq!(
        (user.role, user.quota_bytes),
        (Role::Moderator, 5_000_000_000)
    );
    assert!(user.is_email_verified && details.account.is_active);
    assert_eq!(admin.show("NEW@example.com").account, details.account);
    let shown = admin.run(&["admin", "users", "show", &id]).ok();
    assert!(shown.contains("new@example.com (verified)"), "{shown}");
    let error = admin.run(&["admin", "users", "show", "ew@example.com"]);
    assert!(error.fails(3).contains("'ew@example.com'"));
    admin.run(&["admin", "users", "show", "nobody"]).fails(3);
    admin
        .run(&["admin", "users", "show", "AAAAAAAAAAAA"])
        .fails(3);

    let listed: Vec<Account> = admin.read(&["users", "ls", "--role", "moderator"]);
    assert_eq!(listed, [details.account]);
    let found: Vec<Account> = admin.read(&["users", "ls", "--search", "new@"]);
    assert_eq!(found, listed);
    let lines = admin.run(&["admin", "users", "ls"]).ok();
    assert_eq!(lines.lines().count(), 3, "{lines}");
    let line = lines.lines().find(|line| line.starts_with(&id)).unwrap();
    assert!(line.contains("moderator") && line.ends_with("new@example.com"));

    admin.run(&["admin", "users", "set", &id]).fails(2);
    let set = [
        "users",
        "set",
        &id,
        "--role",
        "user",
        "--quota",
        "unlimited",
    ];
    let changed: Account = admin.read(&set);
    assert_eq!(changed.user.role, Role::User);
    let shown = admin.run(&["admin", "users", "show", &id]).ok();
    assert!(shown.contains("0 B of unlimited"), "{shown}");

    let refused = admin.run(&["admin", "users", "rm", &id]).fails(2);
    assert!(refused.contains("--yes"), "{refused}");
    admin
        .run(&["admin", "users", "rm", "-y", "new@example.com"])
        .ok();
    admin.run(&["admin", "users", "show", &id]).fails(3);
}

#[test]
fn what_is_not_complete_is_refused_before_a_server_is_asked() {
    let home = Home::empty();
    for arguments in [
        &["users", "create", "--email", "a@example.com"][..],
        &["users", "password", MIA],
        &["users", "create", "--password-stdin"],
        &["users", "ls", "--role", "root"],
        &["users", "set", MIA, "--quota", "much"],
        &["files", "rm"],
        &["tiers", "create"],
        &["tiers", "create", "lab", "--storage", "much"],
        &["tiers", "set", "lab", "--objects", "1.5"],
        &["tiers", "set", "lab", "--public", "--private"],
        &["requests", "ls", "--state", "odd"],
        &["requests", "approve"],
        &["jobs", "--state", "odd"],
        &["audit", "--limit", "0"],
    ] {
        let arguments = [&["admin"][..], arguments].concat();
        assert_eq!(home.run(&arguments).code(), 2, "{arguments:?}");
    }
    let create = ["admin", "users", "create", "--email", "a@example.com"];
    assert!(home.run(&create).stderr().contains("--password-stdin"));
}

#[test]
fn a_suspended_user_is_stopped_everywhere_until_restored() {
    let home = Home::serving();
    let friend = Home::empty();
    let admin = Person::new(&home, "admin@example.com", Role::Admin);
    let mia = Person::new(&home, MIA, Role::User);
    home.write("a.txt", b"a");
    let link = mia.run(&["put", "-q", "a.txt"]).ok();
    let share = mia.run(&["share", "-q", "a.txt"]).ok();
    let get = |link: &str| friend.run(&["get", "-q", link, "-o", "-"]);
    assert_eq!(
        (get(&link).ok(), get(&share).ok()),
        ("a".into(), "a".into())
    );

    let suspended: Account = admin.read(&["users", "suspend", MIA]);
    assert!(!suspended.is_active);
    mia.run(&["ls"]).fails(4);
    for link in [&link, &share] {
        assert_ne!(get(link).code(), 0, "{link}");
    }
    let listed: Vec<Account> = admin.read(&["users", "ls", "--suspended"]);
    assert_eq!(listed, [suspended]);
    let stats: ServerStats = admin.read(&["stats"]);
    assert_eq!(stats.suspended_users, 1);

    let restored = admin.run(&["admin", "users", "restore", MIA]);
    restored.ok();
    assert!(restored.stderr().contains("restored mia@example.com"));
    mia.run(&["ls"]).ok();
    assert_eq!(
        (get(&link).ok(), get(&share).ok()),
        ("a".into(), "a".into())
    );
}

#[test]
fn a_quota_and_a_password_that_are_set_hold() {
    let home = Home::serving();
    let admin = Person::new(&home, "admin@example.com", Role::Admin);
    let mia = Person::new(&home, MIA, Role::User);
    let set: Account = admin.read(&["users", "set", MIA, "--quota", "1MB"]);
    assert_eq!(set.user.quota_bytes, 1_000_000);
    home.write("large.bin", &noise(1, 2_000_000));
    mia.run(&["put", "large.bin"]).fails(6);
    admin
        .run(&["admin", "users", "set", MIA, "--quota", "3MB"])
        .ok();
    mia.run(&["put", "-q", "large.bin"]).ok();

    let password = ["admin", "users", "password", MIA, "--password-stdin"];
    admin.run_with_input(&password, b"short").fails(1);
    admin.run_with_input(&password, PASSWORD).ok();
    assert_eq!(log_in(&home, MIA, "correct horse battery"), "201");
}
