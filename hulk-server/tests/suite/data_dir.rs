//! Data directories that the server cannot or must not use.

use std::{fs, path::Path, process::Command};

use crate::{
    harness::Process,
    server::{Server, command, run, sql, text},
};

fn refusal(data_dir: &Path) -> String {
    let mut serve = command(data_dir);
    serve.args(["--listen", "127.0.0.1:0"]);
    match Process::start(serve) {
        Ok(_) => panic!("the server started"),
        Err(log) => log,
    }
}

#[tokio::test]
async fn a_second_server_is_kept_out_and_the_first_goes_on() {
    let server = Server::start();
    let key = server.user("ada@example.com").key;
    let log = refusal(&server.data_dir);
    assert!(log.contains("in use by another server"), "{log}");
    assert!(log.contains(&server.process.id().to_string()), "{log}");
    let sweep = run(&server.data_dir, &["sweep"], "");
    assert!(!sweep.status.success());
    server.upload(&key, "a.txt", b"x").await;
}

#[tokio::test]
async fn a_database_of_a_newer_version_is_left_alone() {
    let mut server = Server::start();
    server.process.terminate();
    sql(
        &server.data_dir,
        "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
        VALUES (9999, 'from the future', 1, x'00', 1)",
    )
    .await;
    let log = refusal(&server.data_dir);
    assert!(log.contains("newer version"), "{log}");
}

#[test]
fn a_store_of_a_newer_version_is_left_alone() {
    let mut server = Server::start();
    server.process.terminate();
    fs::write(server.data_dir.join("store/format"), "2").unwrap();
    let log = refusal(&server.data_dir);
    assert!(log.contains("newer version"), "{log}");
}

#[test]
fn a_new_directory_is_its_owners_alone() {
    use std::os::unix::fs::PermissionsExt;
    let server = Server::start();
    let mode = fs::metadata(&server.data_dir).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o700);
}

#[test]
fn a_directory_that_cannot_be_written_is_said() {
    let directory = tempfile::TempDir::new().unwrap();
    let file = directory.path().join("file");
    fs::write(&file, "").unwrap();
    let log = refusal(&file);
    assert!(
        log.contains("cannot be used") && log.contains("file"),
        "{log}"
    );
    // Root can write anywhere except to a read-only mount.
    let read_only = tempfile::TempDir::new().unwrap();
    let mount = |arguments: &[&str]| {
        Command::new("mount")
            .args(arguments)
            .arg(read_only.path())
            .stderr(std::process::Stdio::null())
            .status()
            .is_ok_and(|status| status.success())
    };
    if !mount(&["-t", "tmpfs", "-o", "ro", "tmpfs"]) {
        return crate::harness::skipped("read-only", "a file system cannot be mounted here");
    }
    let log = refusal(read_only.path());
    Command::new("umount")
        .arg(read_only.path())
        .status()
        .unwrap();
    assert!(
        log.contains("cannot be used") && log.contains("Read-only"),
        "{log}"
    );
}

#[tokio::test]
async fn users_and_keys_are_made_beside_a_running_server_and_before_it() {
    let directory = tempfile::TempDir::new().unwrap();
    let data_dir = directory.path().join("new");
    text(&run(&data_dir, &["migrate"], ""));
    text(&run(
        &data_dir,
        &[
            "user",
            "create",
            "--email",
            "Ada@Example.com",
            "--password-stdin",
        ],
        "long enough",
    ));
    let server = Server::start_in(&data_dir, &[]);
    let key = server.key("ada@example.com", "all");
    assert_eq!(
        server.get("/api/v1/me", &key).await.1["user"]["email"],
        "ada@example.com"
    );
    for (arguments, input, expected) in [
        (
            vec![
                "user",
                "create",
                "--email",
                "ada@example.com",
                "--password-stdin",
            ],
            "long enough",
            "already",
        ),
        (
            vec!["user", "create", "--email", "bob", "--password-stdin"],
            "long enough",
            "NAME@HOST",
        ),
        (
            vec!["user", "create", "--email", "bob@x", "--password-stdin"],
            "short",
            "10 characters",
        ),
        (
            vec![
                "key",
                "create",
                "--user",
                "bob@x",
                "--label",
                "l",
                "--permissions",
                "all",
            ],
            "",
            "no such user",
        ),
        (
            vec![
                "key",
                "create",
                "--user",
                "ada@example.com",
                "--label",
                "",
                "--permissions",
                "all",
            ],
            "",
            "label",
        ),
    ] {
        let output = run(&data_dir, &arguments, input);
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(
            output.status.code() == Some(1) && stderr.contains(expected),
            "{arguments:?}: {stderr}"
        );
    }
    let json = text(&run(
        &data_dir,
        &[
            "--json",
            "key",
            "create",
            "--user",
            "ada@example.com",
            "--label",
            "l",
            "--permissions",
            "read",
        ],
        "",
    ));
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["permissions"], "read");
}
