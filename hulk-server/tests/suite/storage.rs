//! The store from the operator's side: set-up, readiness, notices, and findings of the sweeps.

use aws_sdk_s3::primitives::ByteStream;
use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    agree::assert_agreement,
    server::{
        EVENTS_SECRET, Server, answer, code, database, has_embedded_store, md5, run, sha256,
        signed, sql, text,
    },
    store::{client_of, store_of},
};

/// Stops the server, runs all jobs, and starts it again; objects without a row count as orphans once
/// they are older than `hours`.
pub(crate) async fn sweep(server: &mut Server, hours: u64) -> Value {
    server.process.terminate();
    let hours = hours.to_string();
    let arguments = ["--json", "sweep", "--orphan-age", &hours];
    let swept = text(&run(&server.data_dir, &arguments, ""));
    let again = Server::start_in(&server.data_dir, &[]);
    (server.process, server.store_url) = (again.process, again.store_url);
    serde_json::from_str(&swept).unwrap()
}

/// The key of a finished file's object.
async fn key_of(server: &Server, file: &Value) -> String {
    let mut database = database(&server.data_dir).await;
    let key = sqlx::query_scalar("SELECT object_key FROM versions WHERE file_id = $1");
    let key = key.bind(file["id"].as_str().unwrap().to_owned());
    key.fetch_one(&mut database).await.unwrap()
}

fn object_key(planned: &Value) -> String {
    let url: reqwest::Url = planned["upload"]["url"].as_str().unwrap().parse().unwrap();
    url.path().splitn(3, '/').nth(2).unwrap().to_owned()
}

async fn notify(server: &Server, message: &Value) -> (u16, Value) {
    let (status, body) = answer(
        server
            .send(
                Method::POST,
                "/hooks/s3-events",
                EVENTS_SECRET,
                Some(message.clone()),
            )
            .await,
    )
    .await;
    (status.as_u16(), body)
}

/// A notice in the format of AWS S3.
fn notice(server: &Server, event: &str, key: &str) -> Value {
    let bucket = store_of(server).bucket;
    let object = json!({ "key": key.replace('/', "%2F"), "size": 5, "sequencer": "1" });
    let s3 = json!({ "bucket": { "name": bucket }, "object": object });
    json!({ "Records": [{ "eventName": event, "s3": s3 }] })
}

#[tokio::test]
async fn an_operator_sees_what_the_store_can_do() {
    let server = Server::start();
    let output = run(&server.data_dir, &["--json", "storage", "init"], "");
    if has_embedded_store() {
        // The running server holds the data directory.
        assert!(!output.status.success());
    } else {
        let checks: Value = serde_json::from_str(&text(&output)).unwrap();
        assert_eq!(checks[0]["outcome"], "good", "{checks}");
        for check in checks.as_array().unwrap() {
            let is_good = check["outcome"] == "good";
            assert_eq!(check["fix"].is_null(), is_good, "{check}");
        }
    }
    let (status, readiness) = server.get("/readyz?verbose", "").await;
    assert_eq!(
        (status.as_u16(), &readiness["ready"]),
        (200, &true.into()),
        "{readiness}"
    );
    let names: Vec<&str> = readiness["checks"]
        .as_array()
        .unwrap()
        .iter()
        .map(|check| check["name"].as_str().unwrap())
        .collect();
    for name in [
        "content-md5",
        "ranges",
        "copy",
        "parts",
        "unsigned headers",
        "cors",
        "store clock",
        "database clock",
    ] {
        assert!(names.contains(&name), "{name} is not in {names:?}");
    }
    assert_agreement(&server).await;
}

