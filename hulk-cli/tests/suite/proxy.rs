//! A connection that fails: a TCP proxy between the program and its server, for all connections to the
//! API and to the store.

use std::{
    io::{Read, Write},
    net::{Shutdown, TcpListener, TcpStream},
    process::Command,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread,
    time::Duration,
};

/// What happens to the bytes of one direction of a connection.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Line {
    Good,
    /// The connection is closed after this many bytes.
    CutAfter(usize),
    /// The response to the first request with this method, to a URL that contains this path, is lost, and
    /// its connection is closed.
    LoseAnswer(&'static str, &'static str),
    /// This response replaces one that is lost.
    Instead(&'static str),
    /// After this many bytes, nothing arrives, for ever.
    StallAfter(usize),
    /// One bit of this byte is flipped.
    FlipAt(usize),
    /// At most this many bytes per second.
    Slow(usize),
}

/// What happens to a connection.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Fate {
    Lines {
        up: Line,
        down: Line,
    },
    /// The first request gets this response, and the connection is closed.
    Answer(&'static str),
    /// Like `Answer`, but only for a request to the store.
    AnswerOfStore(&'static str),
}

impl Fate {
    pub(crate) const GOOD: Self = Self::Lines {
        up: Line::Good,
        down: Line::Good,
    };

    pub(crate) fn up(line: Line) -> Self {
        Self::Lines {
            up: line,
            down: Line::Good,
        }
    }

    pub(crate) fn down(line: Line) -> Self {
        Self::Lines {
            up: Line::Good,
            down: line,
        }
    }
}

pub(crate) struct Proxy {
    pub(crate) address: String,
    up: Arc<AtomicU64>,
    down: Arc<AtomicU64>,
}

impl Proxy {
    /// Starts a proxy; `fate` is called for each connection, with its number from 0.
    pub(crate) fn start(server: &str, fate: impl Fn(usize) -> Fate + Send + 'static) -> Self {
        Self::start_at("127.0.0.1:0", server, fate)
    }

    pub(crate) fn start_at(
        listen: &str,
        server: &str,
        fate: impl Fn(usize) -> Fate + Send + 'static,
    ) -> Self {
        let listener = TcpListener::bind(listen).unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let server = server.trim_start_matches("http://").to_owned();
        let (up, down) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
        let counters = (up.clone(), down.clone());
        thread::spawn(move || {
            for (index, client) in listener.incoming().flatten().enumerate() {
                match fate(index) {
                    Fate::Answer(answer) => drop(thread::spawn(move || reply(client, answer))),
                    Fate::AnswerOfStore(answer) if is_for_store(&client) => {
                        thread::spawn(move || reply(client, answer));
                    }
                    Fate::AnswerOfStore(_) => {
                        connect(&server, client, [Line::Good; 2], counters.clone());
                    }
                    Fate::Lines {
                        up: there,
                        down: back,
                    } => {
                        connect(&server, client, [there, back], counters.clone());
                    }
                }
            }
        });
        Self { address, up, down }
    }

    /// Makes a command use this proxy.
    pub(crate) fn put_before(&self, command: &mut Command) {
        command
            .env("http_proxy", format!("http://{}", self.address))
            .env("HULK_RETRY_TIMEOUT", "20")
            .env("HULK_STALL_TIMEOUT", "1");
    }

    /// Bytes sent to the server.
    pub(crate) fn sent(&self) -> u64 {
        self.up.load(Ordering::Relaxed)
    }

    /// Bytes received from the server.
    pub(crate) fn received(&self) -> u64 {
        self.down.load(Ordering::Relaxed)
    }
}

fn connect(
    server: &str,
    client: TcpStream,
    [there, back]: [Line; 2],
    (up, down): (Arc<AtomicU64>, Arc<AtomicU64>),
) {
    let Ok(upstream) = TcpStream::connect(server) else {
        return;
    };
    let (one, other) = (client.try_clone().unwrap(), upstream.try_clone().unwrap());
    let loses = Arc::new(AtomicBool::new(false));
    let loses_too = loses.clone();
    thread::spawn(move || pump(client, upstream, there, &up, &loses));
    thread::spawn(move || pump(other, one, back, &down, &loses_too));
}

/// Whether the request is for the store; only peeks at its first line.
fn is_for_store(client: &TcpStream) -> bool {
    let mut line = [0; 64];
    let read = client.peek(&mut line).unwrap_or(0);
    String::from_utf8_lossy(&line[..read]).contains("/hulkastorus-ugc/")
}

/// Forwards one direction. `loses` is shared by both directions of a connection: once it is set, the
/// response is lost.
fn pump(
    mut from: TcpStream,
    mut to: TcpStream,
    line: Line,
    counter: &AtomicU64,
    loses: &AtomicBool,
) {
    let (mut buffer, mut passed) = (vec![0; 16 << 10], 0);
    while let Ok(read) = from.read(&mut buffer) {
        if loses.load(Ordering::Relaxed) {
            if let Line::Instead(answer) = line {
                let _ = to.write_all(answer.as_bytes());
            }
            break;
        }
        let mut bytes = &mut buffer[..read];
        match line {
            Line::LoseAnswer(method, path) if is_request(bytes, method, path) => {
                loses.store(true, Ordering::Relaxed);
            }
            Line::CutAfter(limit) if passed + read > limit => bytes = &mut bytes[..limit - passed],
            Line::StallAfter(limit) if passed + read > limit => {
                bytes = &mut bytes[..limit - passed];
            }
            Line::FlipAt(at) if (passed..passed + read).contains(&at) => bytes[at - passed] ^= 4,
            Line::Slow(rate) => {
                thread::sleep(Duration::from_secs_f64(read as f64 / rate as f64));
            }
            _ => {}
        }
        if read == 0 || to.write_all(bytes).is_err() {
            break;
        }
        counter.fetch_add(bytes.len() as u64, Ordering::Relaxed);
        passed += read;
        match line {
            Line::CutAfter(limit) if passed >= limit => break,
            // Both ends stay open, waiting.
            Line::StallAfter(limit) if passed >= limit => loop {
                thread::park();
            },
            _ => {}
        }
    }
    let _ = to.shutdown(Shutdown::Both);
    let _ = from.shutdown(Shutdown::Both);
}

/// Whether these bytes begin such a request; a proxy gets the whole URL in the first line.
fn is_request(bytes: &[u8], method: &str, path: &str) -> bool {
    let line = bytes.split(|byte| *byte == b'\r').next();
    let line = String::from_utf8_lossy(line.unwrap_or_default());
    let mut words = line.split(' ');
    words.next() == Some(method) && words.next().is_some_and(|url| url.contains(path))
}

fn reply(mut client: TcpStream, answer: &str) {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") && client.read(&mut byte).is_ok_and(|read| read > 0) {
        head.push(byte[0]);
    }
    let _ = client.write_all(answer.as_bytes());
    let _ = client.shutdown(Shutdown::Write);
    // Reads what the client still sends: a reset would discard the response.
    let _ = client.set_read_timeout(Some(Duration::from_secs(1)));
    let _ = std::io::copy(&mut client, &mut std::io::sink());
}
