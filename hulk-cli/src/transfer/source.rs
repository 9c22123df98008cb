//! What is uploaded: a file, or a stream that was read first.

use std::{
    fs::{File, Metadata},
    io::{self, Read, Seek},
    path::{Path, PathBuf},
    time::SystemTime,
};

use bytes::Bytes;
use hulk_proto::{Md5, Sha256, limits::PART_BYTES};
use md5::Digest;
use tokio::{sync::mpsc, task::JoinHandle};

use super::{BLOCK_BYTES, BLOCKS_IN_FLIGHT};
use crate::error::{Error, Result};

/// A file's bytes, of known length.
pub(crate) struct Source {
    pub(crate) size_bytes: u64,
    /// If it is known before sending.
    pub(crate) sha256: Option<Sha256>,
    /// Of the first part, or of the whole if that is smaller.
    pub(crate) first_md5: Md5,
    pub(crate) content: Content,
}

pub(crate) enum Content {
    /// One part or less.
    Memory { bytes: Bytes, digests: Digests },
    File {
        file: File,
        path: PathBuf,
        before: Stamp,
    },
}

/// By which a change is noticed.
#[derive(PartialEq, Eq)]
pub(crate) struct Stamp {
    len: u64,
    modified: Option<SystemTime>,
}

impl Stamp {
    fn of(metadata: &Metadata) -> Self {
        Self {
            len: metadata.len(),
            modified: metadata.modified().ok(),
        }
    }
}

/// Why reading ended before the end.
pub(crate) enum ReadError {
    /// The file is not what it was at the start, or cannot be read.
    File(Error),
    /// Nobody takes the bytes any more; who should says why.
    Abandoned,
}

/// Of a whole file.
#[derive(Clone, Copy)]
pub(crate) struct Digests {
    pub(crate) sha256: Sha256,
    pub(crate) md5: Option<Md5>,
}

impl Source {
    /// Opens a file; blocks. A pipe or device is read to its end first.
    pub(crate) fn open(path: &Path) -> Result<Self> {
        let fault = |error: io::Error| Error::local("read", path, &error);
        let mut file = File::open(path).map_err(fault)?;
        let metadata = file.metadata().map_err(fault)?;
        if metadata.is_dir() {
            return Err(Error::usage(format!("{} is a directory", path.display()))
                .with_hint("directories cannot be put yet; name the files in it"));
        }
        if !metadata.is_file() {
            return Self::spool(file, path);
        }
        let mut head = Vec::new();
        (&mut file)
            .take(PART_BYTES + 1)
            .read_to_end(&mut head)
            .map_err(fault)?;
        if head.len() as u64 <= PART_BYTES {
            return Ok(Self::memory(head));
        }
        head.truncate(PART_BYTES as usize);
        file.rewind().map_err(fault)?;
        Ok(Self {
            size_bytes: metadata.len(),
            sha256: None,
            first_md5: Md5(md5::Md5::digest(&head).into()),
            content: Content::File {
                file,
                path: path.to_owned(),
                before: Stamp::of(&metadata),
            },
        })
    }

    /// Reads a stream to its end; blocks. What does not fit into one part goes to a temporary file,
    /// since an upload is signed for its length.
    pub(crate) fn spool(mut stream: impl Read, path: &Path) -> Result<Self> {
        let fault = |error: io::Error| Error::local("read", path, &error);
        let mut head = Vec::new();
        (&mut stream)
            .take(PART_BYTES + 1)
            .read_to_end(&mut head)
            .map_err(fault)?;
        if head.len() as u64 <= PART_BYTES {
            return Ok(Self::memory(head));
        }
        let directory = std::env::temp_dir();
        let spool = |error: io::Error| {
            Error::local("keep the stream in", &directory, &error)
                .with_hint("set TMPDIR to a directory with room for all of it")
        };
        let mut file = tempfile::tempfile().map_err(spool)?;
        let mut sha256 = sha2::Sha256::new();
        let first_md5 = Md5(md5::Md5::digest(&head[..PART_BYTES as usize]).into());
        let mut block = head;
        while !block.is_empty() {
            sha256.update(&block);
            io::Write::write_all(&mut file, &block).map_err(spool)?;
            block.clear();
            (&mut stream)
                .take(BLOCK_BYTES as u64)
                .read_to_end(&mut block)
                .map_err(fault)?;
        }
        file.rewind().map_err(spool)?;
        let metadata = file.metadata().map_err(spool)?;
        Ok(Self {
            size_bytes: metadata.len(),
            sha256: Some(Sha256(sha256.finalize().into())),
            first_md5,
            content: Content::File {
                file,
                path: path.to_owned(),
                before: Stamp::of(&metadata),
            },
        })
    }

    fn memory(bytes: Vec<u8>) -> Self {
        let sha256 = Sha256(sha2::Sha256::digest(&bytes).into());
        let md5 = Md5(md5::Md5::digest(&bytes).into());
        Self {
            size_bytes: bytes.len() as u64,
            sha256: Some(sha256),
            first_md5: md5,
            content: Content::Memory {
                bytes: bytes.into(),
                digests: Digests {
                    sha256,
                    md5: Some(md5),
                },
            },
        }
    }
}

/// Reads ahead and hashes on a thread of its own. The task's answer is what went out; it is an
/// error if the file is not what it was at the start.
pub(crate) fn read_ahead(
    file: File,
    path: PathBuf,
    before: Stamp,
    with_md5: bool,
) -> (
    mpsc::Receiver<Bytes>,
    JoinHandle<std::result::Result<Digests, ReadError>>,
) {
    let (sender, receiver) = mpsc::channel(BLOCKS_IN_FLIGHT);
    let reader = tokio::task::spawn_blocking(move || {
        read(file, &before, with_md5, &sender).map_err(|error| match error.kind() {
            io::ErrorKind::BrokenPipe => ReadError::Abandoned,
            io::ErrorKind::InvalidData => ReadError::File(
                Error::failed(format!("{} changed while it was read", path.display()))
                    .with_hint("nothing was published; put it again when nobody writes to it"),
            ),
            _ => ReadError::File(Error::local("read", &path, &error)),
        })
    });
    (receiver, reader)
}

fn read(
    mut file: File,
    before: &Stamp,
    with_md5: bool,
    sender: &mpsc::Sender<Bytes>,
) -> io::Result<Digests> {
    let mut sha256 = sha2::Sha256::new();
    let mut md5 = with_md5.then(md5::Md5::new);
    let mut left = before.len;
    while left > 0 {
        let wanted = left.min(BLOCK_BYTES as u64);
        let mut block = Vec::with_capacity(wanted as usize);
        (&mut file).take(wanted).read_to_end(&mut block)?;
        if block.len() as u64 != wanted {
            return Err(io::ErrorKind::InvalidData.into());
        }
        sha256.update(&block);
        if let Some(md5) = &mut md5 {
            md5.update(&block);
        }
        left -= wanted;
        if left == 0 && Stamp::of(&file.metadata()?) != *before {
            // Before the last block leaves: the upload then stays incomplete.
            return Err(io::ErrorKind::InvalidData.into());
        }
        if sender.blocking_send(block.into()).is_err() {
            return Err(io::ErrorKind::BrokenPipe.into());
        }
    }
    Ok(Digests {
        sha256: Sha256(sha256.finalize().into()),
        md5: md5.map(|md5| Md5(md5.finalize().into())),
    })
}
