//! One file to the store: plan, send, report.

use std::{
    collections::HashMap,
    path::Path,
    sync::{Arc, Mutex, PoisonError, atomic::Ordering},
    time::Instant,
};

use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
use bytes::Bytes;
use hulk_proto::{
    CreateFile, CreatedFile, ErrorCode, File, Grid, Md5, Multipart, RemotePath, Sha256, Upload,
    file::{PutFile, ReportUpload, ReportedStatus},
};
use tokio::task::spawn_blocking;

use super::{
    Options, Watcher,
    body::{Body, changed},
    cut::{Cut, Progress, hash_file},
    journal::{Journal, stamp},
    multipart::{Kept, Sending},
    source::{Large, Small, Source},
    store::{self, Stored},
};
use crate::{
    client::Client,
    error::{Again, Error, Result},
};

/// What is the same for every file of a command.
#[derive(Clone)]
pub(crate) struct Uploader {
    pub(crate) client: Client,
    pub(crate) options: Options,
}

impl Uploader {
    /// Uploads `source` as `request` says; its size and digests are filled in here.
    /// If there is a directory at its path, the file goes to `else_at`.
    ///
    /// # Errors
    /// What the server refuses, before a byte is sent; a store that cannot be reached for too long;
    /// a file that changes meanwhile, whose upload is cancelled.
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

