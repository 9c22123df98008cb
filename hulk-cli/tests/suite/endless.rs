//! Servers and stores with endless responses: each is an error, soon.

use std::{
    io::{Read, Write},
    net::{Shutdown, TcpListener, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use hulk_proto::{
    ApiKeySecret, Directory, Id, Page, Permission, Timestamp, directory::DirectoryListing,
};
use serde::Serialize;
use serde_json::Value;

use crate::home::{Home, Ran};

/// Much longer than any of these commands needs.
const SOON: Duration = Duration::from_secs(60);

/// A server that answers each request with a function of its target.
pub(crate) struct Fake {
    pub(crate) url: String,
    connections: Arc<AtomicUsize>,
}

impl Fake {
    pub(crate) fn start(answer: impl Fn(&str, &mut TcpStream) + Clone + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let connections = Arc::new(AtomicUsize::new(0));
        let counter = connections.clone();
        thread::spawn(move || {
            for mut stream in listener.incoming().flatten() {
                counter.fetch_add(1, Ordering::Relaxed);
                let answer = answer.clone();
                thread::spawn(move || {
                    let target = target(&mut stream);
                    answer(&target, &mut stream);
                    let _ = stream.shutdown(Shutdown::Write);
                    let _ = stream.read_to_end(&mut Vec::new());
                });
            }
        });
        Self { url, connections }
    }

    /// Runs a command against this server, with a key.
    fn run(&self, home: &Home, arguments: &[&str]) -> Ran {
        let mut command = home.command(arguments);
        command
            .env("HULK_SERVER", &self.url)
            .env("HULK_API_KEY", ApiKeySecret::random().reveal());
        Ran::of(command.output().unwrap())
    }
}

/// Reads the head of a request; returns its target.
fn target(stream: &mut TcpStream) -> String {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte).is_ok_and(|read| read > 0) {
        head.push(byte[0]);
    }
    let head = String::from_utf8_lossy(&head);
    head.split(' ').nth(1).unwrap_or_default().to_owned()
}

pub(crate) fn send(stream: &mut TcpStream, status: &str, headers: &str, body: &str) {
    let head = format!(
        "HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n{headers}\r\n",
        body.len()
    );
    let _ = stream.write_all(head.as_bytes());
    let _ = stream.write_all(body.as_bytes());
}

fn send_json(stream: &mut TcpStream, body: &impl Serialize) {
    let body = serde_json::to_string(body).unwrap();
    send(
        stream,
        "200 OK",
        "Content-Type: application/json\r\n",
        &body,
    );
}

/// Sends a response whose body ends only when the client stops reading.
fn pour(stream: &mut TcpStream, status: &str, kind: &str, start: &str) {
    let head = format!("HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nConnection: close\r\n\r\n");
    let _ = stream.write_all(format!("{head}{start}").as_bytes());
    let block = vec![b' '; 64 << 10];
    while stream.write_all(&block).is_ok() {}
}

fn directory() -> Directory {
    let id = Id::random();
    Directory {
        url: format!("http://localhost/b/{id}"),
        id,
        path: "tree".parse().unwrap(),
        parent_id: None,
        default_permissions: Permission::Inherit,
        default_expiration_policy: None,
        metadata: serde_json::Map::new(),
        created_at: Timestamp::now(),
        updated_at: Timestamp::now(),
    }
}

/// Asserts that a command soon ends with exit 8 and these words.
fn ends(words: &str, run: impl FnOnce() -> Ran) {
    let start = Instant::now();
    let error = run().fails(8);
    assert!(error.contains(words), "{error}");
    assert!(start.elapsed() < SOON, "{words}: {:?}", start.elapsed());
}

#[test]
fn an_answer_without_end_is_no_answer() {
    let home = Home::empty();
    home.write("a.txt", b"a");
    let server = Fake::start(|_, stream| {
        pour(
            stream,
            "200 OK",
            "application/json",
            "{\"total\":1,\"items\":[",
        );
    });
    let link = format!("{}/b/000000000000", server.url);
    let commands = [
        &["whoami"][..],
        &["ls"],
        &["put", "a.txt"],
        &["get", "x"],
        &["get", &link],
    ];
    for arguments in commands {
        ends("larger than 64 MiB", || server.run(&home, arguments));
    }
    let asked = server.connections.load(Ordering::Relaxed);
    assert_eq!(asked, commands.len(), "none of them is asked for again");
}

#[test]
fn an_error_without_end_is_told_by_its_status() {
    let home = Home::empty();
    for kind in ["application/json", "text/html"] {
        let server = Fake::start(move |_, stream| {
            pour(
                stream,
                "500 Internal Server Error",
                kind,
                "{\"error\":{\"code\":\"",
            );
        });
        ends("answered 500", || server.run(&home, &["whoami"]));
        let link = format!("{}/d/000000000000/x", server.url);
        ends("answered 500", || home.run(&["get", &link]));
    }
}

#[test]
fn an_error_of_the_store_without_end_is_told_by_its_status() {
    let home = Home::empty();
    let server = Fake::start(|target, stream| match target.starts_with("/d/") {
        true => send(stream, "302 Found", "Location: /store/object\r\n", ""),
        false => pour(
            stream,
            "400 Bad Request",
            "application/xml",
            "<Error><Code>",
        ),
    });
    let link = format!("{}/d/000000000000/x", server.url);
    ends("refused the download: 400", || {
        home.run(&["get", "-q", &link])
    });
}

#[test]
fn a_cursor_that_comes_again_is_an_error() {
    let home = Home::empty();
    let listed = Page {
        items: vec![directory()],
        total: 1,
        next_cursor: Some("again".to_owned()),
    };
    let server = Fake::start(move |_, stream| send_json(stream, &listed));
    ends("repeats itself", || server.run(&home, &["ls"]));

    let listing = DirectoryListing {
        directory: directory(),
        directories: vec![directory()],
        files: Vec::new(),
        next_cursor: Some("again".to_owned()),
    };
    let server = Fake::start(move |_, stream| send_json(stream, &listing));
    let link = format!("{}/b/000000000000", server.url);
    ends("repeats itself", || home.run(&["get", "-q", &link]));
}

#[test]
fn ever_new_cursors_to_nothing_are_an_error() {
    let home = Home::empty();
    let count = Arc::new(AtomicUsize::new(0));
    let counter = count.clone();
    let server = Fake::start(move |target, stream| {
        let next = Some(format!("n{}", counter.fetch_add(1, Ordering::Relaxed)));
        match target.starts_with("/b/") {
            true => send_json(
                stream,
                &DirectoryListing {
                    directory: directory(),
                    directories: Vec::new(),
                    files: Vec::new(),
                    next_cursor: next,
                },
            ),
            false => send_json(
                stream,
                &Page::<Value> {
                    items: Vec::new(),
                    total: 9,
                    next_cursor: next,
                },
            ),
        }
    });
    ends("pages are empty", || server.run(&home, &["trash", "ls"]));
    assert_eq!(count.load(Ordering::Relaxed), 1);
    let link = format!("{}/b/000000000000", server.url);
    ends("pages are empty", || home.run(&["get", "-q", &link]));
    assert!(count.load(Ordering::Relaxed) < 200);
}

#[test]
fn ever_new_cursors_to_the_same_few_are_an_error() {
    let home = Home::empty();
    let count = Arc::new(AtomicUsize::new(0));
    let counter = count.clone();
    let server = Fake::start(move |_, stream| {
        let number = counter.fetch_add(1, Ordering::Relaxed);
        let one = Directory {
            id: Id::random(),
            path: format!("tree/{number}").parse().unwrap(),
            ..directory()
        };
        let listing = DirectoryListing {
            directory: directory(),
            directories: vec![one],
            files: Vec::new(),
            next_cursor: Some(format!("n{number}")),
        };
        send_json(stream, &listing);
    });
    let link = format!("{}/b/000000000000", server.url);
    ends("almost nothing", || home.run(&["get", "-q", &link]));
    assert!(count.load(Ordering::Relaxed) < 2000);
}

#[test]
fn a_directory_in_itself_is_an_error() {
    let home = Home::empty();
    let itself = directory();
    let listing = DirectoryListing {
        directory: itself.clone(),
        directories: vec![itself.clone()],
        files: Vec::new(),
        next_cursor: None,
    };
    let listed = Page {
        items: vec![itself],
        total: 1,
        next_cursor: None,
    };
    let nothing = Page::<Value> {
        items: Vec::new(),
        total: 0,
        next_cursor: None,
    };
    let server = Fake::start(move |target, stream| {
        if target.starts_with("/b/") {
            send_json(stream, &listing);
        } else if target.starts_with("/api/v1/directories") {
            send_json(stream, &listed);
        } else {
            send_json(stream, &nothing);
        }
    });
    ends("repeats itself", || server.run(&home, &["ls", "-R"]));
    let link = format!("{}/b/000000000000", server.url);
    ends("repeats itself", || home.run(&["get", "-q", &link]));
}

#[test]
fn directories_that_go_down_without_end_are_an_error() {
    let home = Home::empty();
    let server = Fake::start(|_, stream| {
        let listing = DirectoryListing {
            directory: directory(),
            directories: vec![directory()],
            files: Vec::new(),
            next_cursor: None,
        };
        send_json(stream, &listing);
    });
    let link = format!("{}/b/000000000000", server.url);
    let error = home.run(&["get", "-q", &link]).fails(1);
    assert!(error.contains("more than 1024 bytes"), "{error}");
}