#[tokio::test]
async fn notices_settle_uploads_in_any_order_and_more_than_once() {
    let server = Server::start();
    let key = server.user("ada@example.com").key;
    // With an MD5, every store receives the object at its final key.
    let body = json!({
        "path": "a.txt", "size_bytes": 5, "sha256": sha256(b"hello"), "part_md5s": [md5(b"hello")],
    });
    let (_, planned) = server.post("/api/v1/files", &key, body).await;
    let object = object_key(&planned);
    let made = notice(&server, "ObjectCreated:Put", &object);
    let removed = notice(&server, "ObjectRemoved:Delete", &object);
    // A notice of something that has not happened changes nothing.
    let (status, done) = notify(&server, &made).await;
    assert_eq!((status, &done["settled"]), (200, &0.into()), "{done}");
    notify(&server, &removed).await;
    assert_eq!(
        server.send_bytes(&key, &planned, b"hello").await.status(),
        200
    );
    let wrapped = json!({ "Type": "Notification", "Message": made.to_string() });
    for (message, settled) in [(&wrapped, 1), (&made, 0), (&removed, 0), (&made, 0)] {
        let (status, done) = notify(&server, message).await;
        assert_eq!((status, &done["settled"]), (200, &settled.into()), "{done}");
        assert_eq!((&done["noticed"], &done["lost"]), (&1.into(), &0.into()));
    }
    let id = planned["file"]["id"].as_str().unwrap();
    let (_, file) = server.get(&format!("/api/v1/files/{id}"), &key).await;
    assert_eq!(file["status"], "validated");
    // The client's own report arrives afterwards.
    assert_eq!(server.report(&key, &planned).await.0, 200);
    assert_eq!(server.used_bytes(&key).await, 5);

    let store = store_of(&server);
    let delete = client_of(&store)
        .delete_object()
        .bucket(&store.bucket)
        .key(&object);
    delete.send().await.unwrap();
    let r2 =
        json!({ "action": "DeleteObject", "bucket": store.bucket, "object": { "key": object } });
    let (_, done) = notify(&server, &r2).await;
    assert_eq!(done["lost"], 1, "{done}");
    let (_, file) = server.get(&format!("/api/v1/files/{id}"), &key).await;
    assert_eq!(file["status"], "failed");
    assert_eq!(server.used_bytes(&key).await, 0);
    assert_agreement(&server).await;

    let foreign = json!({ "Records": [
        { "eventName": "ObjectRemoved:Delete", "s3": { "bucket": { "name": "elsewhere" }, "object": { "key": object } } },
        { "eventName": "ObjectRemoved:Delete", "s3": { "bucket": { "name": store.bucket }, "object": { "key": "a/b" } } },
    ] });
    let (status, done) = notify(&server, &foreign).await;
    assert_eq!((status, &done["noticed"]), (200, &0.into()));
    assert_eq!(
        notify(&server, &json!({ "Event": "s3:TestEvent" })).await.0,
        200
    );
    assert_eq!(notify(&server, &json!([{ "eventName": 1 }])).await.0, 400);
    let (status, error) = server.post("/hooks/s3-events", "wrong", made).await;
    assert_eq!((status.as_u16(), code(&error)), (401, "UNAUTHORIZED"));
}

#[tokio::test]
async fn a_notice_ends_an_upload_that_curl_made() {
    let server = Server::start();
    let key = server.user("ada@example.com").key;
    let request = server.http.put(server.url("/put/c.txt")).bearer_auth(&key);
    let redirect = request
        .header("content-length", "5")
        .body("hello")
        .send()
        .await
        .unwrap();
    let url = redirect.headers()["location"].to_str().unwrap();
    let sent = server.http.put(url).body("hello").send().await.unwrap();
    assert_eq!(sent.status(), 200);
    let url: reqwest::Url = url.parse().unwrap();
    let object = url.path().splitn(3, '/').nth(2).unwrap().to_owned();
    let (_, done) = notify(&server, &notice(&server, "ObjectCreated:Put", &object)).await;
    assert_eq!(done["settled"], 1, "{done}");
    assert_agreement(&server).await;
}

