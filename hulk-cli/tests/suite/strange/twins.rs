//! Two sources with the same destination are refused before a byte moves.

use crate::home::Home;

#[test]
fn two_arguments_for_one_place() {
    let home = Home::serving();
    for path in [
        "s1/x",
        "s2/x",
        "s1/dir/a",
        "s2/dir/b",
        "s2/caf\u{e9}",
        "s1/cafe\u{301}",
    ] {
        home.write(path, path.as_bytes());
    }
    for (one, other) in [
        ("s1/x", "s2/x"),
        ("s1/dir", "s2/dir"),
        ("s1/x", "./s1/x"),
        ("s1/cafe\u{301}", "s2/caf\u{e9}"),
        ("s1/dir/", "s2/dir/."),
    ] {
        for to in ["d/", "/"] {
            let put = home.run(&["put", "-q", "s2/dir/b", one, other, "--to", to]);
            let error = put.fails(5);
            assert!(error.contains(one) && error.contains(other), "{error}");
            assert_eq!(
                home.run(&["ls", "-R", "--json"]).json(),
                serde_json::json!([])
            );
        }
    }
}

#[test]
fn two_names_of_a_tree_that_are_one() {
    let home = Home::serving();
    for (number, (one, other)) in [
        ("caf\u{e9}", "cafe\u{301}"),
        ("d/\u{c5}", "d/A\u{30a}"),
        ("\u{e9}/x", "e\u{301}/y"),
        ("\u{1e69}", "s\u{307}\u{323}"),
        ("\u{ac00}", "\u{1100}\u{1161}"),
        ("K", "\u{212a}"),
        ("d/;", "d/\u{37e}"),
    ]
    .into_iter()
    .enumerate()
    {
        let tree = format!("tree{number}");
        home.write(&format!("{tree}/{one}"), b"one");
        home.write(&format!("{tree}/{other}"), b"other");
        home.write("plain.txt", b"x");
        home.run(&["put", "-q", "plain.txt", &tree]).fails(5);
        assert_eq!(
            home.run(&["ls", "-R", "--json"]).json(),
            serde_json::json!([])
        );
    }
}

#[test]
fn two_things_to_get_into_one_name() {
    let home = Home::serving();
    for path in ["s1/x", "s2/x", "s1/y"] {
        home.write(path, path.as_bytes());
    }
    home.run(&["put", "-q", "s1", "s2"]).ok();
    let link = |path: &str| home.run(&["info", "--json", path]).json()["url"].clone();
    let (one, other) = (link("s1/x"), link("s2/x"));
    let (one, other) = (one.as_str().unwrap(), other.as_str().unwrap());
    let share = home.run(&["share", "s2/x"]).ok();
    for (sources, flags) in [
        (["s1/x", "s2/x"], &[][..]),
        (["s1/x", "s2/x"], &["--force"]),
        ([one, other], &["--force"]),
        (["s1/x", other], &["--force", "-o", "out/"]),
        (["s1/x", &share], &["--force", "-o", "out/"]),
        (["s1", "s1"], &["--force"]),
    ] {
        let got = home.run(&[&["get", "-q", "s1/y"], &sources[..], flags].concat());
        let error = got.fails(5);
        assert!(
            sources.iter().all(|source| error.contains(source)),
            "{error}"
        );
        assert!(!home.path("y").exists() && !home.path("x").exists() && !home.path("out").exists());
    }
    home.run(&["get", "-q", "s1/x", "s1/y", "-o", "out/"]).ok();
}
