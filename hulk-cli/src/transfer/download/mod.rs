//! Downloads one file from the store: to a temporary name, checked, then renamed.

mod begun;
pub(crate) mod cache;
pub(crate) mod fetch;
pub(crate) mod link;
pub(crate) mod partial;
pub(crate) mod read_ahead;

use std::{
    fs::File,
    io::{self, Write},
    path::Path,
    sync::Arc,
};

use bytes::Bytes;
use hulk_proto::{Blake3, Md5, PartDigest, Sha256, download::LinkedFile, path::is_local_name};
use md5::Digest;
use tokio::{
    sync::mpsc,
    task::{JoinHandle, spawn_blocking},
};

use super::{RANGE_BYTES, Watcher};
use crate::{
    attributes::Attributes,
    error::{Error, Result},
    file_io::{each_block, write_all_at},
};
use cache::Cache;
use fetch::Fetcher;
use link::Link;
use partial::{Partial, Place};
use read_ahead::ReadAhead;

/// Bytes that are written to the disk at once.
const WRITE_BYTES: usize = 64 << 10;
/// How often damaged bytes are fetched again.
const REPAIRS: usize = 2;

/// A download whose first bytes have arrived.
pub(crate) struct Download {
    fetcher: Arc<Fetcher>,
    first: Bytes,
    /// Name that its owner gave it; safe as a file name here.
    pub(crate) filename: Option<String>,
    pub(crate) size_bytes: u64,
    /// Digest of the file, according to the server.
    pub(crate) sha256: Option<Sha256>,
    pub(crate) attributes: Attributes,
}

/// How to save a download.
pub(crate) struct Saving<'a> {
    pub(crate) place: Place<'a>,
    pub(crate) verify: bool,
    pub(crate) parallel: Option<usize>,
}

/// Size and digest of the bytes received.
pub(crate) struct Received {
    pub(crate) size_bytes: u64,
    pub(crate) sha256: Sha256,
}

impl Download {
    /// Follows a link to the store.
    ///
    /// # Errors
    /// If the server refuses, or the URL is not a Hulkastorus link.
    pub(crate) async fn begin(link: Link, watcher: Arc<dyn Watcher>) -> Result<Self> {
        let target = link.follow().await?;
        let last_part = link.last_part();
        let fetcher = Fetcher::new(link, target.url, target.sha256, watcher);
        let (whole, first) = fetcher.first(RANGE_BYTES).await?;
        Ok(Self {
            fetcher: Arc::new(fetcher),
            first,
            filename: whole
                .filename
                .or(last_part)
                .filter(|name| is_local_name(name)),
            size_bytes: whole.size_bytes,
            sha256: target.sha256,
            attributes: target.attributes,
        })
    }

    /// Writes the bytes to a file beside the path, checks them, and renames it to the path.
    ///
    /// # Errors
    /// If disk or network fails; the bytes received so far are kept for the next run. `integrity` if the
    /// bytes do not have the server's digest; then nothing is kept.
    pub(crate) async fn save(self, saving: &Saving<'_>, cache: Option<&Cache>) -> Result<Received> {
        let (path, size) = (saving.place.path.to_owned(), self.size_bytes);
        let sha256 = self.sha256.filter(|_| saving.verify);
        if self.first.len() as u64 == size
            && let Some(found) = self.save_small(saving, cache).await?
        {
            return Ok(found);
        }
        let claim = self.fetcher.link().claim();
        let Place {
            replace,
            attributes,
            ..
        } = saving.place;
        let open = move || {
            let place = Place {
                path: &path,
                replace,
                attributes,
            };
            Partial::open(place, size, sha256, claim)
        };
        let opened = spawn_blocking(open).await;
        let mut partial = opened.map_err(|error| Error::failed(error.to_string()))??;
        let mut found = self.fill(&partial, saving).await?;
        if let Some(expected) = sha256 {
            let mut repairs = 0;
            while found.sha256 != expected {
                if repairs == REPAIRS {
                    partial.delete();
                    return Err(mismatch(saving.place.path, found.sha256, expected));
                }
                repairs += 1;
                found = self.repair(&partial, saving).await?;
            }
        }
        if let (Some(cache), Some(sha256)) = (cache, sha256) {
            cache.add(sha256, size, partial.path());
        }
        partial.finish(saving.place)?;
        Ok(found)
    }

