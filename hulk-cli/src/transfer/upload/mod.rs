//! Uploads one file to the store: plan, send, report.

pub(crate) mod journal;
mod large;
pub(crate) mod part_urls;
pub(crate) mod parts;
mod plan;
pub(crate) mod report;
pub(crate) mod source;
pub(crate) mod splitter;

use std::{
    path::Path,
    sync::{Arc, Mutex},
};

use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
use bytes::Bytes;
use hulk_proto::{CreateFile, CreatedFile, ErrorCode, Md5, RemotePath, Upload, file::PutFile};

use super::{
    Watcher,
    body::Body,
    store::{self, Stored},
};
use crate::error::{Again, Error, Result};
use journal::Journal;
use large::LargeUpload;
use parts::Sending;
pub(crate) use plan::Uploader;
use report::{fill, put_file, report_parts, report_small, sent, unexpected};
use source::{Large, Small, Source};
use splitter::{Progress, Splitter};

/// How often a small file is planned at most.
const MAX_PLANS: u32 = 5;

impl Uploader {
    /// Uploads `source` as `request` says; its size and digests are filled in here.
    /// If there is a directory at its path, the file goes to `else_at`.
    ///
    /// # Errors
    /// If the server refuses, before a byte is sent; if the store cannot be reached for too long; if the file
    /// changes meanwhile, whose upload is then cancelled.
    pub(crate) async fn upload(
        &self,
        source: Source,
        request: CreateFile,
        else_at: Option<RemotePath>,
        watcher: Arc<dyn Watcher>,
    ) -> Result<PutFile> {
        match source {
            Source::Small(small) => self.small(small, request, else_at, watcher).await,
            Source::File(large) => self.large(large, request, else_at, watcher).await,
            Source::Stream {
                stream,
                path,
                head,
                head_md5,
            } => {
                let stream = (stream, path, head);
                self.stream(stream, head_md5, request, else_at, watcher)
                    .await
            }
        }
    }

    async fn small(
        &self,
        small: Small,
        mut request: CreateFile,
        else_at: Option<RemotePath>,
        watcher: Arc<dyn Watcher>,
    ) -> Result<PutFile> {
        fill(&mut request, &small);
        let mut plans = 1;
        loop {
            let put = self.small_once(&small, &mut request, &else_at, &watcher);
            match put.await {
                Err(error) if is_ended(&error) && plans < MAX_PLANS => {
                    plans += 1;
                    watcher.restart();
                }
                done => return done,
            }
        }
    }

    async fn small_once(
        &self,
        small: &Small,
        request: &mut CreateFile,
        else_at: &Option<RemotePath>,
        watcher: &Arc<dyn Watcher>,
    ) -> Result<PutFile> {
        let created = self.plan(request, else_at.as_ref()).await?;
        let len = small.bytes.len() as u64;
        if created.upload == Upload::None {
            watcher.moved(len);
            return Ok(put_file(created.file, 0, len));
        }
        self.send_small(small, &created, watcher.clone()).await?;
        watcher.phase("checking");
        let file = self
            .client
            .report_upload(&created.file.id, &report_small(small, &created))
            .await?;
        Ok(put_file(file, len, 0))
    }

    /// Sends a small file with its MD5, so that the store refuses bytes that were damaged in transit.
    pub(crate) async fn send_small(
        &self,
        small: &Small,
        created: &CreatedFile,
        watcher: Arc<dyn Watcher>,
    ) -> Result<()> {
        let Upload::Single { url, headers, .. } = &created.upload else {
            return Err(unexpected());
        };
        let (net, body) = (self.client.net(), Body::Memory(small.bytes.clone()));
        let md5 = BASE64.encode(small.md5.0);
        let put = || store::put(net, url, headers, Some(&md5), &body, watcher.clone());
        match net.retry_policy().retry(put).await? {
            // `Before` if the first answer was lost: the server compares the object.
            Stored::Before | Stored::Yes(_) => Ok(()),
        }
    }

    async fn large(
        &self,
        large: Large,
        mut request: CreateFile,
        else_at: Option<RemotePath>,
        watcher: Arc<dyn Watcher>,
    ) -> Result<PutFile> {
        let journal = Journal::open(&large.path, large.stamp);
        request.size_bytes = Some(large.stamp.len);
        request.part_size = self.options.part_size;
        request.sha256 = journal.sha256();
        request.part_md5s = vec![large.head_md5];
        let hashed: Progress = Arc::new(Mutex::new(journal.hashed()));
        let attempt = LargeUpload {
            uploader: self,
            large: &large,
            journal: Arc::new(Mutex::new(journal)),
            hashed,
            watcher,
        };
        let request = tokio::sync::Mutex::new(request);
        let outcome = self
            .client
            .net()
            .retry_policy()
            .retry(async || {
                let planned = &mut *request.lock().await;
                attempt.run(planned, else_at.as_ref()).await.map_err(anew)
            })
            .await;
        attempt.save();
        outcome
    }

    async fn stream(
        &self,
        (stream, path, head): (Box<dyn std::io::Read + Send>, Arc<Path>, Bytes),
        head_md5: Md5,
        mut request: CreateFile,
        else_at: Option<RemotePath>,
        watcher: Arc<dyn Watcher>,
    ) -> Result<PutFile> {
        request.size_bytes = None;
        request.part_size = self.options.part_size;
        request.part_md5s = vec![head_md5];
        let created = self.plan(&mut request, else_at.as_ref()).await?;
        let Upload::Multipart(plan) = created.upload.clone() else {
            return Err(unexpected());
        };
        let part_size = plan.part_size;
        let sending = Sending::new(&self.client, &created, plan, None, watcher.clone());
        let sending = Arc::new(sending);
        let mut splitter = Splitter::stream(stream, path, head, part_size, Arc::default());
        let etags = sending.run(&mut splitter, &self.options).await;
        // A read that failed comes first: it is why there are too few parts.
        let sha256 = splitter.finish().await?;
        watcher.phase("completing");
        let report = report_parts(&created, sha256, etags?)?;
        let file = self.client.report_upload(&created.file.id, &report).await?;
        Ok(sent(file, &sending))
    }
}

/// Whether the upload has ended meanwhile: another client, which puts the same file at the same time, ended it.
/// A new plan says what is left to do.
pub(crate) fn is_ended(error: &Error) -> bool {
    error.code == ErrorCode::NotFound || error.again == Again::Anew
}

/// Makes the error of an upload that no longer exists retryable: another client, which puts the same file at
/// the same time, ended it, and a new plan says what is left to do.
fn anew(error: Error) -> Error {
    match error.code {
        ErrorCode::NotFound => error.again(Again::Anew),
        _ => error,
    }
}
