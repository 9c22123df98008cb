//! Tiers, and the requests of users for them.

use std::process::Command;

use hulk_proto::{
    Role,
    admin::Account,
    audit::AuditEvent,
    tier::{Tier, TierRequest, TierRequestState},
};

use super::{MIA, Person};
use crate::home::Home;

const GB: u64 = 1_000_000_000;

fn admin(home: &Home) -> Person<'_> {
    Person::new(home, "admin@example.com", Role::Admin)
}

/// Creates a tier and returns its id.
fn create(admin: &Person, arguments: &[&str]) -> String {
    let arguments = [&["admin", "tiers", "create"][..], arguments].concat();
    admin.run(&arguments).ok()
}

/// Requests a tier by the API, as a page does.
fn request(person: &Person, tier: &str, reason: &str) -> TierRequest {
    let body = serde_json::json!({ "tier": tier, "reason": reason });
    let mut curl = Command::new("curl");
    curl.args(["-s", "--noproxy", "*"])
        .args(["-H", "content-type: application/json"])
        .args(["-H", &format!("authorization: Bearer {}", person.key)])
        .args(["-d", &body.to_string()])
        .arg(format!("{}/api/v1/tier-requests", person.home.url()));
    let answer = curl.output().unwrap().stdout;
    serde_json::from_slice(&answer)
        .unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&answer)))
}

#[test]
fn a_tier_is_created_changed_and_deleted() {
    let home = Home::serving();
    let admin = admin(&home);
    let limits = ["lab", "--storage", "5GB", "--objects", "1000"];
    let id = create(
        &admin,
        &[
            &limits[..],
            &["--max-file", "1GB", "--price", "9 EUR a month"],
        ]
        .concat(),
    );
    let again = admin.run(&["admin", "tiers", "create", "lab"]).fails(5);
    assert!(again.contains("lab"), "{again}");

    let all: Vec<Tier> = admin.read(&["tiers", "ls"]);
    assert!(all.iter().any(|tier| tier.name == "free"), "{all:?}");
    let created = all.iter().find(|tier| tier.id.as_str() == id).unwrap();
    assert_eq!(
        (created.name.as_str(), created.price.as_deref()),
        ("lab", Some("9 EUR a month"))
    );
    assert_eq!(
        (created.storage_bytes, created.object_count),
        (Some(5 * GB), Some(1000))
    );
    assert_eq!(
        (created.monthly_download_bytes, created.max_file_size),
        (None, Some(GB))
    );
    assert!(!created.is_public);
    let lines = admin.run(&["admin", "tiers", "ls"]).ok();
    let line = lines.lines().find(|line| line.starts_with(&id)).unwrap();
    assert!(line.contains("private") && line.contains("unlimited downloaded a month"));
    assert!(line.ends_with("9 EUR a month"), "{line}");

    // Only what is named changes.
    let set = ["tiers", "set", "lab", "--storage", "unlimited"];
    let changed: Tier = admin.read(&[&set[..], &["--monthly", "50GB", "--public"]].concat());
    let expected = Tier {
        storage_bytes: None,
        monthly_download_bytes: Some(50 * GB),
        is_public: true,
        updated_at: changed.updated_at,
        ..created.clone()
    };
    assert_eq!(changed, expected);
    let renamed: Tier = admin.read(&["tiers", "set", &id, "--name", "labs", "--price", ""]);
    let expected = Tier {
        name: "labs".into(),
        price: None,
        updated_at: renamed.updated_at,
        ..changed
    };
    assert_eq!(renamed, expected);
    let hidden: Tier = admin.read(&["tiers", "set", "labs", "--private"]);
    assert!(!hidden.is_public && hidden.monthly_download_bytes == Some(50 * GB));
    admin.run(&["admin", "tiers", "set", "labs"]).fails(2);
    let unknown = admin.run(&["admin", "tiers", "set", "lab", "--public"]);
    assert!(unknown.fails(3).contains("'lab'"));

    let refused = admin.run(&["admin", "tiers", "rm", "labs"]).fails(2);
    assert!(refused.contains("--yes"), "{refused}");
    admin.run(&["admin", "tiers", "rm", "-y", "labs"]).ok();
    admin.run(&["admin", "tiers", "rm", "-y", &id]).fails(3);
    let events: Vec<AuditEvent> = admin.read(&["audit", "--target", &id]);
    assert!(events.len() >= 5, "{events:?}");
}

