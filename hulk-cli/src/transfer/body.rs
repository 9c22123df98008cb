//! The body of one request: bytes in memory, or a range of a file that is read when it is sent.

use std::{fs::File, io, path::Path, sync::Arc};

use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
use bytes::Bytes;
use futures_util::{Stream, stream};
use hulk_proto::{Blake3, Md5, PartChecksum, PartDigest};
use md5::Digest;
use tokio::task::spawn_blocking;

use crate::{
    error::{Error, Result},
    file_io::{BLOCK_BYTES, read_exact_at},
};

#[derive(Clone)]
pub(crate) enum Body {
    Memory(Bytes),
    Range {
        file: Arc<File>,
        path: Arc<Path>,
        offset: u64,
        len: u64,
    },
}

/// Values by which a part is checked in transit, and recognised later.
pub(crate) struct Checks {
    /// In base64, as it is sent.
    pub(crate) checksum: String,
    /// In hex, if it was requested.
    pub(crate) digest: Option<String>,
}

impl Body {
    pub(crate) fn len(&self) -> u64 {
        match self {
            Self::Memory(bytes) => bytes.len() as u64,
            Self::Range { len, .. } => *len,
        }
    }

    /// Returns the blocks in order, of at most `most` bytes each.
    pub(crate) fn blocks(
        &self,
        most: usize,
    ) -> impl Stream<Item = io::Result<Bytes>> + Send + use<> {
        stream::unfold((self.clone(), 0), move |(body, at)| async move {
            let block = body.block(at, most).await.transpose()?;
            let next = at + block.as_ref().map_or(0, |block| block.len() as u64);
            Some((block, (body, next)))
        })
    }

    async fn block(&self, at: u64, most: usize) -> io::Result<Option<Bytes>> {
        let wanted = (self.len() - at).min(most as u64) as usize;
        if wanted == 0 {
            return Ok(None);
        }
        match self {
            Self::Memory(bytes) => Ok(Some(bytes.slice(at as usize..at as usize + wanted))),
            Self::Range { file, offset, .. } => {
                let (file, from) = (file.clone(), offset + at);
                let read = spawn_blocking(move || {
                    let mut block = vec![0; wanted];
                    read_exact_at(&file, &mut block, from)?;
                    Ok(block.into())
                });
                read.await.map_err(io::Error::other)?.map(Some)
            }
        }
    }

    /// Reads the whole body; blocks.
    pub(crate) fn checks(
        &self,
        checksum: PartChecksum,
        digest: Option<PartDigest>,
    ) -> Result<Checks> {
        let wants_md5 = checksum == PartChecksum::Md5 || digest == Some(PartDigest::Md5);
        let mut md5 = wants_md5.then(md5::Md5::new);
        let mut blake3 = (digest == Some(PartDigest::Blake3)).then(blake3::Hasher::new);
        let mut crc32c = crc_fast::Digest::new(crc_fast::CrcAlgorithm::Crc32Iscsi);
        self.for_each_block(|block| {
            if let Some(md5) = &mut md5 {
                md5.update(block);
            }
            if let Some(blake3) = &mut blake3 {
                blake3.update(block);
            }
            if checksum == PartChecksum::Crc32c {
                crc32c.update(block);
            }
        })?;
        let md5 = md5.map(|md5| Md5(md5.finalize().into()));
        let blake3 = blake3.map(|blake3| Blake3(blake3.finalize().into()));
        Ok(Checks {
            checksum: match (checksum, md5) {
                (PartChecksum::Md5, Some(md5)) => BASE64.encode(md5.0),
                // The crate returns a CRC-32 in the low half of a `u64`.
                _ => BASE64.encode((crc32c.finalize() as u32).to_be_bytes()),
            },
            digest: match digest {
                None => None,
                Some(PartDigest::Md5) => md5.map(String::from),
                Some(PartDigest::Blake3) => blake3.map(String::from),
            },
        })
    }

    /// Visits the body in blocks; blocks the thread.
    pub(crate) fn for_each_block(&self, mut visit: impl FnMut(&[u8])) -> Result<()> {
        match self {
            Self::Memory(bytes) => bytes.chunks(BLOCK_BYTES).for_each(visit),
            Self::Range {
                file,
                path,
                offset,
                len,
            } => {
                let mut block = vec![0; BLOCK_BYTES];
                let mut at = 0;
                while at < *len {
                    let wanted = (*len - at).min(BLOCK_BYTES as u64) as usize;
                    read_exact_at(file, &mut block[..wanted], offset + at)
                        .map_err(|error| read_error(path, &error))?;
                    visit(&block[..wanted]);
                    at += wanted as u64;
                }
            }
        }
        Ok(())
    }
}

/// Returns the error of a read; a file that ends too early has changed.
pub(crate) fn read_error(path: &Path, error: &io::Error) -> Error {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => changed(path),
        _ => Error::local("read", path, error),
    }
}

/// Returns the error for a file that changed after its upload started.
pub(crate) fn changed(path: &Path) -> Error {
    Error::failed(format!("{} changed while it was read", path.display()))
        .on(path.display())
        .with_hint(
            "nothing was published; put it again when no program writes to it, or put what it holds now \
             with 'hulk put - --name NAME < FILE'",
        )
}
