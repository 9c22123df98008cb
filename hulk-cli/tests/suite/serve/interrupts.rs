//! Signals to `hulk put --serve`, which is both a client and its server.

use std::{
    fs::{self, File},
    net::{TcpListener, TcpStream},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use super::{PutServe, wait_until};
use crate::{
    harness::{files_below, signal},
    home::{Home, noise},
};

const MIB: usize = 1 << 20;
/// Longest time that counts as at once.
const AT_ONCE: Duration = Duration::from_secs(3);

/// A command, and a check whether it has reached the point at which it is interrupted.
type Scene = (Command, Box<dyn FnMut() -> bool>);
/// A scene, and the signals that are sent.
type Interrupted = (fn(&Home) -> Scene, &'static [&'static str]);

fn before_the_database_answers(home: &Home) -> Scene {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    silent.set_nonblocking(true).unwrap();
    let url = format!("postgres://hulk@{}/hulk", silent.local_addr().unwrap());
    let mut put = home.command(&["put", "--serve", "a.txt"]);
    put.env("HULK_DATABASE_URL", url);
    let mut connections = Vec::new();
    let asked = move || {
        connections.extend(silent.accept());
        !connections.is_empty()
    };
    (put, Box::new(asked))
}

fn before_the_server_is_up(home: &Home) -> Scene {
    let lock = File::create(home.write("config/.lock", b"")).unwrap();
    lock.lock().unwrap();
    let database = home.path("state/data/hulk.db");
    let put = home.command(&["put", "--serve", "a.txt"]);
    (
        put,
        Box::new(move || lock.metadata().is_ok() && database.exists()),
    )
}

fn while_a_file_is_sent(home: &Home) -> Scene {
    home.write("big.bin", &noise(1, 24 * MIB));
    let put = ["put", "--serve", "--limit-rate", "200KiB", "big.bin"];
    (home.command(&put), bytes_are_stored(home))
}

fn while_a_directory_is_sent(home: &Home) -> Scene {
    for number in 0..30 {
        home.write(&format!("tree/{number}"), &noise(number, 100_000));
    }
    let put = ["put", "--serve", "--limit-rate", "20KiB", "tree"];
    (home.command(&put), bytes_are_stored(home))
}

fn bytes_are_stored(home: &Home) -> Box<dyn FnMut() -> bool> {
    let data = home.path("state/data/store/data");
    Box::new(move || !files_below(&data).is_empty())
}

/// The test holds the other end of the standard input.
fn while_the_standard_input_is_read(home: &Home) -> Scene {
    let mut put = home.command(&["put", "--serve", "-", "--name", "a.txt"]);
    put.stdin(Stdio::piped());
    let credentials = home.path("config/credentials.toml");
    (put, Box::new(move || credentials.exists()))
}

#[test]
fn a_put_is_interrupted_at_once_wherever_it_is() {
    let cases: [Interrupted; 8] = [
        (before_the_database_answers, &["TERM"]),
        (before_the_server_is_up, &["INT"]),
        (while_a_file_is_sent, &["INT"]),
        (while_a_file_is_sent, &["TERM"]),
        (while_a_file_is_sent, &["TERM", "TERM", "TERM"]),
        (while_a_directory_is_sent, &["INT"]),
        (while_a_directory_is_sent, &["TERM", "INT"]),
        (while_the_standard_input_is_read, &["TERM"]),
    ];
    for (number, (scene, signals)) in cases.into_iter().enumerate() {
        let home = Home::empty();
        home.write("a.txt", b"a");
        let (command, mut is_there) = scene(&home);
        let mut put = PutServe::start(command);
        wait_until("the moment", || {
            assert!(put.runs(), "{number}: it ended before");
            is_there()
        });
        let start = Instant::now();
        for name in signals {
            signal(put.id(), name);
        }
        let (code, said) = put.ends();
        assert_eq!(code, 130, "{number}: {said}");
        assert!(start.elapsed() < AT_ONCE, "{number}: {said}");
        assert!(said.contains("error: interrupted"), "{number}: {said}");
        drop(is_there);
        // Nothing that it left behind obstructs the next one.
        let mut again = PutServe::start(home.command(&["put", "--serve", "a.txt"]));
        let link = again.link();
        assert_eq!(home.run(&["get", &link, "-o", "-"]).bytes(), b"a");
        signal(again.id(), "INT");
        assert_eq!(again.ends().0, 0);
    }
}

/// Starts a download by curl at this rate, and waits for its first bytes.
fn download(home: &Home, link: &str, rate: &str) -> Child {
    fs::create_dir(home.path("down")).unwrap();
    let mut get = Command::new("curl");
    get.args(["-sfL", "--limit-rate", rate, link, "-o"]);
    get.arg(home.path("down/got"));
    get.stdout(Stdio::null()).stderr(Stdio::null());
    let child = get.spawn().unwrap();
    wait_until("bytes", || {
        let files = files_below(&home.path("down"));
        let mut sizes = files.iter().flat_map(fs::metadata);
        sizes.any(|found| found.len() > 0)
    });
    child
}

#[test]
fn what_is_put_is_served_until_a_signal_and_drained_until_another() {
    // Rate of a download that is under way, if any; size of the file in MiB; the signals; the exit code. What
    // is cut off is larger than the system buffers: else the server is done before its client.
    let cases: [(Option<&str>, usize, &[&str], i32); 6] = [
        (None, 3, &["INT"], 0),
        (None, 3, &["TERM"], 0),
        (Some("1M"), 3, &["INT"], 0),
        (Some("1M"), 3, &["TERM"], 0),
        (Some("30K"), 96, &["INT", "INT"], 130),
        (Some("30K"), 96, &["TERM", "INT"], 130),
    ];
    for (rate, size, signals, expected) in cases {
        let home = Home::empty();
        home.write("model.bin", &noise(1, size * MIB));
        let mut put = PutServe::start(home.command(&["put", "--serve", "model.bin"]));
        let link = put.link();
        let address = url::Url::parse(&link)
            .unwrap()
            .socket_addrs(|| None)
            .unwrap()[0];
        let mut get = rate.map(|rate| download(&home, &link, rate));
        let case = format!("{rate:?} {signals:?}");
        let mut start = Instant::now();
        for name in signals {
            assert!(put.runs(), "{case}");
            start = Instant::now();
            signal(put.id(), name);
            // By then it has received the signal.
            wait_until("no new connections", || {
                TcpStream::connect(address).is_err()
            });
        }
        let (code, said) = put.ends();
        assert_eq!(code, expected, "{case}: {said}");
        match (&mut get, code) {
            (Some(get), 0) => assert!(get.wait().unwrap().success(), "{case}"),
            (Some(get), _) => {
                assert!(start.elapsed() < AT_ONCE, "{case}");
                get.kill().unwrap();
                get.wait().unwrap();
            }
            (None, _) => {}
        }
    }
}
