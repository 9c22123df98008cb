//! What moderators and admins see of a server: its files, its audit log, its jobs and its settings.

use hulk_proto::{
    Id, Role,
    admin::{OwnedFile, ServerSettings, ServerStats},
    audit::AuditEvent,
    job::Job,
};

use super::{MIA, PASSWORD, Person};
use crate::home::{Home, noise};

#[test]
fn a_moderator_finds_files_and_moves_them_to_the_trash_of_their_owners() {
    let home = Home::serving();
    let moderator = Person::new(&home, "mod@example.com", Role::Moderator);
    let mia = Person::new(&home, MIA, Role::User);
    home.write("notes.txt", b"mine");
    home.write("data/model.bin", &noise(2, 1000));
    home.run(&["put", "-q", "notes.txt"]).ok();
    mia.run(&["put", "-q", "notes.txt", "data/model.bin"]).ok();

    let all: Vec<OwnedFile> = moderator.read(&["files", "ls"]);
    assert_eq!(all.len(), 3);
    let hers: Vec<OwnedFile> = moderator.read(&["files", "ls", "--user", MIA]);
    let id = moderator.show(MIA).account.user.id;
    assert!(hers.len() == 2 && hers.iter().all(|file| file.user_id == id));
    let found: Vec<OwnedFile> = moderator.read(&["files", "ls", "--search", "model"]);
    let [model] = &found[..] else {
        panic!("{found:?}");
    };
    let mime_type = model.file.mime_type.as_str();
    let of_type: Vec<OwnedFile> = moderator.read(&["files", "ls", "--type", mime_type]);
    assert_eq!(of_type, found);
    let none: Vec<OwnedFile> = moderator.read(&["files", "ls", "--type", "image/png"]);
    assert!(none.is_empty());
    let lines = moderator.run(&["admin", "files", "ls", "--user", MIA]).ok();
    let is_told = |line: &str| line.contains(id.as_str()) && line.ends_with("/model.bin");
    assert!(lines.lines().any(is_told), "{lines}");

    let file = model.file.id.as_str();
    let removed: Vec<Id> = moderator.read(&["files", "rm", file]);
    assert_eq!(removed, std::slice::from_ref(&model.file.id));
    assert_eq!(mia.run(&["ls"]).ok(), "notes.txt");
    assert!(mia.run(&["trash", "ls"]).ok().contains("model.bin"));
    mia.run(&["trash", "restore", "model.bin"]).ok();
    for unknown in ["AAAAAAAAAAAA", "model.bin"] {
        let refused = moderator.run(&["admin", "files", "rm", unknown]).fails(3);
        assert!(refused.contains(unknown), "{refused}");
    }
}

#[test]
fn each_step_is_in_the_audit_log() {
    let home = Home::serving();
    let admin = Person::new(&home, "admin@example.com", Role::Admin);
    Person::new(&home, MIA, Role::User);
    let own = admin.show("admin@example.com").account.user.id;
    let id = admin.show(MIA).account.user.id;
    let password = ["admin", "users", "password", MIA, "--password-stdin"];
    admin
        .run(&["admin", "users", "set", MIA, "--quota", "1GB"])
        .ok();
    admin.run(&["admin", "users", "suspend", MIA]).ok();
    admin.run(&["admin", "users", "restore", MIA]).ok();
    admin.run_with_input(&password, PASSWORD).ok();
    admin.run(&["admin", "users", "rm", "-y", MIA]).ok();

    let events: Vec<AuditEvent> = admin.read(&["audit", "--target", id.as_str()]);
    let by_admin: Vec<&AuditEvent> = events
        .iter()
        .filter(|event| event.actor.user_id.as_ref() == Some(&own))
        .collect();
    assert!(by_admin.len() >= 5, "{events:?}");
    assert!(events.is_sorted_by(|one, next| one.at >= next.at));
    let is_about_her = |event: &AuditEvent| event.target.as_deref() == Some(id.as_str());
    assert!(events.iter().all(is_about_her), "{events:?}");

    let newest = by_admin[0];
    let action: Vec<AuditEvent> = admin.read(&["audit", "--action", &newest.action]);
    assert!(action.contains(newest), "{action:?}");
    assert!(action.iter().all(|event| event.action == newest.action));
    let hers: Vec<AuditEvent> = admin.read(&["audit", "--user", "admin@example.com"]);
    assert!(hers.contains(newest), "{hers:?}");
    let two: Vec<AuditEvent> = admin.read(&["audit", "--limit", "2"]);
    assert_eq!(two.len(), 2);
    let lines = admin.run(&["admin", "audit", "--target", id.as_str()]).ok();
    let is_told = |line: &str| line.contains(&newest.action) && line.contains(own.as_str());
    assert!(lines.lines().any(is_told), "{lines}");
}

#[test]
fn the_server_is_described_and_its_jobs_are_listed() {
    let home = Home::serving();
    let admin = Person::new(&home, "admin@example.com", Role::Admin);
    let stats: ServerStats = admin.read(&["stats"]);
    assert_eq!((stats.users, stats.suspended_users, stats.files), (2, 0, 0));
    let shown = admin.run(&["admin", "stats"]).ok();
    assert!(shown.contains("2, 0 suspended"), "{shown}");
    let settings: ServerSettings = admin.read(&["settings"]);
    assert!(!settings.version.is_empty());
    let shown = admin.run(&["admin", "settings"]).ok();
    assert!(shown.contains(&settings.public_url), "{shown}");

    // A mail to verify the address is a job.
    let create = [
        "admin",
        "users",
        "create",
        "--email",
        MIA,
        "--password-stdin",
    ];
    let created = admin.run_with_input(&create, PASSWORD);
    created.ok();
    assert!(created.stderr().contains("mail"), "{}", created.stderr());
    let jobs: Vec<Job> = admin.read(&["jobs"]);
    assert!(
        jobs.iter().any(|job| job.kind == "verification"),
        "{jobs:?}"
    );
    let one: Vec<Job> = admin.read(&["jobs", "--limit", "1"]);
    assert_eq!(one.len(), 1);
    let lines = admin.run(&["admin", "jobs"]).ok();
    assert!(lines.contains("verification"), "{lines}");
    let failed: Vec<Job> = admin.read(&["jobs", "--state", "failed"]);
    assert!(failed.is_empty(), "{failed:?}");
}
