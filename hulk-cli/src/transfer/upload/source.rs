//! Source of an upload: a small file in memory, a large one on disk, or a stream.

use std::{
    fs::File,
    io::{self, Read},
    path::Path,
    sync::Arc,
};

use bytes::Bytes;
use hulk_proto::{Md5, Sha256, limits::PART_BYTES};
use md5::Digest;

use super::journal::{Stamp, stamp};
use crate::{
    attributes::Attributes,
    error::{Error, Result},
    transfer::body::changed,
};

pub(crate) enum Source {
    /// One part or less.
    Small(Small),
    File(Large),
    /// Longer than a part; its size is known only at its end.
    Stream {
        stream: Box<dyn Read + Send>,
        path: Arc<Path>,
        head: Bytes,
        head_md5: Md5,
    },
}

pub(crate) struct Small {
    pub(crate) bytes: Bytes,
    pub(crate) sha256: Sha256,
    pub(crate) md5: Md5,
}

pub(crate) struct Large {
    pub(crate) file: Arc<File>,
    pub(crate) path: Arc<Path>,
    pub(crate) stamp: Stamp,
    /// MD5 of the first 8 MiB.
    pub(crate) head_md5: Md5,
}

impl Source {
    /// Opens a file; blocks. A pipe or a device is a stream, and so is a file with more bytes than its size
    /// says, such as those in `/proc`: it is read to its end.
    ///
    /// # Errors
    /// If it has fewer bytes than its size says, or changes while it is read.
    pub(crate) fn open(path: &Path) -> Result<(Self, Attributes)> {
        let fault = |error: io::Error| Error::local("read", path, &error);
        let mut file = File::open(path).map_err(fault)?;
        let metadata = file.metadata().map_err(fault)?;
        if !metadata.is_file() {
            return Ok((Self::stream(Box::new(file), path)?, Attributes::default()));
        }
        let (attributes, stamp) = (Attributes::of(&metadata), Stamp::of(&metadata));
        let head = head(&mut file).map_err(fault)?;
        let came = head.len() as u64;
        if came > stamp.len {
            let whole = io::Cursor::new(head).chain(file);
            return Ok((Self::stream(Box::new(whole), path)?, attributes));
        }
        if came < stamp.len.min(PART_BYTES + 1) {
            return Err(changed(path));
        }
        if came <= PART_BYTES {
            let now = self::stamp(&file).map_err(fault)?;
            return match stamp.has_same_contents(&now) {
                true => Ok((Self::Small(Small::new(head)), attributes)),
                false => Err(changed(path)),
            };
        }
        let large = Large {
            head_md5: Md5(md5::Md5::digest(&head[..PART_BYTES as usize]).into()),
            file: Arc::new(file),
            path: path.into(),
            stamp,
        };
        Ok((Self::File(large), attributes))
    }

    /// Begins to read a stream; blocks.
    pub(crate) fn stream(mut stream: Box<dyn Read + Send>, path: &Path) -> Result<Self> {
        let head = head(&mut stream).map_err(|error| Error::local("read", path, &error))?;
        if head.len() as u64 <= PART_BYTES {
            return Ok(Self::Small(Small::new(head)));
        }
        Ok(Self::Stream {
            head_md5: Md5(md5::Md5::digest(&head[..PART_BYTES as usize]).into()),
            head: head.into(),
            stream,
            path: path.into(),
        })
    }

    /// Size of the source; `None` for a stream.
    pub(crate) fn size_bytes(&self) -> Option<u64> {
        match self {
            Self::Small(small) => Some(small.bytes.len() as u64),
            Self::File(large) => Some(large.stamp.len),
            Self::Stream { .. } => None,
        }
    }
}

impl Small {
    pub(crate) fn new(bytes: Vec<u8>) -> Self {
        Self {
            sha256: Sha256(sha2::Sha256::digest(&bytes).into()),
            md5: Md5(md5::Md5::digest(&bytes).into()),
            bytes: bytes.into(),
        }
    }
}

/// Reads one part, and one byte more if there is one.
fn head(stream: &mut impl Read) -> io::Result<Vec<u8>> {
    let mut head = Vec::new();
    stream.take(PART_BYTES + 1).read_to_end(&mut head)?;
    Ok(head)
}
