//! Writes a request's body to a segment and hashes it, in blocks: one while the next is received.

use std::{
    fs::File,
    io::{self, IoSlice, Write},
    time::Duration,
};

use bytes::{Bytes, BytesMut};
use futures_util::{Stream, StreamExt};
use s3s::{S3Result, StdError, s3_error};
use tokio::{task::JoinHandle, time::timeout};

use super::{
    digests::{Digests, Hashers},
    disk::{self, fault},
    room::Room,
};

/// Size of the blocks that are written and hashed, if memory allows.
const BLOCK_BYTES: usize = 512 << 10;
/// Smaller chunks are copied, and all chunks of a small block: a chunk that is not copied keeps a whole
/// buffer of the connection alive.
const SMALL_CHUNK_BYTES: usize = 16 << 10;
const SMALL_BLOCK_BYTES: usize = 64 << 10;
/// If a client sends nothing for this long, the block is written unfilled instead of kept in memory.
const STALL: Duration = Duration::from_secs(1);

/// Size and digests of the bytes received.
pub(super) struct Ingested {
    pub(super) size_bytes: u64,
    pub(super) digests: Digests,
}

/// The file and digests to which blocks are written.
struct Sink {
    file: File,
    hashers: Box<Hashers>,
    size_bytes: u64,
}

/// Bytes that are written together.
#[derive(Default)]
struct Block {
    chunks: Vec<Bytes>,
    /// Small chunks, which follow the others.
    tail: BytesMut,
    bytes: usize,
    /// Taken with the first bytes, so that a client that sends none has none.
    room: Option<Room>,
}

/// Writes `body` to `file` and makes it durable.
///
/// # Errors
/// If the client disconnects, or the disk is full or fails.
pub(super) async fn ingest<S>(mut body: S, file: File, hashers: Box<Hashers>) -> S3Result<Ingested>
where
    S: Stream<Item = Result<Bytes, StdError>> + Unpin,
{
    let sink = Sink {
        file,
        hashers,
        size_bytes: 0,
    };
    let mut writing = tokio::spawn(async { Ok(sink) });
    loop {
        let block = fill(&mut body).await?;
        let sink = written(writing).await.map_err(fault)?;
        let Some(block) = block else {
            return finish(sink).await.map_err(fault);
        };
        writing = tokio::spawn(disk::run(move || sink.write(block)));
    }
}

async fn written(writing: JoinHandle<io::Result<Sink>>) -> io::Result<Sink> {
    writing.await.map_err(io::Error::other)?
}

async fn finish(sink: Sink) -> io::Result<Ingested> {
    disk::run(move || {
        sink.file.sync_all()?;
        Ok(Ingested {
            size_bytes: sink.size_bytes,
            digests: sink.hashers.finish(),
        })
    })
    .await
}

/// Reads the next block of a body, a shorter one if the client stalls; `None` at the end.
async fn fill<S>(body: &mut S) -> S3Result<Option<Block>>
where
    S: Stream<Item = Result<Bytes, StdError>> + Unpin,
{
    let mut block = Block::default();
    while !block.is_full() {
        let chunk = match timeout(STALL, body.next()).await {
            Err(_) if block.bytes > 0 => break,
            Err(_) => body.next().await,
            Ok(chunk) => chunk,
        };
        match chunk {
            Some(chunk) => block.push(chunk.map_err(broken)?),
            None => break,
        }
    }
    Ok((block.bytes > 0).then_some(block))
}

impl Block {
    fn is_full(&self) -> bool {
        self.room
            .as_ref()
            .is_some_and(|room| self.bytes >= room.bytes())
    }

    fn push(&mut self, chunk: Bytes) {
        let room = self.room.get_or_insert_with(|| Room::take(BLOCK_BYTES));
        let is_small = room.bytes() <= SMALL_BLOCK_BYTES;
        self.bytes += chunk.len();
        if is_small || chunk.len() < SMALL_CHUNK_BYTES {
            self.tail.extend_from_slice(&chunk);
            return;
        }
        let tail = self.take_tail();
        self.chunks.extend(tail);
        self.chunks.push(chunk);
    }

    fn take_tail(&mut self) -> Option<Bytes> {
        (!self.tail.is_empty()).then(|| self.tail.split().freeze())
    }
}

impl Sink {
    fn write(mut self, mut block: Block) -> io::Result<Self> {
        let tail = block.take_tail();
        block.chunks.extend(tail);
        write_all_vectored(&mut self.file, &block.chunks)?;
        for chunk in &block.chunks {
            self.size_bytes += chunk.len() as u64;
            self.hashers.update(chunk);
        }
        Ok(self)
    }
}

/// Collects a body of at most `most` bytes in memory.
///
/// # Errors
/// If the client disconnects, or sends more.
pub(super) async fn collect<S>(mut body: S, most: u64) -> S3Result<Vec<u8>>
where
    S: Stream<Item = Result<Bytes, StdError>> + Unpin,
{
    let mut bytes = Vec::new();
    while let Some(chunk) = body.next().await {
        let chunk = chunk.map_err(broken)?;
        if (bytes.len() + chunk.len()) as u64 > most {
            return Err(s3_error!(EntityTooLarge));
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}

/// Translates an error of a body: the client may have sent too slowly, and the disk may have no room.
fn broken(error: StdError) -> s3s::S3Error {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error.as_ref());
    while let Some(error) = cause {
        match error.downcast_ref::<io::Error>().map(io::Error::kind) {
            Some(io::ErrorKind::TimedOut) => {
                return s3_error!(RequestTimeout, "the upload stalled");
            }
            Some(io::ErrorKind::StorageFull) => return disk::full(),
            _ => {}
        }
        cause = error.source();
    }
    s3_error!(IncompleteBody, "the upload was interrupted")
}

fn write_all_vectored(file: &mut File, chunks: &[Bytes]) -> io::Result<()> {
    let mut slices: Vec<IoSlice<'_>> = chunks.iter().map(|chunk| IoSlice::new(chunk)).collect();
    let mut rest = slices.as_mut_slice();
    while !rest.is_empty() {
        match file.write_vectored(rest) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(written) => IoSlice::advance_slices(&mut rest, written),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}
