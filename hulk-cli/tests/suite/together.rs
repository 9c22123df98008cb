//! Several commands at once, at one path.

use std::process::{Child, Stdio};

use sha2::{Digest, Sha256};

use crate::{
    harness::signal,
    home::{Home, Ran, noise},
    proxy::{Fate, Proxy},
};

fn start(home: &Home, arguments: &[&str]) -> Child {
    let mut command = home.command(arguments);
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command.spawn().unwrap()
}

fn all(children: Vec<Child>) -> Vec<Ran> {
    let outputs = children
        .into_iter()
        .map(|child| child.wait_with_output().unwrap());
    outputs.map(Ran::of).collect()
}

#[test]
fn puts_of_the_same_bytes_to_one_path_all_succeed() {
    let home = Home::serving();
    for round in 0..10 {
        home.write("same.bin", format!("round {round}").as_bytes());
        let puts = (0..20).map(|_| start(&home, &["put", "-q", "same.bin", "--to", "at/same.bin"]));
        let links: Vec<String> = all(puts.collect()).iter().map(Ran::ok).collect();
        assert!(links.iter().all(|link| *link == links[0]), "{links:?}");
    }
}

#[test]
fn each_put_says_what_it_has_put() {
    let home = Home::serving();
    let names: Vec<String> = (0..30).map(|number| format!("p{number}")).collect();
    for name in &names {
        home.write(name, name.as_bytes());
    }
    let puts = names
        .iter()
        .map(|name| start(&home, &["put", "--json", name, "--to", "one.txt"]));
    let mut versions = Vec::new();
    for (name, ran) in names.iter().zip(all(puts.collect())) {
        assert_eq!(ran.code(), 0, "{name}: {}", ran.stderr());
        let file = &ran.json()[0];
        let sha256: String = Sha256::digest(name)
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        assert_eq!(file["sha256"], sha256.as_str(), "{name}");
        versions.push(file["version"].as_u64().unwrap());
    }
    versions.sort_unstable();
    versions.dedup();
    assert_eq!(versions.len(), names.len(), "each has a version of its own");
}

/// The slow one has sent for longer than it would wait for a server that does not answer.
#[test]
fn a_slow_put_whose_upload_another_one_ends_begins_anew() {
    let home = Home::serving();
    home.write("same.bin", &noise(1, 24 << 20));
    let put = ["put", "-q", "same.bin", "--to", "at/same.bin"];
    let slow = start(&home, &[&put[..], &["--limit-rate", "8MiB"]].concat());
    std::thread::sleep(std::time::Duration::from_millis(1500));
    let fast = start(&home, &put);
    let links: Vec<String> = all(vec![slow, fast]).iter().map(Ran::ok).collect();
    assert_eq!(links[0], links[1]);
}

#[test]
fn a_killed_download_of_a_counted_share_is_continued_with_the_cache() {
    let home = Home::serving();
    let bytes = noise(1, 48 << 20);
    home.write("big.bin", &bytes);
    home.run(&["put", "-q", "big.bin"]).ok();
    let link = home.run(&["share", "big.bin", "--max-downloads", "1"]).ok();
    let proxy = Proxy::start(home.url(), |_| Fate::GOOD);
    let mut command = home.command(&[
        "get",
        "-q",
        "--parallel",
        "1",
        "--limit-rate",
        "16MiB",
        &link,
        "-o",
        "got.bin",
    ]);
    proxy.put_before(&mut command);
    let mut child = command.spawn().unwrap();
    while proxy.received() < 20 << 20 {
        assert!(child.try_wait().unwrap().is_none(), "it ended before");
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    signal(child.id(), "KILL");
    child.wait().unwrap();
    let before = proxy.received();
    let mut again = home.command(&["get", "-q", &link, "-o", "got.bin"]);
    proxy.put_before(&mut again);
    Ran::of(again.output().unwrap()).ok();
    assert!(std::fs::read(home.path("got.bin")).unwrap() == bytes);
    let got = proxy.received() - before;
    assert!(got < 40 << 20, "it was resumed: {got}");
}
