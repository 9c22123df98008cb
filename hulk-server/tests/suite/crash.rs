//! `kill -9` of the server at random moments under parallel uploads.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use serde_json::json;

use crate::server::{Server, noise, sha256, signed};

const CRASHES: u64 = 50;
const WRITERS: u64 = 4;

/// (id, digest) of acknowledged uploads.
type Done = Arc<Mutex<Vec<(String, String)>>>;

#[tokio::test(flavor = "multi_thread")]
async fn what_was_said_to_be_done_survives_fifty_crashes() {
    let directory = tempfile::TempDir::new().unwrap();
    let data_dir = directory.path().join("data");
    let mut server = Server::start_in(&data_dir, &[]);
    let key = server.user("ada@example.com").key;
    let done: Done = Arc::default();
    for crash in 0..CRASHES {
        let before = done.lock().unwrap().len();
        let writers: Vec<_> = (0..WRITERS)
            .map(|writer| {
                let (http, url) = (server.http.clone(), server.process.url.clone());
                tokio::spawn(write_until_it_fails(
                    http,
                    url,
                    key.clone(),
                    done.clone(),
                    crash * 10 + writer,
                ))
            })
            .collect();
        // A different moment each time, after a varying number of uploads.
        let enough = before + (crash % 4) as usize;
        while done.lock().unwrap().len() < enough {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        tokio::time::sleep(Duration::from_millis((crash * 13) % 40)).await;
        server.process.kill();
        for writer in writers {
            writer.await.unwrap();
        }
        server = Server::start_in(&data_dir, &[]);
    }
    let done = done.lock().unwrap().clone();
    for (id, digest) in &done {
        let (status, bytes) = server.download(&format!("/d/{id}"), "").await;
        assert_eq!((status.as_u16(), &sha256(&bytes)), (200, digest));
    }
    let mut seen = 0;
    let mut cursor = String::new();
    loop {
        let (_, page) = server
            .get(&format!("/api/v1/files?limit=1000{cursor}"), &key)
            .await;
        for file in page["items"].as_array().unwrap() {
            // Includes files whose acknowledgement was lost in the crash: they are complete as well.
            let (status, bytes) = server
                .download(
                    file["url"]
                        .as_str()
                        .unwrap()
                        .split("/d/")
                        .last()
                        .map(|rest| format!("/d/{rest}"))
                        .unwrap()
                        .as_str(),
                    "",
                )
                .await;
            assert_eq!(
                (status.as_u16(), sha256(&bytes).as_str()),
                (200, file["sha256"].as_str().unwrap())
            );
            seen += file["size_bytes"].as_u64().unwrap();
        }
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    let reserved = reserved_bytes(&server, &key).await;
    assert_eq!(
        server.used_bytes(&key).await,
        seen + reserved,
        "usage is not the sum of all sizes"
    );
}

async fn reserved_bytes(server: &Server, key: &str) -> u64 {
    let mut bytes = 0;
    for status in ["reserved", "uploaded"] {
        let (_, page) = server
            .get(
                &format!("/api/v1/files?limit=1000&filter~status={status}"),
                key,
            )
            .await;
        bytes += page["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|file| file["size_bytes"].as_u64().unwrap())
            .sum::<u64>();
    }
    bytes
}

/// Uploads files to new paths until an upload fails because of the crash.
async fn write_until_it_fails(
    http: reqwest::Client,
    url: String,
    key: String,
    done: Done,
    seed: u64,
) {
    for number in 0.. {
        let bytes = noise(
            seed * 1000 + number,
            1 + (number as usize * 77_777) % 600_000,
        );
        let plan = json!({ "path": format!("{seed}/{number}"), "size_bytes": bytes.len() });
        let Some(planned) = ask(http
            .post(format!("{url}/api/v1/files"))
            .bearer_auth(&key)
            .json(&plan))
        .await
        else {
            return;
        };
        let put = signed(&http, &planned["upload"])
            .body(bytes.clone())
            .send()
            .await;
        match put {
            Ok(answer) => assert_eq!(answer.status(), 200),
            Err(_) => return,
        }
        let id = planned["file"]["id"].as_str().unwrap();
        let report = http
            .put(format!("{url}/api/v1/files/{id}/status"))
            .bearer_auth(&key)
            .json(&json!({ "status": "uploaded", "sha256": sha256(&bytes) }));
        let Some(file) = ask(report).await else {
            return;
        };
        assert_eq!(file["status"], "validated");
        done.lock().unwrap().push((id.to_owned(), sha256(&bytes)));
    }
}

async fn ask(request: reqwest::RequestBuilder) -> Option<serde_json::Value> {
    let answer = request.send().await.ok()?;
    assert!(answer.status().is_success(), "{}", answer.status());
    answer.json().await.ok()
}
