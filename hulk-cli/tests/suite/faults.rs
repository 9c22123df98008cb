//! Servers that are down, foreign, failing or hanging; files that change; connections that break.

use std::{
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    path::Path,
    process::Stdio,
    sync::{Arc, Mutex, mpsc},
    thread,
};

use crate::{
    harness::{Process, SmallDisk, engine::free_address},
    home::{Home, noise},
};

/// Starts a server that answers every request with the same bytes.
fn canned(answer: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            thread::spawn(move || answer_one(stream, answer));
        }
    });
    format!("http://{address}")
}

fn answer_one(mut stream: TcpStream, answer: &str) {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte).is_ok_and(|read| read > 0) {
        head.push(byte[0]);
    }
    let _ = stream.write_all(answer.as_bytes());
    let _ = stream.shutdown(std::net::Shutdown::Write);
    let _ = stream.read_to_end(&mut Vec::new());
}

#[test]
fn servers_that_are_not_ours_get_a_sentence() {
    let home = Home::empty();
    home.write("a.txt", b"a");
    let key = hulk_proto::ApiKeySecret::random().reveal();
    let page = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 14\r\nConnection: close\r\n\r\n<html>Welcome!";
    let gateway = "HTTP/1.1 502 Bad Gateway\r\nContent-Type: text/html\r\nContent-Length: 6\r\nConnection: close\r\n\r\n<html>";
    let other_json = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 11\r\nConnection: close\r\n\r\n{\"hello\":1}";
    let broken = "HTTP/1.1 500 Internal Server Error\r\nContent-Type: text/plain\r\nContent-Length: 4\r\nConnection: close\r\n\r\noops";
    let moved = "HTTP/1.1 301 Moved\r\nLocation: https://elsewhere.example/\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
    let cut =
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{\"a\":";
    let nonsense = "SSH-2.0-OpenSSH_9.2\r\n";
    for (answer, words) in [
        (page, "not how a Hulkastorus server answers"),
        (gateway, "502"),
        (other_json, "that this hulk does not understand"),
        (broken, "500"),
        (moved, "301"),
        (cut, "cannot reach"),
        (nonsense, "cannot reach"),
    ] {
        let server = canned(answer);
        for arguments in [&["put", "a.txt"][..], &["ls"], &["get", "x"], &["whoami"]] {
            let mut command = home.command(arguments);
            command
                .env("HULK_SERVER", &server)
                .env("HULK_API_KEY", &key);
            let ran = crate::home::Ran::of(command.output().unwrap());
            let error = ran.fails(8);
            assert!(error.contains(words), "{arguments:?}: {error}");
            assert!(!error.contains(&key));
        }
        let link = format!("{server}/d/000000000000/x");
        home.run(&["get", &link]).fails(8);
    }
}

#[test]
fn a_server_that_is_down_or_hangs_is_unreachable() {
    let home = Home::empty();
    home.write("a.txt", b"a");
    let key = hulk_proto::ApiKeySecret::random().reveal();
    let closed = free_address();
    let hanging = TcpListener::bind("127.0.0.1:0").unwrap();
    let hanging_address = hanging.local_addr().unwrap().to_string();
    for (address, words) in [(closed, "refused"), (hanging_address, "in time")] {
        let mut command = home.command(&["put", "a.txt", "--server", &format!("http://{address}")]);
        let ran = crate::home::Ran::of(command.env("HULK_API_KEY", &key).output().unwrap());
        let error = ran.fails(8);
        assert!(error.contains(words), "{error}");
    }
    home.run(&["put", "a.txt", "--server", "localhost:4855"])
        .fails(2);
    let unknown = home
        .command(&["ls", "--server", "http://nowhere.invalid"])
        .env("HULK_API_KEY", &key)
        .output()
        .unwrap();
    assert_eq!(unknown.status.code(), Some(8));
}

/// Forwards bytes to the server; after `limit` bytes in all, it holds up one connection until told to
/// continue.
struct Valve {
    address: String,
    reached: mpsc::Receiver<()>,
    go_on: mpsc::Sender<()>,
}

impl Valve {
    fn before(server: &str, limit: usize) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let server = server.trim_start_matches("http://").to_owned();
        let (tell, reached) = mpsc::channel();
        let (go_on, told) = mpsc::channel();
        thread::spawn(move || {
            let gate = Arc::new(Mutex::new((0, Some((tell, told)))));
            for client in listener.incoming().flatten() {
                let upstream = TcpStream::connect(&server).unwrap();
                let (mut back, mut out) =
                    (upstream.try_clone().unwrap(), client.try_clone().unwrap());
                thread::spawn(move || {
                    let _ = std::io::copy(&mut back, &mut out);
                    let _ = out.shutdown(std::net::Shutdown::Both);
                });
                pump(client, upstream, limit, gate.clone());
            }
        });
        Self {
            address,
            reached,
            go_on,
        }
    }
}

type Gate = (mpsc::Sender<()>, mpsc::Receiver<()>);

/// Forwards one connection; the one that brings the total over the limit waits.
fn pump(
    mut from: TcpStream,
    mut to: TcpStream,
    limit: usize,
    gate: Arc<Mutex<(usize, Option<Gate>)>>,
) {
    thread::spawn(move || {
        let mut buffer = vec![0; 64 << 10];
        while let Ok(read) = from.read(&mut buffer) {
            if read == 0 || to.write_all(&buffer[..read]).is_err() {
                break;
            }
            let reached = {
                let mut gate = gate.lock().unwrap();
                gate.0 += read;
                if gate.0 > limit { gate.1.take() } else { None }
            };
            if let Some((tell, told)) = reached {
                let _ = tell.send(());
                let _ = told.recv();
            }
        }
        let _ = to.shutdown(std::net::Shutdown::Both);
    });
}

/// Starts a put of 64 MiB through a valve, calls `change` on the file half-way, and returns the put's exit
/// code and stderr.
fn put_while(change: impl FnOnce(&Path)) -> (Home, Option<i32>, String) {
    let mut home = Home::empty();
    let direct = home.serve(&home.path("data"));
    let valve = Valve::before(&direct.url, 20 << 20);
    home.server = Some(direct);
    // URLs are signed for the server's own address, so the valve has to be a proxy.
    let file = home.write("big.bin", &noise(1, 64 << 20));
    let mut put = home.command(&["put", "big.bin"]);
    put.env("http_proxy", format!("http://{}", valve.address));
    let child = put
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    valve.reached.recv().unwrap();
    change(&file);
    valve.go_on.send(()).unwrap();
    let output = child.wait_with_output().unwrap();
    (
        home,
        output.status.code(),
        String::from_utf8(output.stderr).unwrap(),
    )
}

#[test]
fn a_file_that_changes_while_it_is_read_is_not_published() {
    let grow = |path: &Path| {
        std::fs::OpenOptions::new()
            .append(true)
            .open(path)
            .unwrap()
            .write_all(b"more")
            .unwrap();
    };
    let truncate = |path: &Path| {
        std::fs::OpenOptions::new()
            .write(true)
            .open(path)
            .unwrap()
            .set_len(1 << 20)
            .unwrap();
    };
    let rewrite = |path: &Path| {
        use std::os::unix::fs::FileExt;
        let file = std::fs::OpenOptions::new().write(true).open(path).unwrap();
        file.write_all_at(b"other", 63 << 20).unwrap();
    };
    for change in [&grow as &dyn Fn(&Path), &truncate, &rewrite] {
        let (home, code, stderr) = put_while(change);
        assert_eq!(code, Some(1), "{stderr}");
        assert!(stderr.contains("changed while it was read"), "{stderr}");
        assert_eq!(home.run(&["ls"]).ok(), "");
        assert!(
            home.run(&["whoami"]).ok().contains("0 B of"),
            "the space was given back"
        );
    }
}

#[test]
fn a_store_that_fills_in_the_middle_of_an_upload_is_exit_6() {
    let Some(disk) = SmallDisk::mount(120 << 20) else {
        return;
    };
    let mut home = Home::empty();
    let mut serve = home.command(&["serve", "--listen", &free_address(), "--data-dir"]);
    serve.arg(disk.path().join("data"));
    // The database is elsewhere, so that only the store fills up.
    let database = home.path("hulk.db");
    serve.env(
        "HULK_DATABASE_URL",
        format!("sqlite://{}?mode=rwc", database.display()),
    );
    home.server = Some(Process::start(serve).unwrap());
    let valve = Valve::before(home.url(), 20 << 20);
    home.write("big.bin", &noise(1, 64 << 20));
    let mut put = home.command(&["put", "big.bin"]);
    put.env("http_proxy", format!("http://{}", valve.address));
    let child = put
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    valve.reached.recv().unwrap();
    let hog = disk.path().join("hog");
    // Uses up the rest of the disk.
    let _ = std::fs::write(&hog, vec![0; 120 << 20]);
    valve.go_on.send(()).unwrap();
    let output = child.wait_with_output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(6), "{stderr}");
    assert!(stderr.contains("disk is full"), "{stderr}");
    assert_eq!(home.run(&["ls"]).ok(), "");
    let refused = home.run(&["put", "big.bin"]).fails(6);
    assert!(refused.contains("disk is full"), "{refused}");
    std::fs::remove_file(hog).unwrap();
    home.run(&["put", "big.bin"]).ok();
}

