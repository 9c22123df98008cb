//! For whom the link of a directory opens, what curl does with it, and hints that fit.

use std::{fs, process::Command};

use crate::{
    endless::{Fake, send},
    harness::files_below,
    home::{Home, Ran},
};

#[test]
fn a_tree_that_was_put_opens_unless_something_keeps_it_closed() {
    // The command before the put, the flags of the put, and whether the link opens.
    for (before, flags, opens) in [
        (&[][..], &[][..], true),
        (&[][..], &["--public"][..], true),
        (&[][..], &["--private"], false),
        (&["set", "/", "--private"], &[], false),
        (&["set", "/", "--private"], &["--public"], true),
        (&["mkdir", "tree"], &[], false),
    ] {
        let home = Home::serving();
        if !before.is_empty() {
            home.run(before).ok();
        }
        home.write("tree/a.txt", b"a");
        home.write("tree/in/b.txt", b"b");
        let put = home.run(&[&["put", "tree", "--to", "/"], flags].concat());
        let link = put.ok();
        let said = match opens {
            true => "anyone with the link",
            false => "only you can see",
        };
        assert!(
            put.stderr().contains(said),
            "{before:?} {flags:?}: {}",
            put.stderr()
        );
        let stranger = Home::empty();
        let got = stranger.run(&["get", "-q", &link]);
        assert_eq!(
            got.code(),
            if opens { 0 } else { 3 },
            "{before:?} {flags:?}"
        );
        if opens {
            assert_eq!(fs::read(stranger.path("tree/in/b.txt")).unwrap(), b"b");
        }
    }
}

#[test]
fn what_is_private_in_it_stays_hidden() {
    let home = Home::serving();
    for name in ["open.txt", "closed.txt", "in/deep.txt", "vault/key.txt"] {
        home.write(&format!("tree/{name}"), name.as_bytes());
    }
    let link = home.run(&["put", "-q", "tree"]).ok();
    home.run(&["set", "tree/closed.txt", "--private"]).ok();
    home.run(&["set", "tree/vault", "--private"]).ok();
    let stranger = Home::empty();
    stranger.run(&["get", "-q", &link]).ok();
    assert_eq!(files_below(&stranger.path("tree")).len(), 2);
    for form in ["curl", "sha256sums"] {
        let told = curl(&stranger, &[&format!("{link}?as={form}")]);
        assert!(
            !told.contains("closed") && !told.contains("vault"),
            "{told}"
        );
    }
}

#[test]
fn names_above_a_public_directory_are_not_told() {
    let home = Home::serving();
    home.write("pub/a.txt", b"a");
    home.write("pub/in/b.txt", b"b");
    for above in ["merger-with-acme", "merger-with-acme/deeper"] {
        home.run(&["mkdir", "-q", "-p", above]).ok();
    }
    home.run(&["set", "merger-with-acme", "--private"]).ok();
    let put = [
        "put",
        "-q",
        "pub",
        "--public",
        "--to",
        "merger-with-acme/deeper/",
    ];
    let link = home.run(&put).ok();
    let stranger = Home::empty();
    let mut seen = Vec::new();
    for accept in ["application/json", "text/html", "*/*"] {
        let header = format!("Accept: {accept}");
        seen.push(curl(&stranger, &["-H", &header, &link]));
    }
    for form in ["curl", "sha256sums"] {
        seen.push(curl(&stranger, &[&format!("{link}?as={form}")]));
    }
    for text in seen {
        assert!(text.contains("a.txt") && !text.contains("acme"), "{text}");
        assert!(!text.contains("deeper"), "{text}");
    }
}

/// Output of `curl`, run in the home.
fn curl(home: &Home, arguments: &[&str]) -> String {
    let mut curl = Command::new("curl");
    curl.arg("-fsS")
        .args(arguments)
        .current_dir(home.directory.path());
    Ran::of(curl.output().unwrap()).ok()
}

