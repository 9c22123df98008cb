//! Tidying up: directories, versions, the trash, search, usage.

use serde_json::Value;

use crate::{
    harness::{Process, engine::free_address},
    home::Home,
};

fn write_and_put(home: &Home, name: &str, bytes: &[u8]) -> String {
    home.write(name, bytes);
    home.run(&["put", "-q", name]).ok()
}

#[test]
fn moves_keep_links_and_say_what_is_in_the_way() {
    let home = Home::serving();
    let link = write_and_put(&home, "a.txt", b"a");
    write_and_put(&home, "b.txt", b"b");
    home.run(&["mkdir", "docs", "docs/deep"]).ok();
    assert!(home.run(&["mkdir", "docs"]).fails(5).contains("docs"));
    home.run(&["mkdir", "-p", "docs"]).ok();
    home.run(&["mv", "a.txt", "b.txt", "docs"]).ok();
    assert_eq!(home.run(&["ls", "docs"]).ok(), "a.txt\nb.txt\ndeep/");
    write_and_put(&home, "a.txt", b"another");
    let error = home.run(&["mv", "docs/b.txt", "a.txt", "docs/"]).fails(5);
    assert!(error.contains("docs/a.txt"), "{error}");
    // Nothing was moved, not even the entry that could have been.
    assert_eq!(home.run(&["ls"]).ok(), "a.txt\ndocs/");
    home.run(&["mv", "docs", "papers"]).ok();
    home.run(&["mv", "papers/a.txt", "papers/deep/renamed.txt"])
        .ok();
    assert_eq!(home.run(&["get", &link, "-o", "-"]).ok(), "a");
    assert!(
        home.run(&["mv", "papers", "papers/deep/"])
            .fails(5)
            .contains("inside")
    );
    assert!(
        home.run(&["mv", "nothing", "x"])
            .fails(3)
            .contains("nothing")
    );
    home.run(&["mv", "a.txt", "papers", "no-directory"])
        .fails(2);
    let moved = home.run(&["mv", "--json", "papers", "new/place"]).json();
    assert_eq!(moved[0]["path"], "new/place");
}

#[test]
fn what_no_trash_keeps_is_not_said_to_be_in_one() {
    let mut home = Home::empty();
    let listen = free_address();
    let mut serve = home.command(&["serve", "--listen", &listen, "--trash-days", "0"]);
    serve.arg("--data-dir").arg(home.path("data"));
    home.server = Some(Process::start(serve).unwrap());
    write_and_put(&home, "a.txt", b"a");
    let said = home.run(&["rm", "a.txt"]).stderr();
    assert!(said.contains("deleted a.txt permanently"), "{said}");
}

#[test]
fn an_overwritten_file_comes_back() {
    let home = Home::serving();
    let link = write_and_put(&home, "model.bin", b"good");
    write_and_put(&home, "model.bin", b"a mistake");
    home.run(&["mkdir", "models"]).ok();
    let refused = home.run(&["versions", "models"]).fails(2);
    assert!(refused.contains("is a directory"), "{refused}");
    let listed = home.run(&["versions", "model.bin"]).ok();
    assert_eq!(listed.lines().count(), 2, "{listed}");
    assert!(listed.lines().next().unwrap().contains("(current)"));
    let versions = home.run(&["versions", "--json", "model.bin"]).json();
    let old = versions[1]["url"].as_str().unwrap();
    assert_eq!(home.run(&["get", old, "-o", "-"]).ok(), "good");
    assert_eq!(home.run(&["restore", "-q", "model.bin"]).ok(), link);
    assert_eq!(home.run(&["get", &link, "-o", "-"]).ok(), "good");
    let restored = home
        .run(&["restore", "--json", "model.bin", "--version", "2"])
        .json();
    assert_eq!(restored["version"], 4);
    assert_eq!(home.run(&["get", &link, "-o", "-"]).ok(), "a mistake");
    home.run(&["restore", "model.bin", "--version", "9"])
        .fails(3);
}