#[test]
fn a_tier_limits_its_users_and_stays_while_it_has_any() {
    let home = Home::serving();
    let admin = admin(&home);
    let mia = Person::new(&home, MIA, Role::User);
    create(&admin, &["lab", "--storage", "5GB", "--monthly", "20GB"]);
    let set: Account = admin.read(&["users", "set", MIA, "--tier", "lab"]);
    assert_eq!(
        (set.user.tier.as_str(), set.user.quota_bytes),
        ("lab", 5 * GB)
    );
    let who = mia.run(&["whoami"]).ok();
    assert!(
        who.contains("tier lab") && who.contains("of downloads a month"),
        "{who}"
    );
    let usage = mia.run(&["usage"]).ok();
    let is_tier = |line: &str| line.starts_with("tier ") && line.ends_with(" lab");
    assert!(usage.lines().any(is_tier), "{usage}");
    let shown = admin.run(&["admin", "users", "show", MIA]).ok();
    assert!(shown.lines().any(is_tier), "{shown}");

    let refused = admin.run(&["admin", "tiers", "rm", "-y", "lab"]).fails(5);
    assert!(refused.contains("hulk admin users set"), "{refused}");
    assert_eq!(mia.run(&["whoami"]).ok(), who);
    let moved: Account = admin.read(&["users", "set", MIA, "--tier", "free", "--quota", "1GB"]);
    assert_eq!(
        (moved.user.tier.as_str(), moved.user.quota_bytes),
        ("free", GB)
    );
    admin.run(&["admin", "tiers", "rm", "-y", "lab"]).ok();
    let gone = admin.run(&["admin", "users", "set", MIA, "--tier", "lab"]);
    assert_ne!(gone.code(), 0);
}

#[test]
fn a_request_for_a_tier_is_approved_or_refused() {
    let home = Home::serving();
    let admin = admin(&home);
    let mia = Person::new(&home, MIA, Role::User);
    let her_id = admin.show(MIA).account.user.id;
    create(&admin, &["thesis", "--storage", "7GB", "--public"]);
    create(&admin, &["archive", "--storage", "9GB", "--public"]);

    let asked = request(&mia, "thesis", "I write one");
    assert_eq!(
        (&asked.user_id, asked.state),
        (&her_id, TierRequestState::Pending)
    );
    let pending: Vec<TierRequest> = admin.read(&["requests", "ls", "--state", "pending"]);
    assert_eq!(pending, std::slice::from_ref(&asked));
    let hers: Vec<TierRequest> = admin.read(&["requests", "ls", "--user", MIA]);
    assert_eq!(hers, pending);
    let others = ["requests", "ls", "--user", "admin@example.com"];
    assert!(admin.read::<Vec<TierRequest>>(&others).is_empty());
    let lines = admin.run(&["admin", "requests", "ls"]).ok();
    let is_told = |line: &str| line.starts_with(asked.id.as_str()) && line.contains("I write one");
    assert!(lines.lines().any(is_told), "{lines}");

    let approve = [
        "requests",
        "approve",
        asked.id.as_str(),
        "--note",
        "welcome",
    ];
    let approved: TierRequest = admin.read(&approve);
    assert_eq!(
        (approved.state, approved.note.as_deref()),
        (TierRequestState::Approved, Some("welcome"))
    );
    assert!(approved.decided_at.is_some());
    let user = admin.show(MIA).account.user;
    assert_eq!((user.tier.as_str(), user.quota_bytes), ("thesis", 7 * GB));
    let events: Vec<AuditEvent> = admin.read(&["audit", "--user", "admin@example.com"]);
    let subjects = [asked.id.as_str(), her_id.as_str()];
    let is_about_it = |event: &AuditEvent| {
        let target = event.target.as_deref();
        target.is_some_and(|target| subjects.contains(&target))
    };
    assert!(events.iter().any(is_about_it), "{events:?}");

    let asked = request(&mia, "archive", "I write two");
    let refuse = [
        "admin",
        "requests",
        "refuse",
        asked.id.as_str(),
        "--note",
        "no room",
    ];
    let refused = admin.run(&refuse);
    refused.ok();
    let told = refused.stderr();
    assert!(
        told.contains("refused the request of") && told.contains("archive"),
        "{told}"
    );
    let user = admin.show(MIA).account.user;
    assert_eq!((user.tier.as_str(), user.quota_bytes), ("thesis", 7 * GB));
    let refused: Vec<TierRequest> = admin.read(&["requests", "ls", "--state", "refused"]);
    let notes: Vec<Option<&str>> = refused
        .iter()
        .map(|request| request.note.as_deref())
        .collect();
    assert_eq!(notes, [Some("no room")]);
    let lines = admin.run(&["admin", "requests", "ls"]).ok();
    assert_eq!(lines.lines().count(), 2, "{lines}");

    for unknown in ["AAAAAAAAAAAA", "thesis"] {
        let error = admin
            .run(&["admin", "requests", "approve", unknown])
            .fails(3);
        assert!(error.contains(unknown), "{error}");
    }
}
