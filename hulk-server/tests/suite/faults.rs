//! Databases, stores and replicas that fail: nothing acknowledged is lost, and afterwards database and
//! store agree.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::{
    agree::assert_agreement,
    harness::{
        engine::{Engine, assign},
        postgres::Postgres,
        skipped,
    },
    load::Load,
    other_store::{Fault, OtherStore},
    server::{Server, code, noise, run, sha256, signed, text},
};

/// Asserts that all acknowledged uploads can be downloaded through their links without a key.
pub(crate) async fn assert_done(server: &Server, done: &[(String, String)]) {
    // A path that was uploaded repeatedly has its last content.
    let mut last = std::collections::HashMap::new();
    last.extend(done.iter().cloned());
    for (id, digest) in &last {
        let (status, bytes) = server.download(&format!("/d/{id}"), "").await;
        assert_eq!((status.as_u16(), &sha256(&bytes)), (200, digest), "{id}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn postgres_restarted_and_killed_under_load() {
    let Some(mut postgres) = Postgres::start(true) else {
        return;
    };
    let engine = Engine {
        database: Some(postgres.url()),
        ..Engine::default()
    };
    let server = Server::start_on(&engine, &[]);
    let key = server.user("ada@example.com").key;
    let load = Load::start(vec![server.process.url.clone()], &key, 4);
    for round in 0..6 {
        load.wait_for(10).await;
        match round % 2 {
            0 => postgres.stop(),
            _ => postgres.kill(),
        }
        if round == 0 {
            let (status, error) = server.get("/api/v1/me", &key).await;
            let expected = (503, "DATABASE_UNAVAILABLE");
            assert_eq!((status.as_u16(), code(&error)), expected);
        }
        postgres.start_again();
    }
    load.wait_for(10).await;
    let done = load.stop().await;
    assert_done(&server, &done).await;
    assert_agreement(&server).await;
}

/// Two replicas on one Postgres and an S3 store with injectable faults.
fn replicas(postgres: &Postgres, store: &OtherStore) -> Server {
    let engine = Engine {
        database: Some(postgres.url()),
        s3: Some(store.store()),
        has_replicas: true,
    };
    Server::start_on(&engine, &[])
}

fn is_complete(method: &Method, target: &str) -> bool {
    method == Method::POST && target.contains("uploadId=")
}

/// Sends a request while the store applies `fault` to requests that match, and waits until the store
/// has received one of them.
async fn reaches(
    store: &OtherStore,
    fault: Fault,
    matches: fn(&Method, &str) -> bool,
    request: impl Future<Output = ()> + Send + 'static,
) {
    let seen = Arc::new(AtomicUsize::new(0));
    let count = seen.clone();
    store.misbehave(move |method, target| {
        let is_meant = matches(method, target);
        count.fetch_add(usize::from(is_meant), Ordering::Relaxed);
        is_meant.then_some(fault)
    });
    let request = tokio::spawn(request);
    while seen.load(Ordering::Relaxed) == 0 {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    // By then the store has done its work, since it does not wait for its response to be read.
    tokio::time::sleep(Duration::from_millis(300)).await;
    request.abort();
}

/// Where a replica is killed: a name, the store's fault, and the requests that it applies to.
type Step = (&'static str, Fault, fn(&Method, &str) -> bool);

#[tokio::test(flavor = "multi_thread")]
async fn a_replica_is_killed_at_every_step_and_its_peer_ends_the_upload() {
    let Some(postgres) = Postgres::start(false) else {
        return;
    };
    let store = OtherStore::start();
    let is_create: fn(&Method, &str) -> bool =
        |method, target| method == Method::POST && target.contains("uploads");
    let is_head: fn(&Method, &str) -> bool =
        |method, target| method == Method::HEAD && target.matches('/').count() > 2;
    let steps: [Step; 5] = [
        (
            "before the upload is made in the store",
            Fault::Hang,
            is_create,
        ),
        ("before its id is in the row", Fault::Swallow, is_create),
        (
            "before the parts are put together",
            Fault::Hang,
            is_complete,
        ),
        ("after they were", Fault::Swallow, is_complete),
        ("before the object is looked at", Fault::Hang, is_head),
    ];
    let mut server = replicas(&postgres, &store);
    let key = server.user("ada@example.com").key;
    for (round, (step, fault, matches)) in (0..).zip(steps) {
        let bytes = noise(round, 9 << 20);
        let plan = json!({
            "path": format!("{step}.bin"), "size_bytes": bytes.len(), "sha256": sha256(&bytes),
        });
        let first = server.process.url.clone();
        let post = server.http.post(format!("{first}/api/v1/files"));
        let post = post.bearer_auth(&key).json(&plan);
        let etags = if round < 2 {
            reaches(&store, fault, matches, async move {
                let _ = post.send().await;
            })
            .await;
            None
        } else {
            let planned: Value = post.send().await.unwrap().json().await.unwrap();
            Some((send_parts(&server, &key, &planned, &bytes).await, planned))
        };
        if let Some((etags, planned)) = &etags {
            let report = report(&server, &first, &key, planned, etags, &bytes);
            reaches(&store, fault, matches, async move {
                let _ = report.send().await;
            })
            .await;
        }
        server.process.kill();
        store.behave();
        let peer = server.replica.as_ref().unwrap().url.clone();
        let post = server.http.post(format!("{peer}/api/v1/files"));
        let planned = post.bearer_auth(&key).json(&plan);
        let planned: Value = planned.send().await.unwrap().json().await.unwrap();
        let (etags, planned) = match etags {
            Some(sent) => sent,
            None => (send_parts(&server, &key, &planned, &bytes).await, planned),
        };
        let report = report(&server, &peer, &key, &planned, &etags, &bytes);
        let answer = report.send().await.unwrap();
        let (status, file) = (answer.status(), answer.json::<Value>().await.unwrap());
        assert_eq!(
            (status.as_u16(), &file["status"]),
            (200, &"validated".into()),
            "{step}: {file}"
        );
        // A new pair of replicas.
        let again = Server::start_in(&server.data_dir, &[]);
        server.process = again.process;
        server.replica = again.replica;
        let link = format!("/d/{}", file["id"].as_str().unwrap());
        assert!(server.download(&link, "").await.1 == bytes, "{step}");
    }
    server.process.terminate();
    text(&run(&server.data_dir, &["sweep", "--orphan-age", "0"], ""));
    let server = Server::start_in(&server.data_dir, &[]);
    assert_agreement(&server).await;
}

/// Sends all parts through the surviving replica; returns the store's ETags in order.
async fn send_parts(server: &Server, key: &str, planned: &Value, bytes: &[u8]) -> Vec<String> {
    let id = planned["file"]["id"].as_str().unwrap();
    let mut etags = Vec::new();
    for (number, part) in (1..).zip(bytes.chunks(8 << 20)) {
        let url = &server.replica.as_ref().unwrap().url;
        let sign = server
            .http
            .post(format!("{url}/api/v1/files/{id}/upload/parts"));
        let wanted = json!({ "parts": [{ "number": number }] });
        let parts = sign.bearer_auth(key).json(&wanted).send().await.unwrap();
        let parts: Value = parts.json().await.unwrap();
        let put = signed(&server.http, &parts["parts"][0]).body(part.to_vec());
        let answer = put.send().await.unwrap();
        assert_eq!(answer.status(), 200);
        let etag = answer.headers()["etag"].to_str().unwrap();
        etags.push(etag.trim_matches('"').to_owned());
    }
    etags
}

fn report(
    server: &Server,
    url: &str,
    key: &str,
    planned: &Value,
    etags: &[String],
    bytes: &[u8],
) -> reqwest::RequestBuilder {
    let id = planned["file"]["id"].as_str().unwrap();
    let body = json!({
        "status": "uploaded", "version": planned["file"]["version"],
        "sha256": sha256(bytes), "part_etags": etags,
    });
    let put = server.http.put(format!("{url}/api/v1/files/{id}/status"));
    put.bearer_auth(key).json(&body)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_refuses_hangs_or_forgets_costs_nothing_that_was_acknowledged() {
    let store = OtherStore::start();
    let engine = Engine {
        s3: Some(store.store()),
        ..Engine::default()
    };
    let server = Server::start_on(&engine, &[]);
    let key = server.user("ada@example.com").key;
    let file = server.upload(&key, "kept.txt", b"kept").await;

    store.misbehave(|_, _| Some(Fault::Refuse(StatusCode::SERVICE_UNAVAILABLE)));
    let plan = json!({ "path": "big.bin", "size_bytes": 9 << 20 });
    let (status, error) = server.post("/api/v1/files", &key, plan.clone()).await;
    assert_eq!(
        (status.as_u16(), code(&error)),
        (503, "STORE_UNAVAILABLE"),
        "{error}"
    );
    let (status, error) = server.get("/readyz", "").await;
    assert_eq!((status.as_u16(), code(&error)), (503, "STORE_UNAVAILABLE"));
    // Links need only the database.
    let link = file["url"].as_str().unwrap();
    assert_eq!(server.send(Method::GET, link, "", None).await.status(), 302);
    store.behave();
    let (status, planned) = server.post("/api/v1/files", &key, plan).await;
    assert_eq!(status, 201, "{planned}");

    // One part is refused once and accepted when it is sent again.
    let bytes = noise(1, 9 << 20);
    let mut refusals = 1;
    store.misbehave(move |method, target| {
        let is_meant = method == Method::PUT && target.contains("partNumber=2") && refusals > 0;
        refusals -= i32::from(is_meant);
        is_meant.then_some(Fault::Refuse(StatusCode::BAD_REQUEST))
    });
    let mut etags = Vec::new();
    for (number, part) in [
        (1, &bytes[..8 << 20]),
        (2, &bytes[8 << 20..]),
        (2, &bytes[8 << 20..]),
    ] {
        let wanted = json!([{ "number": number }]);
        let (_, parts) = server.sign(&key, &planned, wanted).await;
        let put = signed(&server.http, &parts["parts"][0]).body(part.to_vec());
        let answer = put.send().await.unwrap();
        if let Some(etag) = answer.headers().get("etag") {
            etags.push(etag.to_str().unwrap().trim_matches('"').to_owned());
        }
    }
    assert_eq!(etags.len(), 2);

    // The store hangs during the report; the client disconnects and reports again.
    let url = server.process.url.clone();
    let hanging = report(&server, &url, &key, &planned, &etags, &bytes);
    reaches(&store, Fault::Hang, is_complete, async move {
        let _ = hanging.send().await;
    })
    .await;
    store.behave();
    let answer = report(&server, &url, &key, &planned, &etags, &bytes)
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 200, "{}", answer.text().await.unwrap());
    assert_agreement(&server).await;
}

#[tokio::test]
async fn a_replica_whose_clock_is_days_ahead_ends_nothing_and_says_so() {
    let Some(faketime) = find_faketime() else {
        skipped(
            "faketime",
            "there is no /usr/lib/*/faketime/libfaketime.so.1",
        );
        return;
    };
    let Some(postgres) = Postgres::start(false) else {
        return;
    };
    let engine = Engine {
        database: Some(postgres.url()),
        ..Engine::default()
    };
    let mut server = Server::start_on(&engine, &[]);
    let key = server.user("ada@example.com").key;
    let body = json!({ "path": "short.txt", "size_bytes": 5, "expiration_policy": "7d" });
    let (_, planned) = server.post("/api/v1/files", &key, body).await;
    server.send_bytes(&key, &planned, b"hello").await;
    server.report(&key, &planned).await;
    server.plan(&key, "in-flight.bin", 1000).await;
    server.process.terminate();
    let mut sweep = crate::server::command(&server.data_dir);
    sweep
        .args(["--json", "sweep"])
        .env("LD_PRELOAD", &faketime)
        .env("FAKETIME", "+10d");
    let swept: Value = serde_json::from_str(&text(&sweep.output().unwrap())).unwrap();
    assert_eq!(
        (&swept["stale_uploads"], &swept["expired_files"]),
        (&0.into(), &0.into()),
        "{swept}"
    );
    let mut serve = crate::server::command(&server.data_dir);
    serve
        .args(["--listen", "127.0.0.1:0"])
        .env("LD_PRELOAD", &faketime)
        .env("FAKETIME", "+10d");
    server.process = crate::harness::Process::start(serve).unwrap();
    let (status, error) = server.get("/readyz", "").await;
    assert_eq!(status, 503);
    assert!(
        error["error"]["message"]
            .as_str()
            .unwrap()
            .contains("clock"),
        "{error}"
    );
}

#[test]
fn many_replicas_that_start_at_once_make_one_schema() {
    let Some(postgres) = Postgres::start(false) else {
        return;
    };
    let engine = Engine {
        database: Some(postgres.url()),
        ..Engine::default()
    };
    let directory = tempfile::TempDir::new().unwrap();
    let data_dir = directory.path().join("data");
    assign(&data_dir, engine);
    let migrations: Vec<_> = (0..6)
        .map(|_| {
            let mut migrate = crate::server::command(&data_dir);
            migrate.arg("migrate").spawn().unwrap()
        })
        .collect();
    for mut migration in migrations {
        assert!(migration.wait().unwrap().success());
    }
}

fn find_faketime() -> Option<std::path::PathBuf> {
    let places = std::fs::read_dir("/usr/lib").ok()?.flatten();
    places
        .map(|place| place.path().join("faketime/libfaketime.so.1"))
        .find(|library| library.exists())
}