#[test]
fn a_file_that_vanishes_while_it_is_read_is_put_whole() {
    let (home, code, stderr) = put_while(|path| std::fs::remove_file(path).unwrap());
    assert_eq!(code, Some(0), "{stderr}");
    assert!(home.run(&["get", "big.bin", "-o", "-"]).bytes() == noise(1, 64 << 20));
}

#[test]
fn a_server_that_dies_in_the_middle_is_unreachable_and_the_same_command_ends_it() {
    let home = Home::serving();
    let address = home.url().trim_start_matches("http://").to_owned();
    let process = home.server.as_ref().unwrap().id();
    let valve = Valve::before(home.url(), 20 << 20);
    home.write("big.bin", &noise(1, 64 << 20));
    let mut put = home.command(&["put", "-q", "big.bin"]);
    put.env("http_proxy", format!("http://{}", valve.address));
    let child = put
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    valve.reached.recv().unwrap();
    crate::harness::signal(process, "KILL");
    valve.go_on.send(()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(
        output.status.code(),
        Some(8),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let mut serve = home.command(&["serve", "--listen", &address, "--data-dir"]);
    serve.arg(home.path("data"));
    let again = crate::harness::Process::start(serve).unwrap();
    assert_eq!(home.run(&["ls"]).ok(), "");
    home.run(&["put", "big.bin"]).ok();
    assert!(home.run(&["get", "big.bin", "-o", "-"]).bytes() == noise(1, 64 << 20));
    drop(again);
}

#[test]
fn bytes_that_are_damaged_on_disk_are_not_saved() {
    let home = Home::serving();
    home.write("a.bin", &noise(1, 100_000));
    let link = home.run(&["put", "a.bin"]).ok();
    let data = crate::harness::files_below(&home.path("data/store/data"));
    let mut bytes = std::fs::read(&data[0]).unwrap();
    bytes[50_000] ^= 1;
    std::fs::write(&data[0], bytes).unwrap();
    let error = home.run(&["get", "-q", &link, "-o", "out.bin"]).fails(7);
    assert!(error.contains("SHA-256"), "{error}");
    assert!(!home.path("out.bin").exists());
    home.run(&["get", "-q", "--no-verify", &link, "-o", "out.bin"])
        .ok();
}

#[test]
fn an_interrupted_get_says_so() {
    let home = Home::serving();
    home.write("big.bin", &noise(1, 64 << 20));
    let link = home.run(&["put", "big.bin"]).ok();
    // Unread output holds up the download, and the byte that is read shows that it has begun.
    let mut get = home.command(&["get", &link, "-o", "-"]);
    let mut child = get
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdout.as_mut().unwrap().read_exact(&mut [0]).unwrap();
    crate::harness::signal(child.id(), "INT");
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130));
    assert!(String::from_utf8_lossy(&output.stderr).contains("interrupted"));
}
