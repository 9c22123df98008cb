//! Killed programs, other homes, damaged journals: bytes that the store has are not sent again, and a
//! download returns what was put.

use std::{process::Stdio, thread, time::Duration};

use crate::{
    harness::signal,
    home::{Home, Ran, noise},
    proxy::{Fate, Proxy},
};

const MIB: usize = 1 << 20;
const PART: u64 = 8 << 20;
const KILLS_A_ROUND: u64 = 20;

/// Starts a command, waits until `enough` holds, and kills it. Returns false if it ended before.
fn killed_when(home: &Home, arguments: &[&str], proxy: &Proxy, enough: impl Fn() -> bool) -> bool {
    let mut command = home.command(arguments);
    proxy.put_before(&mut command);
    let mut child = command
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    while !enough() {
        if child.try_wait().unwrap().is_some() {
            return false;
        }
        thread::sleep(Duration::from_millis(2));
    }
    signal(child.id(), "KILL");
    child.wait().unwrap();
    true
}

#[test]
fn another_home_goes_on_with_an_upload() {
    let home = Home::serving();
    let bytes = noise(1, 100 * MIB);
    home.write("big.bin", &bytes);
    let proxy = Proxy::start(home.url(), |_| Fate::GOOD);
    let put = ["put", "--limit-rate", "80MiB", "big.bin"];
    let before = home.parts_on_disk();
    assert!(killed_when(&home, &put, &proxy, || {
        home.parts_on_disk() >= before + 5
    }));
    // Of the first home, only the file and the key remain.
    let _ = std::fs::remove_dir_all(home.path("state"));
    let mut again = home.command(&["put", "--json", "big.bin"]);
    proxy.put_before(&mut again);
    let ran = Ran::of(again.output().unwrap());
    let file = &ran.json()[0];
    assert_eq!(file["resumed"], true);
    assert!(file["uploaded_bytes"].as_u64().unwrap() <= (100 * MIB) as u64 - 5 * PART);
    assert!(
        proxy.sent() < (110 * MIB) as u64 + 8 * PART,
        "{}",
        proxy.sent()
    );
    assert!(home.run(&["get", "big.bin", "-o", "-"]).bytes() == bytes);
}

#[test]
fn a_hundred_kills_of_the_client() {
    let home = Home::serving();
    let (mut kills, mut round) = (0_u64, 0_u64);
    while kills < 100 {
        round += 1;
        let bytes = noise(round, 48 * MIB);
        home.write("big.bin", &bytes);
        let proxy = Proxy::start(home.url(), |_| Fate::GOOD);
        let mut here = 0_u64;
        loop {
            // A different moment each time, spread over the whole transfer: after a number of bytes or,
            // for phases in which none move, a time. A slow machine may get nothing done in that time, so
            // after `KILLS_A_ROUND` kills, a run is left to finish.
            let wait = Duration::from_millis((kills * 37) % 260);
            let more = (kills * 37) % 24 * MIB as u64;
            let (start, before) = (std::time::Instant::now(), proxy.sent());
            let enough = || match here {
                KILLS_A_ROUND => false,
                _ if here.is_multiple_of(2) => start.elapsed() > wait,
                _ => proxy.sent() > before + more,
            };
            let put = "put -q --parallel 2 --limit-rate 160MiB big.bin";
            let put: Vec<&str> = put.split(' ').collect();
            if !killed_when(&home, &put, &proxy, enough) {
                break;
            }
            (kills, here) = (kills + 1, here + 1);
        }
        assert!(
            proxy.sent() < 49 * MIB as u64 + here * 4 * PART,
            "{} bytes for {here} kills",
            proxy.sent()
        );
        assert!(home.run(&["get", "big.bin", "-o", "-"]).bytes() == bytes);
        let usage = home.run(&["whoami"]).ok();
        assert!(usage.contains("48.00 MiB of"), "{usage}");
        home.run(&["rm", "--purge", "big.bin"]).ok();
    }
}

