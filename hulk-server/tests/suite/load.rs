//! Writers that retry until they succeed, like the command line.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use reqwest::RequestBuilder;
use serde_json::{Value, json};

use crate::server::{client, noise, sha256, signed};

/// Size of a part; larger files are sent in parts.
const PART: usize = 8 << 20;

/// (id, digest) of acknowledged uploads.
pub(crate) type Done = Vec<(String, String)>;

pub(crate) struct Load {
    stop: Arc<AtomicBool>,
    done: Arc<Mutex<Done>>,
    urls: Arc<Mutex<Vec<String>>>,
    writers: Vec<tokio::task::JoinHandle<()>>,
}

#[derive(Clone)]
struct Writer {
    http: reqwest::Client,
    key: String,
    urls: Arc<Mutex<Vec<String>>>,
    turn: Arc<AtomicU64>,
    stop: Arc<AtomicBool>,
}

impl Load {
    /// Starts the writers; each request goes to the next of `urls`.
    pub(crate) fn start(urls: Vec<String>, key: &str, writers: u64) -> Self {
        let (stop, done) = (Arc::<AtomicBool>::default(), Arc::<Mutex<Done>>::default());
        let urls = Arc::new(Mutex::new(urls));
        let writer = Writer {
            http: client(),
            key: key.to_owned(),
            urls: urls.clone(),
            turn: Arc::default(),
            stop: stop.clone(),
        };
        let writers = (0..writers).map(|number| {
            let (writer, done) = (writer.clone(), done.clone());
            tokio::spawn(async move {
                for round in 0.. {
                    if let Some(file) = writer.put(number, round).await {
                        done.lock().unwrap().push(file);
                    }
                    if writer.stop.load(Ordering::Relaxed) {
                        return;
                    }
                }
            })
        });
        Self {
            writers: writers.collect(),
            stop,
            done,
            urls,
        }
    }

    /// Replaces the URL of a server that was restarted at another address.
    pub(crate) fn replace(&self, old: &str, new: &str) {
        for url in self.urls.lock().unwrap().iter_mut() {
            if url == old {
                new.clone_into(url);
            }
        }
    }

    pub(crate) fn count(&self) -> usize {
        self.done.lock().unwrap().len()
    }

    /// Waits for this many more uploads, so that others are in progress.
    pub(crate) async fn wait_for(&self, more: usize) {
        let enough = self.count() + more;
        for _ in 0..6000 {
            if self.count() >= enough {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("uploads no longer complete");
    }

    pub(crate) async fn stop(self) -> Done {
        self.stop.store(true, Ordering::Relaxed);
        for writer in self.writers {
            writer.await.unwrap();
        }
        self.done.lock().unwrap().clone()
    }
}

impl Writer {
    /// Uploads a file, retrying until it succeeds. Returns `None` if the load was stopped before.
    async fn put(&self, number: u64, round: u64) -> Option<(String, String)> {
        let size = match round % 16 {
            15 => PART + 1000 + number as usize,
            _ => 1 + (round as usize * 77_777 + number as usize) % 300_000,
        };
        let bytes = noise(number * 100_000 + round, size);
        // One upload in four overwrites the same path.
        let path = match round % 4 {
            3 => format!("{number}/again"),
            _ => format!("{number}/{round}"),
        };
        let digest = sha256(&bytes);
        let plan = json!({ "path": path, "size_bytes": size, "sha256": digest });
        loop {
            if let Some(id) = self.try_put(&plan, &bytes, &digest).await {
                return Some((id, digest));
            }
            if self.stop.load(Ordering::Relaxed) {
                return None;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    async fn try_put(&self, plan: &Value, bytes: &[u8], digest: &str) -> Option<String> {
        let planned = self.ask("POST", "/api/v1/files", plan).await?;
        let id = planned["file"]["id"].as_str()?.to_owned();
        let upload = &planned["upload"];
        match upload["kind"].as_str()? {
            "none" => return Some(id),
            "single" => self.send(upload, bytes).await?,
            _ => {
                for (number, part) in (1..).zip(bytes.chunks(PART)) {
                    let wanted = json!({ "parts": [{ "number": number }] });
                    let path = format!("/api/v1/files/{id}/upload/parts");
                    let signed = self.ask("POST", &path, &wanted).await?;
                    self.send(&signed["parts"][0], part).await?;
                }
            }
        }
        let report = json!({
            "status": "uploaded", "version": planned["file"]["version"], "sha256": digest,
        });
        let path = format!("/api/v1/files/{id}/status");
        let file = self.ask("PUT", &path, &report).await?;
        (file["status"] == "validated").then_some(id)
    }

    async fn send(&self, upload: &Value, bytes: &[u8]) -> Option<()> {
        let sent = answer(signed(&self.http, upload).body(bytes.to_vec())).await?;
        // 412: an earlier attempt has already sent the bytes.
        let is_there = sent.status().is_success() || sent.status() == 412;
        is_there.then_some(())
    }

    async fn ask(&self, method: &str, path: &str, body: &Value) -> Option<Value> {
        let turn = self.turn.fetch_add(1, Ordering::Relaxed) as usize;
        let url = {
            let urls = self.urls.lock().unwrap();
            format!("{}{path}", urls[turn % urls.len()])
        };
        let method = method.parse().unwrap();
        let request = self.http.request(method, url);
        let answer = answer(request.bearer_auth(&self.key).json(body)).await?;
        let status = answer.status();
        let body: Value = answer.json().await.ok()?;
        assert_ne!(status, 500, "{body}");
        status.is_success().then_some(body)
    }
}

async fn answer(request: RequestBuilder) -> Option<reqwest::Response> {
    request.timeout(Duration::from_secs(30)).send().await.ok()
}
