//! Cuts a file or a stream into parts, in order, and hashes the whole at the same time.

use std::{
    fs::File,
    io::{self, Read},
    path::Path,
    sync::{Arc, Mutex, PoisonError, mpsc as threads},
};

use bytes::Bytes;
use hulk_proto::{PartLayout, Sha256};
use sha2::Digest;
use tokio::{sync::mpsc, task::spawn_blocking};

use super::journal::Hashed;
use crate::{
    error::{Error, Result},
    transfer::{
        MEMORY_BYTES, MEMORY_PART_BYTES,
        body::{Body, read_error},
        buffers::Pool,
    },
};

/// Parts between the reader and the hasher.
const PARTS_AHEAD: usize = 1;

/// One part of a file, numbered from 1.
pub(crate) struct Part {
    pub(crate) number: u32,
    pub(crate) body: Body,
}

/// Digest of the whole so far, shared with the journal that keeps it.
pub(crate) type Progress = Arc<Mutex<Hashed>>;

/// Reads and hashes on separate threads. Ends early if the receiver of the parts is dropped.
pub(crate) struct Splitter {
    pub(crate) parts: mpsc::Receiver<Part>,
    reader: tokio::task::JoinHandle<Result<()>>,
    hasher: Option<tokio::task::JoinHandle<Result<Sha256>>>,
}

impl Splitter {
    /// Cuts a file into parts, without those that `skip` names. With `hashed`, the digest continues from
    /// there; parts that it covers are not hashed again.
    pub(crate) fn file(
        file: Arc<File>,
        path: Arc<Path>,
        layout: PartLayout,
        skip: impl Fn(u32) -> bool + Send + 'static,
        hashed: Option<Progress>,
    ) -> Self {
        let from = hashed
            .as_ref()
            .map_or(u64::MAX, |hashed| lock(hashed).bytes);
        Self::start(layout.part_size(), hashed, move |pool, hash, send| {
            for number in 1..=layout.part_count() {
                let (offset, len) = (layout.offset(number), layout.len(number));
                let is_hashed = offset + len <= from;
                let is_skipped = skip(number);
                if is_hashed && is_skipped {
                    continue;
                }
                let body = read_part(pool, &file, &path, offset, len)?;
                if !is_hashed {
                    hash(&body)?;
                }
                if !is_skipped && !send(Part { number, body }) {
                    break;
                }
            }
            Ok(())
        })
    }

    /// Cuts a stream into parts; `first` was already read from it.
    pub(crate) fn stream(
        mut stream: Box<dyn Read + Send>,
        path: Arc<Path>,
        first: Bytes,
        part_size: u64,
        hashed: Progress,
    ) -> Self {
        Self::start(part_size, Some(hashed), move |pool, hash, send| {
            let mut head = first.as_ref().chain(&mut stream);
            for number in 1.. {
                let mut lease = pool.take();
                (&mut head)
                    .take(part_size)
                    .read_to_end(&mut lease.buffer)
                    .map_err(|error| Error::local("read", &path, &error))?;
                let len = lease.buffer.len() as u64;
                if len == 0 && number > 1 {
                    break;
                }
                let body = Body::Memory(lease.into_bytes());
                hash(&body)?;
                if !send(Part { number, body }) || len < part_size {
                    break;
                }
            }
            Ok(())
        })
    }

    fn start(
        part_size: u64,
        hashed: Option<Progress>,
        split: impl FnOnce(
            &Arc<Pool>,
            &mut dyn FnMut(&Body) -> Result<()>,
            &mut dyn FnMut(Part) -> bool,
        ) -> Result<()>
        + Send
        + 'static,
    ) -> Self {
        let (sender, parts) = mpsc::channel(1);
        let (to_hasher, to_hash) = threads::sync_channel::<Body>(PARTS_AHEAD);
        let hasher = hashed.map(|hashed| spawn_blocking(move || hash_all(&to_hash, &hashed)));
        let pool = Pool::new((MEMORY_BYTES / part_size) as usize);
        let reader = spawn_blocking(move || {
            split(
                &pool,
                // The hasher stops only at an error, which `finish` returns.
                &mut |body| to_hasher.send(body.clone()).map_err(|_| stopped()),
                &mut |part| sender.blocking_send(part).is_ok(),
            )
        });
        Self {
            parts,
            reader,
            hasher,
        }
    }

    /// Returns the digest of the whole, once all parts were received; `None` if it was known before.
    pub(crate) async fn finish(self) -> Result<Option<Sha256>> {
        drop(self.parts);
        let read = joined(self.reader.await);
        let Some(hasher) = self.hasher else {
            return read.map(|()| None);
        };
        let sha256 = joined(hasher.await)?;
        read?;
        Ok(Some(sha256))
    }
}

pub(crate) fn lock(hashed: &Progress) -> std::sync::MutexGuard<'_, Hashed> {
    hashed.lock().unwrap_or_else(PoisonError::into_inner)
}

fn joined<T>(ended: std::result::Result<Result<T>, tokio::task::JoinError>) -> Result<T> {
    ended.map_err(|error| Error::failed(format!("reading failed: {error}")))?
}

fn stopped() -> Error {
    Error::failed("hashing stopped")
}

fn read_part(
    pool: &Arc<Pool>,
    file: &Arc<File>,
    path: &Arc<Path>,
    offset: u64,
    len: u64,
) -> Result<Body> {
    if len > MEMORY_PART_BYTES {
        return Ok(Body::Range {
            file: file.clone(),
            path: path.clone(),
            offset,
            len,
        });
    }
    let mut lease = pool.take();
    lease.buffer.resize(len as usize, 0);
    crate::file_io::read_exact_at(file, &mut lease.buffer, offset)
        .map_err(|error: io::Error| read_error(path, &error))?;
    Ok(Body::Memory(lease.into_bytes()))
}

/// Hashes all bodies. The state is kept after each, so that another run can resume from there.
fn hash_all(bodies: &threads::Receiver<Body>, hashed: &Progress) -> Result<Sha256> {
    let mut now = lock(hashed).clone();
    while let Ok(body) = bodies.recv() {
        body.for_each_block(|block| now.sha256.update(block))?;
        now.bytes += body.len();
        *lock(hashed) = now.clone();
    }
    Ok(Sha256(now.sha256.finalize().into()))
}

/// Returns the SHA-256 of a whole file, resuming from `hashed`; blocks.
pub(crate) fn hash_file(
    file: &Arc<File>,
    path: &Arc<Path>,
    len: u64,
    hashed: &Progress,
    mut moved: impl FnMut(u64),
) -> Result<Sha256> {
    let mut now = lock(hashed).clone();
    let body = Body::Range {
        file: file.clone(),
        path: path.clone(),
        offset: now.bytes,
        len: len.saturating_sub(now.bytes),
    };
    body.for_each_block(|block| {
        now.sha256.update(block);
        now.bytes += block.len() as u64;
        moved(block.len() as u64);
    })?;
    *lock(hashed) = now.clone();
    Ok(Sha256(now.sha256.finalize().into()))
}