#[test]
fn a_get_that_is_killed_goes_on_and_shows_no_half_file() {
    let home = Home::serving();
    let bytes = noise(3, 96 * MIB);
    home.write("big.bin", &bytes);
    home.run(&["put", "big.bin"]).ok();
    let proxy = Proxy::start(home.url(), |_| Fate::GOOD);
    let get = [
        "get",
        "-q",
        "--no-cache",
        "--parallel",
        "2",
        "--limit-rate",
        "100MiB",
        "big.bin",
        "-o",
        "got.bin",
    ];
    let mut kills = 0_u64;
    loop {
        let before = proxy.received();
        let more = (9 + kills % 7) * MIB as u64 * 2;
        if !killed_when(&home, &get, &proxy, || proxy.received() > before + more) {
            break;
        }
        kills += 1;
        assert!(!home.path("got.bin").exists());
    }
    assert!(kills > 1);
    assert!(std::fs::read(home.path("got.bin")).unwrap() == bytes);
    assert!(
        proxy.received() < 100 * MIB as u64 + kills * 8 * PART,
        "{} bytes for {kills} kills",
        proxy.received()
    );
    let left = std::fs::read_dir(home.path("")).unwrap().flatten();
    let left: Vec<_> = left
        .filter(|file| file.file_name().to_string_lossy().ends_with("part"))
        .collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn a_damaged_journal_is_a_fresh_start() {
    let home = Home::serving();
    let journal = home.path("state/journal");
    let cuts: [&dyn Fn(usize) -> usize; 6] = [
        &|_| 0,
        &|_| 1,
        &|_| 40,
        &|whole| whole / 2,
        &|whole| whole - 66,
        &|whole| whole - 2,
    ];
    for (round, cut) in (0..).zip(cuts) {
        let bytes = noise(round, 48 * MIB);
        home.write("big.bin", &bytes);
        thread::sleep(Duration::from_millis(50));
        let _ = std::fs::remove_dir_all(&journal);
        let proxy = Proxy::start(home.url(), |_| Fate::GOOD);
        let put = ["put", "--parallel", "1", "--limit-rate", "16MiB", "big.bin"];
        // A journal with a record has more than 100 bytes.
        let is_written = |path: &std::path::PathBuf| {
            std::fs::metadata(path).is_ok_and(|metadata| metadata.len() > 100)
        };
        assert!(killed_when(&home, &put, &proxy, || {
            crate::harness::files_below(&journal).iter().any(is_written)
        }));
        let path = crate::harness::files_below(&journal).remove(0);
        let whole = std::fs::read(&path).unwrap();
        std::fs::write(&path, &whole[..cut(whole.len())]).unwrap();
        let file = home.run(&["put", "--json", "big.bin"]).json()[0].clone();
        assert_eq!(
            file["resumed"], true,
            "what the store has, the server knows"
        );
        assert!(home.run(&["get", "big.bin", "-o", "-"]).bytes() == bytes);
    }
    // One changed digit in an otherwise intact record.
    let path = crate::harness::files_below(&journal).remove(0);
    let text = std::fs::read_to_string(&path).unwrap();
    let at = text.find("\"sha256\":\"").unwrap() + 10;
    let other = if &text[at..=at] == "0" { "1" } else { "0" };
    std::fs::write(&path, format!("{}{other}{}", &text[..at], &text[at + 1..])).unwrap();
    home.run(&["put", "big.bin", "--to", "forged.bin"]).ok();
    assert!(home.run(&["get", "forged.bin", "-o", "-"]).bytes() == noise(5, 48 * MIB));
}

#[test]
fn only_what_changed_is_sent() {
    let home = Home::serving();
    let mut bytes = noise(5, 80 * MIB);
    home.write("big.bin", &bytes);
    // A file that was just written could change without a trace, so its digests are not remembered.
    thread::sleep(Duration::from_millis(50));
    let put = |name: &str| home.run(&["put", "--json", "big.bin", "--to", name]).json()[0].clone();
    let counts = |file: &serde_json::Value| {
        (
            file["uploaded_bytes"].as_u64().unwrap(),
            file["reused_bytes"].as_u64().unwrap(),
            file["version"].as_u64().unwrap(),
        )
    };
    let all = bytes.len() as u64;
    assert_eq!(counts(&put("a.bin")), (all, 0, 1));
    assert_eq!(counts(&put("a.bin")), (0, all, 1), "unchanged");
    assert_eq!(counts(&put("b.bin")), (0, all, 1), "elsewhere");
    std::fs::remove_dir_all(home.path("state")).unwrap();
    assert_eq!(
        counts(&put("c.bin")),
        (0, all, 1),
        "elsewhere, not hashed before"
    );
    bytes[30 * MIB] ^= 1;
    home.write("big.bin", &bytes);
    assert_eq!(counts(&put("a.bin")), (PART, all - PART, 2), "one part");
    bytes.extend_from_slice(b"and more");
    home.write("big.bin", &bytes);
    assert_eq!(counts(&put("a.bin")), (8, all, 3), "a tail");
    bytes.truncate(50 * MIB);
    home.write("big.bin", &bytes);
    assert_eq!(
        counts(&put("a.bin")),
        (2 * MIB as u64, 48 * MIB as u64, 4),
        "cut"
    );
    assert!(home.run(&["get", "a.bin", "-o", "-"]).bytes() == bytes);
    let mut stream = home.run_with_input(&["put", "--json", "-", "--name", "s.bin"], &bytes);
    assert_eq!(counts(&stream.json()[0]), (50 * MIB as u64, 0, 1));
    bytes[40 * MIB] ^= 1;
    stream = home.run_with_input(&["put", "--json", "-", "--name", "s.bin"], &bytes);
    assert_eq!(
        counts(&stream.json()[0]),
        (16 * MIB as u64, 34 * MIB as u64, 2)
    );
    assert!(home.run(&["get", "s.bin", "-o", "-"]).bytes() == bytes);
}

#[test]
fn a_cancelled_or_finished_upload_gives_its_space_back() {
    let home = Home::serving();
    home.write("big.bin", &noise(6, 40 * MIB));
    let proxy = Proxy::start(home.url(), |_| Fate::GOOD);
    let put = ["put", "--limit-rate", "20MiB", "big.bin"];
    let before = home.parts_on_disk();
    assert!(killed_when(&home, &put, &proxy, || {
        home.parts_on_disk() > before
    }));
    assert!(home.run(&["whoami"]).ok().contains("40.00 MiB of"));
    home.run(&["rm", "big.bin"]).ok();
    assert!(home.run(&["whoami"]).ok().contains("0 B of"));
    for _ in 0..100 {
        if home.parts_on_disk() == 0 {
            return;
        }
        thread::sleep(Duration::from_millis(50));
    }
    panic!("the parts are still there");
}

#[test]
fn the_interrupted_say_how_to_go_on() {
    let home = Home::serving();
    home.write("big.bin", &noise(2, 40 * MIB));
    for name in ["INT", "TERM"] {
        let mut put = home.command(&["put", "-q", "--limit-rate", "5MiB", "big.bin"]);
        let child = put
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        while home.run(&["whoami"]).ok().contains("0 B of") {
            thread::sleep(Duration::from_millis(5));
        }
        signal(child.id(), name);
        let error = Ran::of(child.wait_with_output().unwrap()).fails(130);
        assert!(
            error.contains("resume with: hulk put -q --limit-rate 5MiB big.bin"),
            "{error}"
        );
        // The next one starts from scratch, so that the usage shows when it has begun.
        home.run(&["rm", "-q", "big.bin"]).ok();
    }
}