    async fn plan(
        &self,
        request: &mut CreateFile,
        else_at: Option<&RemotePath>,
    ) -> Result<CreatedFile> {
        match (self.client.create_file(request).await, else_at) {
            (Err(error), Some(path)) if error.code == ErrorCode::DirectoryExists => {
                request.path = path.clone();
                self.client.create_file(request).await
            }
            (planned, _) => planned,
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
        let created = self.plan(&mut request, else_at.as_ref()).await?;
        let len = small.bytes.len() as u64;
        if created.upload == Upload::None {
            watcher.moved(len);
            return Ok(put_file(created.file, 0, len));
        }
        self.send_small(&small, &created, watcher.clone()).await?;
        watcher.phase("checking");
        let file = self
            .client
            .report_upload(&created.file.id, &report_small(&small, &created))
            .await?;
        Ok(put_file(file, len, 0))
    }

    /// With its MD5, so that the store refuses what was damaged on the way.
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
        match net.patience().retry(put).await? {
            // An answer that was lost: what is there, the server compares.
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
        let attempt = Attempt {
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
            .patience()
            .retry(async || {
                attempt
                    .run(&mut *request.lock().await, else_at.as_ref())
                    .await
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
        let mut cut = Cut::stream(stream, path, head, part_size, Arc::default());
        let etags = sending.run(&mut cut, &self.options).await;
        // Reading that failed is why there are too few parts.
        let sha256 = cut.finish().await?;
        watcher.phase("completing");
        let report = report_parts(&created, sha256, etags?)?;
        let file = self.client.report_upload(&created.file.id, &report).await?;
        Ok(sent(file, &sending))
    }
}

/// The upload of a large file, as often as it has to be begun.
struct Attempt<'a> {
    uploader: &'a Uploader,
    large: &'a Large,
    journal: Arc<Mutex<Journal>>,
    hashed: Progress,
    watcher: Arc<dyn Watcher>,
}

impl Attempt<'_> {
    async fn run(&self, request: &mut CreateFile, else_at: Option<&RemotePath>) -> Result<PutFile> {
        let len = self.large.stamp.len;
        self.watcher.restart();
        let mut created = self.uploader.plan(request, else_at).await?;
        if let Upload::Multipart(plan) = &created.upload
            && plan.may_be_stored
            && !plan.has_previous
            && request.sha256.is_none()
        {
            request.sha256 = Some(self.hash().await?);
            created = self.uploader.plan(request, else_at).await?;
        }
        let plan = match &created.upload {
            Upload::None => {
                self.watcher.moved(len);
                return Ok(put_file(created.file, 0, len));
            }
            Upload::Single { .. } => return self.whole(&created, request.sha256).await,
            Upload::Multipart(plan) => plan.clone(),
        };
        let sent = self.parts(&created, plan, request.sha256).await;
        if let Err(error) = &sent
            && error.code == ErrorCode::LocalFile
        {
            // The file is not what was planned: nobody will go on with this upload.
            let _ = self.uploader.client.cancel_upload(&created.file.id).await;
        }
        sent
    }

    /// Reads all of it before anything is sent, since that may spare the sending.
    async fn hash(&self) -> Result<Sha256> {
        self.watcher.phase("hashing");
        let (file, path, len) = (
            self.large.file.clone(),
            self.large.path.clone(),
            self.large.stamp.len,
        );
        let hashed = self.hashed.clone();
        let work = spawn_blocking(move || hash_file(&file, &path, len, &hashed, |_| {}));
        let sha256 = work
            .await
            .map_err(|error| Error::failed(format!("hashing failed: {error}")))??;
        self.check_unchanged()?;
        self.lock().set_sha256(sha256);
        self.watcher.phase("sending");
        Ok(sha256)
    }

    async fn parts(
        &self,
        created: &CreatedFile,
        plan: Multipart,
        known: Option<Sha256>,
    ) -> Result<PutFile> {
        let len = self.large.stamp.len;
        let grid = Grid::new(len, plan.part_size).map_err(|_| unexpected())?;
        let kept = Kept {
            journal: self.journal.clone(),
            hashed: self.hashed.clone(),
            saved: Mutex::new(Instant::now()),
        };
        let client = &self.uploader.client;
        let sending = Sending::new(client, created, plan, Some(kept), self.watcher.clone());
        let sending = Arc::new(sending);
        let remembered = sending.remembered();
        let skipped: std::collections::HashSet<u32> = remembered.keys().copied().collect();
        let hashed = known.is_none().then(|| self.hashed.clone());
        let (file, path) = (self.large.file.clone(), self.large.path.clone());
        let mut cut = Cut::file(file, path, grid, move |n| skipped.contains(&n), hashed);
        let run = sending.run(&mut cut, &self.uploader.options).await;
        let sha256 = match cut.finish().await {
            Ok(found) => found.or(known),
            // What sending met comes first, but not if it is for want of what could not be read.
            Err(error) => {
                return Err(run
                    .err()
                    .filter(|e| e.again == Again::Never)
                    .unwrap_or(error));
            }
        };
        let mut etags = run?;
        etags.extend(remembered);
        self.check_unchanged()?;
        if let Some(sha256) = sha256 {
            self.lock().set_sha256(sha256);
        }
        self.watcher.phase("completing");
        let report = report_parts(created, sha256, etags)?;
        let file = client.report_upload(&created.file.id, &report).await?;
        Ok(sent(file, &sending))
    }

    /// In one request, where the part size is as large as the file.
    async fn whole(&self, created: &CreatedFile, known: Option<Sha256>) -> Result<PutFile> {
        let Upload::Single { url, headers, .. } = &created.upload else {
            return Err(unexpected());
        };
        let sha256 = match known {
            Some(sha256) => sha256,
            None => self.hash().await?,
        };
        let net = self.uploader.client.net();
        let body = Body::Range {
            file: self.large.file.clone(),
            path: self.large.path.clone(),
            offset: 0,
            len: self.large.stamp.len,
        };
        let hashing = body.clone();
        let checks = spawn_blocking(move || hashing.checks(hulk_proto::PartChecksum::Md5, None));
        let checks = checks
            .await
            .map_err(|error| Error::failed(format!("hashing failed: {error}")))??;
        let md5 = Some(checks.checksum.as_str());
        let put = || store::put(net, url, headers, md5, &body, self.watcher.clone());
        net.patience().retry(put).await?;
        self.check_unchanged()?;
        self.watcher.phase("checking");
        let report = ReportUpload {
            sha256: Some(sha256),
            ..report(created)
        };
        let client = &self.uploader.client;
        let file = client.report_upload(&created.file.id, &report).await?;
        Ok(put_file(file, self.large.stamp.len, 0))
    }

    fn check_unchanged(&self) -> Result<()> {
        let now = stamp(&self.large.file);
        let now = now.map_err(|error| Error::local("read", &self.large.path, &error))?;
        match self.large.stamp.has_same_contents(&now) {
            true => Ok(()),
            false => Err(changed(&self.large.path)),
        }
    }

    fn save(&self) {
        let mut journal = self.lock();
        if journal.sha256().is_none() {
            journal.set_hashed(&super::cut::lock(&self.hashed));
        }
        journal.save();
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Journal> {
        self.journal.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a request says of a file that is known whole.
pub(crate) fn fill(request: &mut CreateFile, small: &Small) {
    request.size_bytes = Some(small.bytes.len() as u64);
    request.sha256 = Some(small.sha256);
    request.part_md5s = vec![small.md5];
}

fn report(created: &CreatedFile) -> ReportUpload {
    ReportUpload {
        status: ReportedStatus::Uploaded,
        version: Some(created.file.version),
        sha256: None,
        md5: None,
        part_etags: None,
    }
}

pub(crate) fn report_small(small: &Small, created: &CreatedFile) -> ReportUpload {
    ReportUpload {
        sha256: Some(small.sha256),
        md5: Some(small.md5),
        ..report(created)
    }
}

fn report_parts(
    created: &CreatedFile,
    sha256: Option<Sha256>,
    mut etags: HashMap<u32, String>,
) -> Result<ReportUpload> {
    let count = u32::try_from(etags.len()).unwrap_or(u32::MAX);
    let in_order: Option<Vec<String>> = (1..=count).map(|number| etags.remove(&number)).collect();
    Ok(ReportUpload {
        sha256,
        part_etags: Some(in_order.ok_or_else(|| Error::failed("a part was not sent"))?),
        ..report(created)
    })
}

fn unexpected() -> Error {
    Error::unreachable("the server planned an upload that this hulk does not understand")
        .with_hint("the server may be newer than this hulk")
}

pub(crate) fn put_file(file: File, uploaded_bytes: u64, reused_bytes: u64) -> PutFile {
    PutFile {
        file,
        uploaded_bytes,
        reused_bytes,
        resumed: false,
    }
}

fn sent(file: File, sending: &Sending) -> PutFile {
    PutFile {
        resumed: sending.resumed.load(Ordering::Relaxed),
        ..put_file(
            file,
            sending.uploaded.load(Ordering::Relaxed),
            sending.reused.load(Ordering::Relaxed),
        )
    }
}