    /// Saves a file that has arrived completely. `None` if it does not have the server's digest: then it is
    /// fetched again.
    async fn save_small(
        &self,
        saving: &Saving<'_>,
        cache: Option<&Cache>,
    ) -> Result<Option<Received>> {
        let (bytes, path) = (self.first.clone(), saving.place.path.to_owned());
        let Place {
            replace,
            attributes,
            ..
        } = saving.place;
        let sha256 = self.sha256.filter(|_| saving.verify);
        let cache = cache.cloned();
        let written = spawn_blocking(move || {
            let found = Sha256(sha2::Sha256::digest(&bytes).into());
            if sha256.is_some_and(|expected| expected != found) {
                return Ok(None);
            }
            let fault = |error: io::Error| Error::local("write", &path, &error);
            let place = Place {
                path: &path,
                replace,
                attributes,
            };
            let mut partial = Partial::aside(place).map_err(fault)?;
            partial.file.write_all(&bytes).map_err(fault)?;
            let size_bytes = bytes.len() as u64;
            if let Some(cache) = cache {
                cache.add(found, size_bytes, partial.path());
            }
            partial.finish(place)?;
            let sha256 = found;
            Ok(Some(Received { size_bytes, sha256 }))
        });
        joined(written.await)?
    }

    /// Fetches the missing bytes of the file in order, and hashes the whole.
    async fn fill(&self, partial: &Partial, saving: &Saving<'_>) -> Result<Received> {
        let fault = |error: io::Error| Error::local("write", saving.place.path, &error);
        self.fetcher
            .watcher
            .moved(partial.complete_bytes.saturating_sub(
                // The first part was counted when it arrived.
                match partial.complete_bytes {
                    0 => 0,
                    _ => self.first.len() as u64,
                },
            ));
        let out = partial.file.try_clone().map_err(fault)?;
        let (to_writer, writer) = writing(Out::File(out, partial.complete_bytes));
        let file = partial.file.try_clone().map_err(fault)?;
        let (to_hasher, hasher) = hashing(Some(file), partial.complete_bytes);
        let fed = self.feed(
            partial.complete_bytes,
            saving.parallel,
            &to_writer,
            &to_hasher,
        );
        let fed = fed.await;
        drop((to_writer, to_hasher));
        joined(writer.await)?.map_err(fault)?;
        let sha256 = joined(hasher.await)?.map_err(fault)?;
        fed?;
        Ok(Received {
            size_bytes: self.size_bytes,
            sha256,
        })
    }

    /// Writes the bytes to a stream, in order; they are checked only after they were written.
    pub(crate) async fn pour(
        self,
        out: Box<dyn Write + Send>,
        path: &Path,
        verify: bool,
        parallel: Option<usize>,
    ) -> Result<Received> {
        let fault = |error: io::Error| Error::local("write", path, &error);
        let (to_writer, writer) = writing(Out::Stream(out));
        let (to_hasher, hasher) = hashing(None, 0);
        let fed = self.feed(0, parallel, &to_writer, &to_hasher).await;
        drop((to_writer, to_hasher));
        joined(writer.await)?.map_err(fault)?;
        let sha256 = joined(hasher.await)?.map_err(fault)?;
        fed?;
        match self.sha256.filter(|_| verify) {
            Some(expected) if expected != sha256 => Err(mismatch(path, sha256, expected)),
            _ => Ok(Received {
                size_bytes: self.size_bytes,
                sha256,
            }),
        }
    }

    async fn feed(
        &self,
        from: u64,
        parallel: Option<usize>,
        writer: &mpsc::Sender<Bytes>,
        hasher: &mpsc::Sender<Bytes>,
    ) -> Result<()> {
        let fetcher = self.fetcher.clone();
        let mut parts =
            ReadAhead::new(fetcher, from, self.size_bytes, self.first.clone(), parallel);
        while let Some(part) = parts.next().await? {
            // A task that stops early reports its own error.
            if writer.send(part.clone()).await.is_err() || hasher.send(part).await.is_err() {
                break;
            }
        }
        self.fetcher.watcher.phase("checking");
        Ok(())
    }

