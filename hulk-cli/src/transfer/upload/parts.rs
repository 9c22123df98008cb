//! Sends parts, several at a time, each until the store has it.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use hulk_proto::{
    CreatedFile, Multipart, PartChecksum,
    upload::{ReceivedPart, WantedPart},
};
use tokio::task::{JoinSet, spawn_blocking};

use super::{
    journal::Journal,
    part_urls::{PartUrls, Signed},
    splitter::{Part, Progress, Splitter, lock},
};
use crate::{
    client::Client,
    error::{Error, Result},
    http::retry::RetryPolicy,
    transfer::{
        Options, Watcher,
        concurrency::Concurrency,
        store::{self, Stored},
    },
};

/// How often the journal is written.
const SAVE_INTERVAL: Duration = Duration::from_secs(1);

/// State shared by all parts of an upload.
pub(crate) struct Sending {
    client: Client,
    plan: Multipart,
    is_open_ended: bool,
    received: HashMap<u32, ReceivedPart>,
    signer: PartUrls,
    retry_policy: RetryPolicy,
    watcher: Arc<dyn Watcher>,
    journal: Option<ResumeState>,
    pub(crate) uploaded: AtomicU64,
    pub(crate) reused: AtomicU64,
    pub(crate) resumed: AtomicBool,
}

/// A journal that is written at intervals.
pub(crate) struct ResumeState {
    pub(crate) journal: Arc<Mutex<Journal>>,
    pub(crate) hashed: Progress,
    pub(crate) saved: Mutex<Instant>,
}

impl Sending {
    pub(crate) fn new(
        client: &Client,
        created: &CreatedFile,
        plan: Multipart,
        journal: Option<ResumeState>,
        watcher: Arc<dyn Watcher>,
    ) -> Self {
        let teller = watcher.clone();
        let cannot_copy = move || {
            teller.note("the store cannot copy parts; sending the whole file");
        };
        let file = &created.file;
        let signer = PartUrls::start(client.clone(), file.id.clone(), file.version, cannot_copy);
        let reused = &plan.reused;
        let is_reused = |part: &&ReceivedPart| reused.contains(&part.number);
        let copied: u64 = plan
            .received
            .iter()
            .filter(is_reused)
            .map(|part| part.size_bytes)
            .sum();
        Self {
            client: client.clone(),
            is_open_ended: plan.part_count.is_none(),
            received: plan
                .received
                .iter()
                .map(|part| (part.number, part.clone()))
                .collect(),
            signer,
            retry_policy: client.net().retry_policy(),
            watcher,
            journal,
            uploaded: AtomicU64::new(0),
            reused: AtomicU64::new(copied),
            resumed: AtomicBool::new(false),
            plan,
        }
    }

    /// Returns the parts that the store has, according to the server and the journal: they need not be read.
    pub(crate) fn remembered(&self) -> HashMap<u32, String> {
        let Some(state) = &self.journal else {
            return HashMap::new();
        };
        let journal = state.journal.lock().unwrap_or_else(PoisonError::into_inner);
        let is_known = |part: &&ReceivedPart| {
            journal.etag(self.plan.part_size, part.number) == Some(&part.etag)
        };
        let known: HashMap<u32, String> = self
            .received
            .values()
            .filter(is_known)
            .map(|part| (part.number, part.etag.clone()))
            .collect();
        for number in known.keys() {
            self.watcher.moved(self.received[number].size_bytes);
            self.note_resumed(*number);
        }
        known
    }

    /// Sends the parts from `splitter`. Returns the ETags by part.
    pub(crate) async fn run(
        self: &Arc<Self>,
        splitter: &mut Splitter,
        options: &Options,
    ) -> Result<HashMap<u32, String>> {
        let mut concurrency = Concurrency::new(options.parallel);
        let mut etags = HashMap::new();
        let mut running = JoinSet::new();
        let mut is_cut = false;
        while !is_cut || !running.is_empty() {
            tokio::select! {
                part = splitter.parts.recv(), if !is_cut && running.len() < concurrency.limit() => match part {
                    Some(part) => drop(running.spawn(self.clone().send(part))),
                    None => is_cut = true,
                },
                Some(done) = running.join_next() => {
                    let done = done.map_err(|error| Error::failed(format!("sending failed: {error}")));
                    let (number, len, etag) = done??;
                    concurrency.moved(len);
                    self.record(number, &etag);
                    etags.insert(number, etag);
                }
            }
        }
        Ok(etags)
    }

    async fn send(self: Arc<Self>, part: Part) -> Result<(u32, u64, String)> {
        let (number, len) = (part.number, part.body.len());
        let received = self
            .received
            .get(&number)
            .filter(|had| had.size_bytes == len);
        let wants_digest = received.is_some() || self.plan.has_previous;
        let (body, checksum) = (part.body.clone(), self.plan.checksum);
        let digest = wants_digest.then_some(self.plan.part_digest);
        let checks = spawn_blocking(move || body.checks(checksum, digest)).await;
        let checks =
            checks.map_err(|error| Error::failed(format!("hashing failed: {error}")))??;
        if let Some(received) = received
            && checks.digest.as_ref() == Some(&received.etag)
        {
            self.watcher.moved(len);
            self.note_resumed(number);
            return Ok((number, len, received.etag.clone()));
        }
        let wanted = WantedPart {
            number,
            size_bytes: self.is_open_ended.then_some(len),
            crc32c: (checksum == PartChecksum::Crc32c).then(|| checks.checksum.clone()),
            digest: checks.digest.filter(|_| self.plan.has_previous),
        };
        let content_md5 = (checksum == PartChecksum::Md5).then_some(checks.checksum.as_str());
        let etag = self
            .retry_policy
            .retry(|| self.try_send(&part, &wanted, content_md5))
            .await?;
        Ok((number, len, etag))
    }

    async fn try_send(
        &self,
        part: &Part,
        wanted: &WantedPart,
        content_md5: Option<&str>,
    ) -> Result<String> {
        let signed = match self.signer.sign(wanted.clone()).await? {
            Signed::Reused(reused) => {
                self.watcher.moved(reused.size_bytes);
                self.reused.fetch_add(reused.size_bytes, Ordering::Relaxed);
                return Ok(reused.etag);
            }
            Signed::Send(signed) => signed,
        };
        let (net, watcher) = (self.client.net(), self.watcher.clone());
        let (url, headers) = (&signed.url, &signed.headers);
        match store::put(net, url, headers, content_md5, &part.body, watcher).await? {
            Stored::Yes(etag) if !etag.is_empty() => {
                self.uploaded.fetch_add(part.body.len(), Ordering::Relaxed);
                Ok(etag)
            }
            _ => Err(Error::unreachable(
                "the store accepted a part but did not send its ETag",
            )),
        }
    }

    fn note_resumed(&self, number: u32) {
        // A part that was copied for this very upload is not resumed.
        if !self.plan.reused.contains(&number) {
            self.resumed.store(true, Ordering::Relaxed);
        }
    }

    fn record(&self, number: u32, etag: &str) {
        let Some(state) = &self.journal else { return };
        let mut journal = state.journal.lock().unwrap_or_else(PoisonError::into_inner);
        journal.set_etag(self.plan.part_size, number, etag);
        let mut saved = state.saved.lock().unwrap_or_else(PoisonError::into_inner);
        if saved.elapsed() >= SAVE_INTERVAL {
            *saved = Instant::now();
            journal.set_hashed(&lock(&state.hashed));
            journal.save();
        }
    }
}
