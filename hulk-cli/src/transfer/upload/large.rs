//! Uploads a large file: in parts, or in one request if a part may be that large.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Instant,
};

use hulk_proto::{
    CreateFile, CreatedFile, ErrorCode, Multipart, PartLayout, RemotePath, Sha256, Upload,
    file::{PutFile, ReportUpload},
};
use tokio::task::spawn_blocking;

use super::{
    journal::{Journal, stamp},
    parts::{ResumeState, Sending},
    plan::Uploader,
    report::{put_file, report, report_parts, sent, unexpected},
    source::Large,
    splitter::{Progress, Splitter, hash_file, lock},
};
use crate::{
    error::{Again, Error, Result},
    file_io::has_byte_at,
    transfer::{
        Watcher,
        body::{Body, changed},
        store,
    },
};

/// Upload of a large file, which may have to start over several times.
pub(crate) struct LargeUpload<'a> {
    pub(crate) uploader: &'a Uploader,
    pub(crate) large: &'a Large,
    pub(crate) journal: Arc<Mutex<Journal>>,
    pub(crate) hashed: Progress,
    pub(crate) watcher: Arc<dyn Watcher>,
}

impl LargeUpload<'_> {
    pub(crate) async fn run(
        &self,
        request: &mut CreateFile,
        else_at: Option<&RemotePath>,
    ) -> Result<PutFile> {
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
            // The file is not what was planned: no client will resume this upload.
            let _ = self.uploader.client.cancel_upload(&created.file.id).await;
        }
        sent
    }

    /// Reads the whole file before anything is sent, since that may make sending unnecessary.
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
        let layout = PartLayout::new(len, plan.part_size).map_err(|_| unexpected())?;
        let state = ResumeState {
            journal: self.journal.clone(),
            hashed: self.hashed.clone(),
            saved: Mutex::new(Instant::now()),
        };
        let client = &self.uploader.client;
        let sending = Sending::new(client, created, plan, Some(state), self.watcher.clone());
        let sending = Arc::new(sending);
        let remembered = sending.remembered();
        let skipped: std::collections::HashSet<u32> = remembered.keys().copied().collect();
        let hashed = known.is_none().then(|| self.hashed.clone());
        let (file, path) = (self.large.file.clone(), self.large.path.clone());
        let mut splitter =
            Splitter::file(file, path, layout, move |n| skipped.contains(&n), hashed);
        let run = sending.run(&mut splitter, &self.uploader.options).await;
        let sha256 = match splitter.finish().await {
            Ok(found) => found.or(known),
            // A final sending error comes first; a temporary one may be due to the read that failed.
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

    /// Sends the file in one request, since a part may be as large as the file.
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
        net.retry_policy().retry(put).await?;
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
        // Some file systems report a size that is too small.
        let has_more = has_byte_at(&self.large.file, self.large.stamp.len);
        match self.large.stamp.has_same_contents(&now) && !has_more {
            true => Ok(()),
            false => Err(changed(&self.large.path)),
        }
    }

    pub(crate) fn save(&self) {
        let mut journal = self.lock();
        if journal.sha256().is_none() {
            journal.set_hashed(&lock(&self.hashed));
        }
        journal.save();
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Journal> {
        self.journal.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