#[test]
fn what_is_deleted_comes_back_and_what_is_purged_does_not() {
    let home = Home::serving();
    home.write("tree/in/a.txt", b"a");
    home.run(&["put", "-q", "tree"]).ok();
    let link = home.run(&["info", "--json", "tree/in/a.txt"]).json()["url"].clone();
    let link = link.as_str().unwrap();
    assert!(home.run(&["rm", "tree"]).fails(2).contains("-r"));
    let thrown = home.run(&["rm", "-r", "tree"]);
    assert!(thrown.stderr().contains("moved tree to the trash"));
    assert_eq!(home.run(&["ls"]).ok(), "");
    home.run(&["get", link, "-o", "-"]).fails(3);
    assert!(home.run(&["trash", "ls"]).ok().ends_with("/tree/"));
    home.write("place", b"x");
    home.run(&["put", "-q", "place", "--to", "tree"]).ok();
    let restored = home.run(&["trash", "restore", "tree"]);
    assert!(
        restored.stderr().contains("tree (2)"),
        "{}",
        restored.stderr()
    );
    assert_eq!(home.run(&["get", link, "-o", "-"]).ok(), "a");
    home.run(&["rm", "tree"]).ok();
    home.run(&["trash", "restore", "tree", "--to", "kept/here"])
        .ok();
    assert_eq!(home.run(&["get", "kept/here", "-o", "-"]).ok(), "x");
    home.run(&["rm", "-r", "kept", "tree (2)"]).ok();
    home.run(&["trash", "rm", "kept"]).ok();
    assert!(
        home.run(&["trash", "rm", "kept"])
            .fails(3)
            .contains("trash")
    );
    assert!(home.run(&["trash", "empty"]).fails(2).contains("--yes"));
    home.run(&["trash", "empty", "--yes"]).ok();
    assert_eq!(home.run(&["trash", "ls"]).ok(), "");
    let usage = home.run(&["usage", "--json"]).json();
    assert_eq!(
        (&usage["used_bytes"], &usage["trash_bytes"]),
        (&0.into(), &0.into())
    );
}

#[test]
fn files_are_found_by_what_was_set() {
    let home = Home::serving();
    for name in ["report one.pdf", "report-two.pdf", "model.gguf"] {
        write_and_put(&home, name, name.as_bytes());
    }
    let set = [
        "set",
        "report one.pdf",
        "--tag",
        "to read",
        "--tag",
        "x",
        "--private",
    ];
    home.run(&set).ok();
    home.run(&[
        "set",
        "report one.pdf",
        "--untag",
        "x",
        "--description",
        "the first",
    ])
    .ok();
    let info = home.run(&["info", "--json", "report one.pdf"]).json();
    assert_eq!(
        (&info["tags"], &info["permissions"]),
        (&serde_json::json!(["to read"]), &"private".into())
    );
    assert_eq!(info["description"], "the first");
    assert_eq!(
        home.run(&["find", "report"]).ok(),
        "report one.pdf\nreport-two.pdf"
    );
    assert_eq!(home.run(&["find", "report one"]).ok(), "report one.pdf");
    assert_eq!(home.run(&["find", "tag:to read"]).ok(), "report one.pdf");
    assert_eq!(
        home.run(&["find", "type:models", "size<1KB"]).ok(),
        "model.gguf"
    );
    assert_eq!(home.run(&["find", "nowhere"]).ok(), "");
    assert!(home.run(&["find", "size>x"]).fails(1).contains("size>x"));
    let found = home.run(&["find", "--json", "-l", "two"]).json();
    assert_eq!(found[0]["filename"], "report-two.pdf");
    assert!(home.run(&["find", "-l", "two"]).ok().contains("14 B"));
    home.run(&["set", "/", "--private"]).ok();
    let link = home.run(&["info", "--json", "model.gguf"]).json()["url"].clone();
    let stranger = Home::empty();
    let get = ["get", link.as_str().unwrap(), "-o", "-"];
    stranger.run(&get).fails(3);
    home.run(&["set", "model.gguf", "--public", "--expires", "7d"])
        .ok();
    assert_eq!(stranger.run(&get).ok(), "model.gguf");
    home.run(&["mkdir", "d"]).ok();
    home.run(&["set", "d", "--expires", "1d"]).ok();
    home.run(&["put", "-q", "model.gguf", "--to", "d/"]).ok();
    assert_eq!(
        home.run(&["info", "--json", "d/model.gguf"]).json()["expiration_policy"],
        "1d"
    );
    assert!(
        home.run(&["set", "d", "--tag", "t"])
            .fails(2)
            .contains("directory")
    );
    home.run(&["set", "model.gguf"]).fails(2);
    let usage = home.run(&["usage"]).ok();
    assert!(
        usage.contains("models") && usage.contains("expire within 7 days"),
        "{usage}"
    );
    assert!(matches!(
        home.run(&["usage", "--json"]).json()["byte_counts"]["models"],
        Value::Number(_)
    ));
}
