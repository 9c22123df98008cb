//! Reads an object's bytes in blocks: each on demand, or one ahead.

use std::{
    collections::VecDeque,
    fs::File,
    future::Future,
    io::{self, Read, Seek, SeekFrom},
    path::{Path, PathBuf},
    pin::Pin,
    task::{Context, Poll},
};

use bytes::Bytes;
use futures_util::Stream;
use hulk_proto::Blake3;
use tokio::task::JoinHandle;

use super::{disk, manifest::Segment, room::Room};

/// Size of the blocks, if memory allows.
const BLOCK_BYTES: usize = 256 << 10;

/// Stream of the bytes of segments, one segment after the other.
pub(super) struct Reader {
    state: State,
}

enum State {
    /// All bytes of a small object.
    Memory(Bytes),
    Waiting(Cursor),
    Reading(JoinHandle<io::Result<(Cursor, Bytes)>>),
    End,
}

/// Position in the segments.
struct Cursor {
    directory: PathBuf,
    /// Segments that are not open yet.
    segments: VecDeque<Segment>,
    /// The segment that is being read, and the number of bytes left in it.
    open: Option<(File, u64)>,
}

impl Reader {
    pub(super) fn memory(bytes: Bytes) -> Self {
        Self::new(State::Memory(bytes))
    }

    /// Opens the first segment at once, so that a deleted object is noticed before the answer begins.
    pub(super) fn open(directory: PathBuf, segments: Vec<Segment>) -> io::Result<Self> {
        let mut cursor = Cursor::new(directory, segments);
        cursor.advance()?;
        Ok(Self::new(State::Waiting(cursor)))
    }

    fn new(state: State) -> Self {
        Self { state }
    }
}

fn begin(mut cursor: Cursor) -> State {
    let reading = disk::run(move || {
        let mut block = Room::take(BLOCK_BYTES).buffer();
        cursor.read(block.most(), &mut block.bytes)?;
        Ok((cursor, Bytes::from_owner(block)))
    });
    State::Reading(tokio::spawn(reading))
}

impl Stream for Reader {
    type Item = io::Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            match std::mem::replace(&mut self.state, State::End) {
                State::Memory(bytes) => return Poll::Ready(Some(Ok(bytes))),
                State::End => return Poll::Ready(None),
                State::Waiting(cursor) if cursor.is_at_end() => return Poll::Ready(None),
                State::Waiting(cursor) => self.state = begin(cursor),
                State::Reading(mut reading) => {
                    let Poll::Ready(read) = Pin::new(&mut reading).poll(context) else {
                        self.state = State::Reading(reading);
                        return Poll::Pending;
                    };
                    return Poll::Ready(Some(match read.map_err(io::Error::other) {
                        Ok(Ok((cursor, block))) => {
                            self.state = match Room::is_plenty() && !cursor.is_at_end() {
                                true => begin(cursor),
                                false => State::Waiting(cursor),
                            };
                            Ok(block)
                        }
                        Ok(Err(error)) | Err(error) => Err(error),
                    }));
                }
            }
        }
    }
}

impl Cursor {
    fn new(directory: PathBuf, segments: Vec<Segment>) -> Self {
        Self {
            directory,
            segments: segments.into(),
            open: None,
        }
    }

    fn is_at_end(&self) -> bool {
        self.segments.is_empty() && self.open.as_ref().is_none_or(|(_, left)| *left == 0)
    }

    /// Opens the next segment that has bytes, if none are left in the open one.
    fn advance(&mut self) -> io::Result<()> {
        while self.open.as_ref().is_none_or(|(_, left)| *left == 0) {
            let Some(segment) = self.segments.pop_front() else {
                return Ok(());
            };
            self.open = Some((open(&self.directory, &segment)?, segment.len));
        }
        Ok(())
    }

    /// Reads the next bytes into `block`, which is empty: at most `most`, none at the end.
    fn read(&mut self, most: usize, block: &mut Vec<u8>) -> io::Result<()> {
        self.advance()?;
        let Some((file, left)) = &mut self.open else {
            return Ok(());
        };
        let wanted = (*left).min(most as u64);
        file.take(wanted).read_to_end(block)?;
        if block.len() as u64 != wanted {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        *left -= wanted;
        Ok(())
    }
}

/// Computes the digest of the segments' bytes. Blocks.
pub(super) fn digest(directory: &Path, segments: &[Segment]) -> io::Result<Blake3> {
    let mut blake3 = blake3::Hasher::new();
    let mut cursor = Cursor::new(directory.to_owned(), segments.to_vec());
    let mut block = Vec::with_capacity(BLOCK_BYTES);
    loop {
        block.clear();
        cursor.read(BLOCK_BYTES, &mut block)?;
        if block.is_empty() {
            return Ok(Blake3(blake3.finalize().into()));
        }
        blake3.update(&block);
    }
}

fn open(directory: &Path, segment: &Segment) -> io::Result<File> {
    let mut file = File::open(directory.join(&segment.name))?;
    file.seek(SeekFrom::Start(segment.offset))?;
    Ok(file)
}
