//! `--include` and `--exclude`: what they select, and the report if they select nothing.

use crate::home::Home;

fn make(home: &Home) {
    for path in [
        "tree/src/a.rs",
        "tree/src/deep/b.rs",
        "tree/doc/c.md",
        "tree/d.txt",
    ] {
        home.write(path, path.as_bytes());
    }
}

#[test]
fn a_pattern_takes_what_it_names() {
    let home = Home::serving();
    make(&home);
    home.run(&["put", "-q", "tree"]).ok();
    for (flags, taken) in [
        (
            &["--include", "src/"][..],
            &["src/a.rs", "src/deep/b.rs"][..],
        ),
        (&["--include", "deep/"], &["src/deep/b.rs"]),
        (&["--include", "src/deep/"], &["src/deep/b.rs"]),
        (&["--include", "*.rs"], &["src/a.rs", "src/deep/b.rs"]),
        (&["--include", "./src/*.rs"], &["src/a.rs"]),
        (&["--include", "src/", "--exclude", "deep/"], &["src/a.rs"]),
        (&["--exclude", "src", "--exclude", "*.txt"], &["doc/c.md"]),
        (&["--exclude", "d.txt/", "--include", "d.txt"], &["d.txt"]),
    ] {
        for command in ["put", "get"] {
            let ran = home.run(&[&[command, "tree", "--dry-run"], flags].concat());
            let listed = ran.ok();
            let mut listed: Vec<&str> = listed
                .lines()
                .map(|line| line.trim_start_matches('/').trim_start_matches("tree/"))
                .collect();
            listed.sort_unstable();
            assert_eq!(listed, taken, "{command} {flags:?}");
        }
    }
}

#[test]
fn nothing_taken_is_not_found_and_makes_nothing() {
    let home = Home::serving();
    make(&home);
    for flags in [
        &["--include", "*.py"][..],
        &["--include", "scr/"],
        &["--exclude", "*"],
        &["--include", "src", "--exclude", "src/"],
        &["--include", "d.txt/"],
        &["--include", "*.rs", "--exclude", "*.rs"],
    ] {
        let put = home.run(&[&["put", "tree", "--json"], flags].concat());
        assert_eq!(put.code(), 3, "{flags:?}: {}", put.stderr());
        assert_eq!(home.run(&["ls", "--json"]).json(), serde_json::json!([]));
    }
    home.run(&["put", "-q", "tree"]).ok();
    let got = home.run(&["get", "-q", "tree", "--include", "*.py", "-o", "back/"]);
    got.fails(3);
    assert!(!home.path("back").exists());
}

#[test]
fn a_pattern_that_matched_nothing_is_said() {
    let home = Home::serving();
    make(&home);
    for (flag, pattern) in [
        ("--exclude", "*.pyc"),
        ("--exclude", "node_modules/"),
        ("--include", "*.py"),
        ("--exclude", "src/*.md"),
        ("--exclude", "D.txt"),
    ] {
        for command in ["put", "get"] {
            let ran = home.run(
                &[
                    command,
                    "tree",
                    "--include",
                    "*.txt",
                    flag,
                    pattern,
                    "-o",
                    "back",
                ][..match command {
                    "get" => 8,
                    _ => 6,
                }],
            );
            let said = ran.stderr();
            assert_eq!(ran.code(), 0, "{said}");
            assert!(
                said.contains(&format!("{flag} '{pattern}' matched nothing")),
                "{said}"
            );
            assert!(!said.contains("'*.txt' matched"), "{said}");
        }
    }
    let ran = home.run(&["put", "tree/d.txt", "--include", "*.py"]);
    assert!(
        !ran.stderr().contains("matched nothing"),
        "no directory was asked"
    );
}

#[test]
fn directories_alone_are_something_and_nothing_left_of_them_is_not() {
    let home = Home::serving();
    for path in ["dirs/a/b", "empty/in", "full/sub"] {
        std::fs::create_dir_all(home.path(path)).unwrap();
    }
    home.write("full/sub/x", b"x");
    for (tree, flags, code) in [
        ("dirs", &["--exclude", "a/"][..], 3),
        ("dirs", &["--exclude", "*"], 3),
        ("dirs", &["--include", "*.txt"], 3),
        ("full", &["--exclude", "sub"], 3),
        ("full", &["--exclude", "sub", "--dry-run"], 3),
        ("full", &["--include", ""], 2),
        ("full", &["--exclude", "/"], 2),
        ("dirs", &["--exclude", "b"], 0),
        ("empty", &[], 0),
    ] {
        let put = home.run(&[&["put", "-q", tree], flags].concat());
        assert_eq!(put.code(), code, "{tree} {flags:?}: {}", put.stderr());
    }
    let listed = home.run(&["ls", "-R"]).ok();
    assert!(
        !listed.contains("full") && listed.contains("empty/in/"),
        "{listed}"
    );
    home.run(&["get", "-q", "empty", "--include", "*.txt"])
        .fails(3);
}