#[test]
fn curl_and_sha256sum_fetch_and_check_a_tree() {
    let home = Home::serving();
    let names = [
        "plain.txt",
        "a b.txt",
        "back\\slash",
        "\"quoted\"",
        "[1-3]{a,b}",
        "100%",
        "#1",
        "-dash",
        "größe",
        "in/deep/er.txt",
        "empty",
    ];
    for name in names {
        let bytes = if name == "empty" { "" } else { name };
        home.write(&format!("tree/{name}"), bytes.as_bytes());
    }
    let link = home.run(&["put", "-q", "tree"]).ok();
    let share = home.run(&["share", "tree"]).ok();
    let shared = curl(&home, &["-H", "Accept: application/json", &share]);
    let shared: serde_json::Value = serde_json::from_str(&shared).unwrap();
    let token = share.rsplit('/').next().unwrap();
    let id = shared["directory_id"].as_str();
    let mut urls = vec![(link.clone(), "?"), (share.clone(), "?")];
    if let Some(id) = id {
        urls.push((format!("{}/b/{id}?token={token}", home.url()), "&"));
    }
    for (url, separator) in urls {
        let stranger = Home::empty();
        curl(
            &stranger,
            &[&format!("{url}{separator}as=curl"), "-o", "files.curl"],
        );
        curl(&stranger, &["-K", "files.curl"]);
        curl(
            &stranger,
            &[&format!("{url}{separator}as=sha256sums"), "-o", "sums"],
        );
        let mut check = Command::new("sha256sum");
        check
            .args(["-c", "sums"])
            .current_dir(stranger.directory.path());
        let checked = Ran::of(check.output().unwrap());
        assert_eq!(checked.ok().lines().count(), names.len());
        for name in names {
            let bytes = if name == "empty" { "" } else { name };
            let found = fs::read(stranger.path(&format!("tree/{name}")));
            assert_eq!(found.unwrap(), bytes.as_bytes(), "{name}");
        }
    }
    let wrong = Command::new("curl")
        .args([
            "-s",
            "-o",
            "/dev/null",
            "-w",
            "%{http_code}",
            &format!("{link}?as=zip"),
        ])
        .output();
    assert_eq!(wrong.unwrap().stdout, b"400");
}

#[test]
fn the_hint_that_helps_is_not_lost() {
    let home = Home::empty();
    for (status, headers, body, code, hint) in [
        (
            "404 Not Found",
            "Content-Type: text/html\r\n",
            "<p>",
            8,
            "check",
        ),
        (
            "200 OK",
            "Content-Type: text/html\r\n",
            "<p>a proxy's log-in",
            8,
            "check",
        ),
        (
            "302 Found",
            "Location: https://login.example.com/\r\n",
            "",
            1,
            "link that it leads to",
        ),
        (
            "301 Moved",
            "Location: http://elsewhere.example.com/x\r\n",
            "",
            8,
            "elsewhere.example.com",
        ),
        (
            "200 OK",
            "Content-Type: application/json\r\n",
            "{}",
            8,
            "/d/ID/NAME",
        ),
        (
            "502 Bad Gateway",
            "Content-Type: text/html\r\n",
            "<p>",
            8,
            "resume with: hulk get",
        ),
    ] {
        let server = Fake::start(move |target, stream| match target.starts_with("/d/") {
            true => send(stream, status, headers, body),
            false => send(stream, "404 Not Found", "", ""),
        });
        let link = format!("{}/d/000000000000/a", server.url);
        let got = home.run(&["get", "-q", &link]);
        if status.starts_with("302") {
            // No server answers at that name, and this test must not contact it.
            continue;
        }
        assert_eq!(got.code(), code, "{status}: {}", got.stderr());
        assert!(got.stderr().contains(hint), "{status}: {}", got.stderr());
    }
}

#[test]
fn a_server_that_wants_https_is_asked_by_https() {
    let home = Home::empty();
    for path in [
        "/d/000000000000/a",
        "/b/000000000000",
        "/s/0000000000000000000000",
    ] {
        let server = Fake::start(|target, stream| {
            // No server speaks TLS there: the attempt is what counts.
            let location = format!("Location: https://127.0.0.1:9{target}\r\n");
            send(stream, "301 Moved Permanently", &location, "");
        });
        for flags in [&[][..], &["--dry-run"]] {
            let got = home.run(&[&["get", "-q", &format!("{}{path}", server.url)], flags].concat());
            let error = got.fails(8);
            assert!(error.contains("https://127.0.0.1:9"), "{path}: {error}");
        }
    }
}
