//! Connections and servers that fail during a transfer: it still completes, bit for bit.

use std::{
    process::Stdio,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use crate::{
    harness::{Process, SmallDisk, engine::free_address, signal},
    home::{Home, Ran, noise},
    proxy::{Fate, Line, Proxy},
};

const MIB: usize = 1 << 20;

const BUSY: &str =
    "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
const FAILED: &str = "HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
const SLOW_DOWN: &str = "HTTP/1.1 429 Too Many Requests\r\nRetry-After: 1\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
const EXPIRED: &str = "HTTP/1.1 403 Forbidden\r\nContent-Type: application/xml\r\nContent-Length: 84\r\nConnection: close\r\n\r\n<Error><Code>AccessDenied</Code><Message>Request has expired</Message></Error>      ";

/// Uploads and downloads through connections that fail like this; both must succeed.
fn survives(name: &str, fate: impl Fn(usize) -> Fate + Clone + Send + 'static) {
    let home = Home::serving();
    let bytes = noise(7, 40 * MIB);
    home.write("big.bin", &bytes);
    let proxy = Proxy::start(home.url(), fate.clone());
    let mut put = home.command(&["put", "big.bin"]);
    proxy.put_before(&mut put);
    let ran = Ran::of(put.output().unwrap());
    assert_eq!(ran.code(), 0, "{name}: put: {}", ran.stderr());
    assert!(
        home.run(&["get", "big.bin", "-o", "-"]).bytes() == bytes,
        "{name}: what was put is another"
    );
    let proxy = Proxy::start(home.url(), fate);
    for (output, saved) in [("got.bin", true), ("-", false)] {
        let mut get = home.command(&["get", "--no-cache", "big.bin", "-o", output]);
        proxy.put_before(&mut get);
        let ran = Ran::of(get.output().unwrap());
        assert_eq!(ran.code(), 0, "{name}: get: {}", ran.stderr());
        let found = match saved {
            true => std::fs::read(home.path("got.bin")).unwrap(),
            false => ran.bytes().to_vec(),
        };
        assert!(found == bytes, "{name}: what was got is another");
    }
    let usage = home.run(&["whoami"]).ok();
    assert!(usage.contains("40.00 MiB of"), "{name}: {usage}");
}

#[test]
fn connections_that_are_cut() {
    survives("cut up", |index| match index {
        1..8 => Fate::up(Line::CutAfter(index * 700_001)),
        _ => Fate::GOOD,
    });
    survives("cut down", |index| match index {
        1..8 => Fate::down(Line::CutAfter(index * 700_001)),
        _ => Fate::GOOD,
    });
}

#[test]
fn connections_that_stall() {
    survives("stall", |index| match index {
        1..3 => Fate::up(Line::StallAfter(2 * MIB)),
        3..5 => Fate::down(Line::StallAfter(2 * MIB)),
        _ => Fate::GOOD,
    });
}

#[test]
fn bits_that_flip_on_the_way() {
    survives("flip up", |index| match index {
        1..4 => Fate::up(Line::FlipAt(MIB + index)),
        _ => Fate::GOOD,
    });
    let home = Home::serving();
    let bytes = noise(8, 40 * MIB);
    home.write("big.bin", &bytes);
    home.run(&["put", "big.bin"]).ok();
    let proxy = Proxy::start(home.url(), |index| match index {
        1..3 => Fate::down(Line::FlipAt(MIB)),
        _ => Fate::GOOD,
    });
    let mut get = home.command(&["get", "big.bin", "-o", "got.bin"]);
    proxy.put_before(&mut get);
    let ran = Ran::of(get.output().unwrap());
    assert_eq!(ran.code(), 0, "{}", ran.stderr());
    assert!(ran.stderr().contains("fetched again"), "{}", ran.stderr());
    assert!(std::fs::read(home.path("got.bin")).unwrap() == bytes);
    assert!(
        proxy.received() < 60 * MIB as u64,
        "only what was damaged is fetched again: {}",
        proxy.received()
    );
}

#[test]
fn servers_and_stores_that_are_busy() {
    for (name, answer) in [("503", BUSY), ("502", FAILED), ("429", SLOW_DOWN)] {
        survives(name, move |index| match index {
            0 | 2 | 3 | 5 => Fate::Answer(answer),
            _ => Fate::GOOD,
        });
    }
}

#[test]
fn urls_that_have_expired_are_asked_for_anew() {
    survives("expired", |index| match index {
        0..6 => Fate::AnswerOfStore(EXPIRED),
        _ => Fate::GOOD,
    });
}

#[test]
fn a_line_of_a_few_bytes_a_second_is_slow_but_good() {
    let home = Home::serving();
    let bytes = noise(9, 3000);
    home.write("small.bin", &bytes);
    let proxy = Proxy::start(home.url(), |_| Fate::Lines {
        up: Line::Slow(1024),
        down: Line::Slow(4096),
    });
    let mut put = home.command(&["put", "small.bin"]);
    proxy.put_before(&mut put);
    put.env("HULK_STALL_TIMEOUT", "30");
    let ran = Ran::of(put.output().unwrap());
    assert_eq!(ran.code(), 0, "{}", ran.stderr());
    assert!(home.run(&["get", "small.bin", "-o", "-"]).bytes() == bytes);
}

#[test]
fn a_line_that_never_comes_back_is_exit_8_with_the_command_that_goes_on() {
    let home = Home::serving();
    home.write("big file.bin", &noise(10, 20 * MIB));
    // Enough for the API requests, but not for a part.
    let proxy = Proxy::start(home.url(), |_| Fate::up(Line::StallAfter(MIB)));
    let mut put = home.command(&["put", "-q", "big file.bin"]);
    proxy.put_before(&mut put);
    put.env("HULK_RETRY_TIMEOUT", "2");
    let error = Ran::of(put.output().unwrap()).fails(8);
    assert!(error.contains("stalled"), "{error}");
    assert!(
        error.contains("resume with: hulk put -q 'big file.bin'"),
        "{error}"
    );
}

#[test]
fn a_server_that_is_killed_and_started_again_is_waited_for() {
    let mut home = Home::serving();
    let bytes = noise(11, 64 * MIB);
    home.write("big.bin", &bytes);
    let address = home.url().trim_start_matches("http://").to_owned();
    let mut put = home.command(&["put", "-q", "--limit-rate", "40MiB", "big.bin"]);
    put.env("HULK_RETRY_TIMEOUT", "30");
    let child = put
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    for _ in 0..3 {
        let parts = home.parts_on_disk();
        while home.parts_on_disk() == parts {
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
        signal(home.server.as_ref().unwrap().id(), "KILL");
        drop(home.server.take());
        let mut serve = home.command(&["serve", "--listen", &address, "--data-dir"]);
        serve.arg(home.path("data"));
        home.server = Some(Process::start(serve).unwrap());
    }
    let ran = Ran::of(child.wait_with_output().unwrap());
    assert_eq!(ran.code(), 0, "{}", ran.stderr());
    assert!(home.run(&["get", "big.bin", "-o", "-"]).bytes() == bytes);
}

#[test]
fn a_disk_that_fills_while_getting_leaves_nothing_under_the_final_name() {
    let Some(disk) = SmallDisk::mount(60 << 20) else {
        return;
    };
    let home = Home::serving();
    let bytes = noise(12, 40 * MIB);
    home.write("big.bin", &bytes);
    let link = home.run(&["put", "big.bin"]).ok();
    let output = disk.path().join("got.bin");
    let get = |flags: &[&str]| {
        let mut command = home.command(&["get", "-q", &link, "-o"]);
        command.arg(&output).args(flags);
        command
    };
    let child = get(&["--limit-rate", "20MiB"])
        .stderr(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let begun = || {
        let files = std::fs::read_dir(disk.path()).unwrap().flatten();
        files
            .map(|file| file.metadata().map_or(0, |found| found.len()))
            .sum::<u64>()
    };
    while begun() < 8 << 20 {
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    let hog = disk.path().join("hog");
    let _ = std::fs::write(&hog, vec![0; 60 << 20]);
    let error = Ran::of(child.wait_with_output().unwrap()).fails(6);
    assert!(error.contains("No space left"), "{error}");
    assert!(!output.exists());
    std::fs::remove_file(hog).unwrap();
    let ran = Ran::of(get(&[]).output().unwrap());
    assert_eq!(ran.code(), 0, "{}", ran.stderr());
    assert!(std::fs::read(&output).unwrap() == bytes);
    assert_eq!(std::fs::read_dir(disk.path()).unwrap().count(), 1);
}

/// Runs a command whose first such request gets no response, or a proxy's: its report must be true all the
/// same.
fn says_what_it_did(
    home: &Home,
    back: Line,
    (method, path): (&'static str, &'static str),
    arguments: &[&str],
) -> String {
    let connections = Arc::new(AtomicUsize::new(0));
    let counter = connections.clone();
    let proxy = Proxy::start(home.url(), move |index| {
        counter.fetch_add(1, Ordering::Relaxed);
        match index {
            0 => Fate::Lines {
                up: Line::LoseAnswer(method, path),
                down: back,
            },
            _ => Fate::GOOD,
        }
    });
    let mut command = home.command(arguments);
    proxy.put_before(&mut command);
    let ran = Ran::of(command.output().unwrap());
    assert_eq!(ran.code(), 0, "{arguments:?}: {}", ran.stderr());
    assert_eq!(connections.load(Ordering::Relaxed), 2, "{arguments:?}");
    ran.stderr()
}

#[test]
fn what_was_done_but_not_answered_is_no_failure() {
    for back in [Line::Good, Line::Instead(FAILED)] {
        tidies_without_answers(back);
    }
}

fn tidies_without_answers(back: Line) {
    let home = Home::serving();
    home.write("a.txt", b"a");
    home.run(&["put", "-q", "a.txt", "--to", "docs/"]).ok();
    let done = |request, arguments: &[&str]| says_what_it_did(&home, back, request, arguments);
    done(("POST", "/directories"), &["mkdir", "made"]);
    done(("POST", "/moves"), &["mv", "docs/a.txt", "b.txt"]);
    done(("PUT", "/files/"), &["set", "b.txt", "--tag", "kept"]);
    done(("DELETE", "/files/"), &["rm", "b.txt"]);
    let said = done(("POST", "/trash/"), &["trash", "restore", "b.txt"]);
    assert!(said.contains("restored /b.txt"), "{said}");
    done(("DELETE", "/directories/"), &["rm", "-r", "docs"]);
    done(("DELETE", "/trash/"), &["trash", "rm", "docs"]);
    done(("DELETE", "/files/"), &["rm", "--purge", "b.txt"]);
    assert_eq!(home.run(&["ls"]).ok(), "made/");
    home.run(&["rm", "b.txt"]).fails(3);
}

#[test]
fn what_was_never_asked_is_not_said_to_be_done() {
    let home = Home::serving();
    home.run(&["mkdir", "there"]).ok();
    let address = free_address();
    let mut mkdir = home.command(&["mkdir", "there"]);
    mkdir.env("http_proxy", format!("http://{address}"));
    // Its pauses are random: within a second, all of its attempts may come before there is a proxy.
    mkdir.env("HULK_RETRY_TIMEOUT", "20");
    let child = mkdir.stderr(Stdio::piped()).spawn().unwrap();
    // Long enough for the first connection to be refused.
    std::thread::sleep(std::time::Duration::from_millis(300));
    let _proxy = Proxy::start_at(&address, home.url(), |_| Fate::GOOD);
    let ran = Ran::of(child.wait_with_output().unwrap());
    assert_eq!(ran.code(), 5, "{}", ran.stderr());
}