#[tokio::test]
async fn orphans_go_and_lost_files_are_told_but_nothing_in_flight_is_touched() {
    let mut server = Server::start();
    let user = server.user("ada@example.com");
    let key = user.key;
    let kept = server.upload(&key, "kept.txt", b"kept").await;
    let lost = server.upload(&key, "lost.txt", b"lost").await;
    let changed = server.upload(&key, "changed.txt", b"changed").await;
    let sent = server.plan(&key, "sent.txt", 4).await;
    server.send_bytes(&key, &sent, b"sent").await;
    let parts = server.plan(&key, "parts.bin", 9 << 20).await;
    let (_, first) = server.sign(&key, &parts, json!([{ "number": 1 }])).await;
    let put = signed(&server.http, &first["parts"][0]).body(vec![0; 8 << 20]);
    assert_eq!(put.send().await.unwrap().status(), 200);

    let (store, env) = (store_of(&server), server.env_name());
    let s3 = client_of(&store);
    let put = async |key: &str, bytes: &'static [u8]| {
        let put = s3.put_object().bucket(&store.bucket).key(key);
        put.body(ByteStream::from_static(bytes))
            .send()
            .await
            .unwrap();
    };
    let place = |file: &Value| {
        format!(
            "{env}/infinite/{}/{}",
            user.user_id,
            file["id"].as_str().unwrap()
        )
    };
    let orphan = format!("{}/7", place(&kept));
    let nobodys = format!("{env}/1d/{}/abcdefghijkl/1", user.user_id);
    let not_ours = format!("{env}/notes.txt");
    for key in [&orphan, &nobodys, &not_ours] {
        put(key, b"orphan").await;
    }
    let lost_key = key_of(&server, &lost).await;
    s3.delete_object()
        .bucket(&store.bucket)
        .key(lost_key)
        .send()
        .await
        .unwrap();
    put(&key_of(&server, &changed).await, b"other").await;
    let left = s3
        .create_multipart_upload()
        .bucket(&store.bucket)
        .key(&orphan);
    left.send().await.unwrap();

    let young = sweep(&mut server, 1).await;
    assert_eq!(
        (&young["orphaned_objects"], &young["lost_files"]),
        (&0.into(), &2.into()),
        "{young}"
    );
    let old = sweep(&mut server, 0).await;
    // Two objects without a row, one with other bytes, and an upload, which one of the stores cannot list.
    let orphans = old["orphaned_objects"].as_u64().unwrap();
    assert!(orphans == 4 || orphans == 3, "{old}");
    assert_eq!(old["lost_files"], 0);
    for file in [&lost, &changed] {
        let id = file["id"].as_str().unwrap();
        let (_, file) = server.get(&format!("/api/v1/files/{id}"), &key).await;
        assert_eq!(file["status"], "failed");
        assert_eq!(server.download(&format!("/d/{id}"), "").await.0, 404);
    }
    assert_eq!(server.used_bytes(&key).await, 8 + (9 << 20));
    // Uploads in progress can be finished.
    assert_eq!(server.report(&key, &sent).await.0, 200);
    let (_, last) = server.sign(&key, &parts, json!([{ "number": 2 }])).await;
    let put = signed(&server.http, &last["parts"][0]).body(vec![0; 1 << 20]);
    assert_eq!(put.send().await.unwrap().status(), 200);
    let kept_id = kept["id"].as_str().unwrap();
    assert_eq!(
        server.download(&format!("/d/{kept_id}"), "").await.1,
        b"kept"
    );
    let (store, s3) = (store_of(&server), client_of(&store_of(&server)));
    s3.delete_object()
        .bucket(&store.bucket)
        .key(&not_ours)
        .send()
        .await
        .unwrap();
    sweep(&mut server, 0).await;
    assert_agreement(&server).await;
}

#[tokio::test]
async fn a_store_that_has_nothing_is_not_believed() {
    let mut server = Server::start();
    let key = server.user("ada@example.com").key;
    for number in 0..12 {
        server
            .upload(&key, &format!("{number}.txt"), b"hello")
            .await;
    }
    let (store, env) = (store_of(&server), server.env_name());
    let s3 = client_of(&store);
    let listed = s3
        .list_objects_v2()
        .bucket(&store.bucket)
        .prefix(format!("{env}/"));
    for object in listed.send().await.unwrap().contents() {
        let delete = s3.delete_object().bucket(&store.bucket);
        delete.key(object.key().unwrap()).send().await.unwrap();
    }
    server.process.terminate();
    let swept = run(&server.data_dir, &["sweep"], "");
    assert!(!swept.status.success());
    let error = String::from_utf8_lossy(&swept.stderr).into_owned();
    assert!(error.contains("is it the right bucket"), "{error}");
    let again = Server::start_in(&server.data_dir, &[]);
    assert_eq!(again.get("/api/v1/files", &key).await.1["total"], 12);
}

#[tokio::test]
async fn a_dead_replicas_job_is_taken_over_and_wrong_usage_is_corrected() {
    let mut server = Server::start();
    let key = server.user("ada@example.com").key;
    server.upload(&key, "a.txt", b"hello").await;
    // Leases of a dead replica that end two seconds from now.
    server.process.terminate();
    let now = std::time::SystemTime::UNIX_EPOCH
        .elapsed()
        .unwrap()
        .as_millis() as u64;
    let leases = format!(
        "UPDATE jobs SET holder = 'dead', held_until = {}, position = ''",
        now + 2000
    );
    sql(&server.data_dir, leases).await;
    sql(
        &server.data_dir,
        "UPDATE users SET used_bytes = 77, file_count = 9",
    )
    .await;
    let swept = text(&run(&server.data_dir, &["--json", "sweep"], ""));
    let swept: Value = serde_json::from_str(&swept).unwrap();
    assert_eq!(swept["elsewhere"], json!([]), "{swept}");
    assert_eq!(swept["corrected_users"], 1);
    let again = Server::start_in(&server.data_dir, &[]);
    assert_eq!(again.used_bytes(&key).await, 5);
    assert_agreement(&again).await;
}
