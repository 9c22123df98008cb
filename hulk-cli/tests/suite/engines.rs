//! The same tests on Postgres and Garage, with two replicas behind one address.

use std::{
    io,
    net::{Shutdown, TcpListener, TcpStream},
    sync::{Arc, Mutex},
    thread,
};

use crate::harness::{
    engine::{Engine, run_suite},
    garage::Garage,
    postgres::Postgres,
};

/// Tests that bring their own proxy or server, or that only need the client.
const OWN: &[&str] = &[
    "endless::",
    "engines::",
    "faults::",
    "generated::",
    "limits::",
    "lines::",
    "planted::",
    "resume::a_cancelled_or_finished",
    "resume::a_damaged_journal",
    "resume::a_get_that_is_killed",
    "resume::a_hundred_kills",
    "resume::another_home",
    "serve::",
    "together::a_killed_download",
];

#[test]
fn two_replicas_on_postgres_and_garage() {
    let (Some(postgres), Some(garage)) = (Postgres::start(false), Garage::start()) else {
        return;
    };
    let engine = Engine {
        database: Some(postgres.url()),
        s3: Some(garage.store()),
        has_replicas: true,
    };
    run_suite(&engine, OWN);
}

/// Load balancer that forwards each connection to the next of several servers.
pub(crate) struct Balancer {
    pub(crate) url: String,
    upstreams: Arc<Mutex<Vec<String>>>,
}

impl Balancer {
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let upstreams: Arc<Mutex<Vec<String>>> = Arc::default();
        let all = upstreams.clone();
        thread::spawn(move || {
            for (turn, client) in listener.incoming().enumerate() {
                let address = {
                    let all = all.lock().unwrap();
                    all[turn % all.len()].clone()
                };
                let (Ok(client), Ok(server)) = (client, TcpStream::connect(address)) else {
                    continue;
                };
                pass(&client, &server);
                pass(&server, &client);
            }
        });
        Self { url, upstreams }
    }

    pub(crate) fn add(&self, url: &str) {
        let address = url.trim_start_matches("http://").to_owned();
        self.upstreams.lock().unwrap().push(address);
    }
}

fn pass(from: &TcpStream, to: &TcpStream) {
    let (mut from, mut to) = (from.try_clone().unwrap(), to.try_clone().unwrap());
    thread::spawn(move || {
        let _ = io::copy(&mut from, &mut to);
        let _ = to.shutdown(Shutdown::Write);
    });
}