    /// Fetches again the parts that do not have the store's digests, or all if there are no digests.
    async fn repair(&self, partial: &Partial, saving: &Saving<'_>) -> Result<Received> {
        let fault = |error: io::Error| Error::local("write", saving.place.path, &error);
        self.fetcher
            .watcher
            .note("received damaged bytes; they are fetched again");
        let details = self.fetcher.link().details().await?;
        let file = partial.file.try_clone().map_err(fault)?;
        let size = self.size_bytes;
        let bad = spawn_blocking(move || bad_ranges(&file, size, &details)).await;
        for (start, end) in joined(bad)?.map_err(fault)? {
            let mut at = start;
            while at < end {
                let to = end.min(at + RANGE_BYTES);
                let part = self.fetcher.range(at, to).await?;
                self.fetcher.watcher.undone(part.len() as u64);
                write_all_at(&partial.file, &part, at).map_err(fault)?;
                at = to;
            }
        }
        let file = partial.file.try_clone().map_err(fault)?;
        let (sender, hasher) = hashing(Some(file), size);
        drop(sender);
        Ok(Received {
            size_bytes: size,
            sha256: joined(hasher.await)?.map_err(fault)?,
        })
    }
}

fn mismatch(path: &Path, found: Sha256, expected: Sha256) -> Error {
    Error::integrity(format!(
        "{}: the bytes received are not those that were uploaded (SHA-256 {found} instead of {expected})",
        path.display(),
    ))
    .with_hint("the object in the store is damaged, or the bytes are changed in transit")
}

fn joined<T>(ended: std::result::Result<T, tokio::task::JoinError>) -> Result<T> {
    ended.map_err(|error| Error::failed(format!("writing failed: {error}")))
}

enum Out {
    /// A file, which is written from this byte on.
    File(File, u64),
    Stream(Box<dyn Write + Send>),
}

fn writing(mut out: Out) -> (mpsc::Sender<Bytes>, JoinHandle<io::Result<()>>) {
    let (sender, mut receiver) = mpsc::channel::<Bytes>(1);
    let writer = spawn_blocking(move || {
        while let Some(part) = receiver.blocking_recv() {
            match &mut out {
                Out::File(file, at) => {
                    // Small writes take small pieces of memory for the page cache, which are more
                    // often warm.
                    for block in part.chunks(WRITE_BYTES) {
                        write_all_at(file, block, *at)?;
                        *at += block.len() as u64;
                    }
                }
                Out::Stream(stream) => stream.write_all(&part)?,
            }
        }
        match out {
            Out::File(..) => Ok(()),
            Out::Stream(mut stream) => stream.flush(),
        }
    });
    (sender, writer)
}

/// Hashes the first `kept` bytes of `file`, and then the parts that arrive.
fn hashing(
    file: Option<File>,
    complete_bytes: u64,
) -> (mpsc::Sender<Bytes>, JoinHandle<io::Result<Sha256>>) {
    let (sender, mut receiver) = mpsc::channel::<Bytes>(1);
    let hasher = spawn_blocking(move || {
        let mut sha256 = sha2::Sha256::new();
        if let Some(file) = file {
            each_block(&file, 0, complete_bytes, |block| sha256.update(block))?;
        }
        while let Some(part) = receiver.blocking_recv() {
            sha256.update(&part);
        }
        Ok(Sha256(sha256.finalize().into()))
    });
    (sender, hasher)
}

fn bad_ranges(file: &File, size: u64, details: &LinkedFile) -> io::Result<Vec<(u64, u64)>> {
    let Some(parts) = &details.parts else {
        return Ok(vec![(0, size)]);
    };
    let mut bad = Vec::new();
    let mut start = 0;
    for digest in &parts.digests {
        let end = size.min(start + parts.part_size);
        let found = match parts.part_digest {
            PartDigest::Md5 => {
                let mut md5 = md5::Md5::new();
                each_block(file, start, end, |block| md5.update(block))?;
                Md5(md5.finalize().into()).to_string()
            }
            PartDigest::Blake3 => {
                let mut blake3 = blake3::Hasher::new();
                each_block(file, start, end, |block| {
                    blake3.update(block);
                })?;
                Blake3(blake3.finalize().into()).to_string()
            }
        };
        if found != *digest {
            bad.push((start, end));
        }
        start = end;
    }
    Ok(bad)
}
