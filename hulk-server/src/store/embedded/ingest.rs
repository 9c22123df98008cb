//! A request's body becomes a segment: written and hashed in large blocks on a blocking thread.

use std::{
    fs::File,
    io::{self, IoSlice, Write},
    time::Duration,
};

use bytes::Bytes;
use futures_util::{Stream, StreamExt};
use s3s::{S3Result, StdError, s3_error};
use tokio::{sync::mpsc, task::spawn_blocking};

use super::{
    digests::{Digests, Hashers},
    objects::fault,
};

/// What goes to the disk and the digests at once.
const BLOCK_BYTES: usize = 1 << 20;
/// Blocks between the network and the disk: what one upload holds in memory.
const BLOCKS_IN_FLIGHT: usize = 4;
const MAX_DRAINED_BYTES: usize = 64 << 20;
/// A client that sends nothing for so long is gone.
const IDLE_TIMEOUT: Duration = Duration::from_secs(60);

/// What came in.
pub(super) struct Ingested {
    pub(super) size_bytes: u64,
    pub(super) digests: Digests,
}

/// Writes `body` to `file` and makes it durable.
///
/// # Errors
/// If the client goes away, or the disk is full or fails.
pub(super) async fn ingest<S>(mut body: S, file: File, hashers: Hashers) -> S3Result<Ingested>
where
    S: Stream<Item = Result<Bytes, StdError>> + Unpin,
{
    let (sender, receiver) = mpsc::channel(BLOCKS_IN_FLIGHT);
    let writer = spawn_blocking(move || write_blocks(receiver, file, hashers));
    let fed = feed(&mut body, sender).await;
    let written = writer
        .await
        .map_err(|error| s3_error!(error, InternalError))?;
    match (fed, written) {
        // A writer that stops early is why feeding failed.
        (_, Err(error)) => {
            drain(&mut body).await;
            Err(fault(error))
        }
        (Err(error), _) => Err(error),
        (Ok(()), Ok(None)) => Err(s3_error!(InternalError, "the upload was not written")),
        (Ok(()), Ok(Some(ingested))) => Ok(ingested),
    }
}

/// All of a body that is not larger than `most`.
///
/// # Errors
/// If the client goes away, or sends more.
pub(super) async fn collect<S>(mut body: S, most: u64) -> S3Result<Vec<u8>>
where
    S: Stream<Item = Result<Bytes, StdError>> + Unpin,
{
    let mut bytes = Vec::new();
    loop {
        let next = tokio::time::timeout(IDLE_TIMEOUT, body.next());
        let chunk = next
            .await
            .map_err(|_| s3_error!(RequestTimeout, "the upload stalled"))?;
        let Some(chunk) = chunk else { return Ok(bytes) };
        let chunk = chunk.map_err(|_| s3_error!(IncompleteBody, "the upload broke off"))?;
        if (bytes.len() + chunk.len()) as u64 > most {
            return Err(s3_error!(EntityTooLarge));
        }
        bytes.extend_from_slice(&chunk);
    }
}

/// A message to the writer: a block, or the end. A channel that closes without it is an abort.
enum Block {
    Data(Vec<Bytes>),
    End,
}

async fn feed<S>(body: &mut S, sender: mpsc::Sender<Block>) -> S3Result<()>
where
    S: Stream<Item = Result<Bytes, StdError>> + Unpin,
{
    let gone = || s3_error!(InternalError, "the writer stopped");
    let (mut block, mut bytes) = (Vec::new(), 0);
    loop {
        let next = tokio::time::timeout(IDLE_TIMEOUT, body.next());
        let chunk = next
            .await
            .map_err(|_| s3_error!(RequestTimeout, "the upload stalled"))?;
        let Some(chunk) = chunk else { break };
        let chunk = chunk.map_err(|_| s3_error!(IncompleteBody, "the upload broke off"))?;
        bytes += chunk.len();
        block.push(chunk);
        if bytes >= BLOCK_BYTES {
            sender
                .send(Block::Data(std::mem::take(&mut block)))
                .await
                .map_err(|_| gone())?;
            bytes = 0;
        }
    }
    sender.send(Block::Data(block)).await.map_err(|_| gone())?;
    sender.send(Block::End).await.map_err(|_| gone())
}

/// Reads on for a while: an answer that comes while the client is still sending is lost on many.
async fn drain<S>(body: &mut S)
where
    S: Stream<Item = Result<Bytes, StdError>> + Unpin,
{
    let mut drained = 0;
    while drained < MAX_DRAINED_BYTES {
        match tokio::time::timeout(IDLE_TIMEOUT, body.next()).await {
            Ok(Some(Ok(chunk))) => drained += chunk.len(),
            _ => return,
        }
    }
}

fn write_blocks(
    mut receiver: mpsc::Receiver<Block>,
    mut file: File,
    mut hashers: Hashers,
) -> io::Result<Option<Ingested>> {
    let mut size_bytes = 0;
    loop {
        match receiver.blocking_recv() {
            None => return Ok(None),
            Some(Block::End) => break,
            Some(Block::Data(chunks)) => {
                write_all_vectored(&mut file, &chunks)?;
                for chunk in &chunks {
                    size_bytes += chunk.len() as u64;
                    hashers.update(chunk);
                }
            }
        }
    }
    file.sync_all()?;
    Ok(Some(Ingested {
        size_bytes,
        digests: hashers.finish(),
    }))
}

fn write_all_vectored(file: &mut File, chunks: &[Bytes]) -> io::Result<()> {
    let mut slices: Vec<IoSlice<'_>> = chunks
        .iter()
        .filter(|chunk| !chunk.is_empty())
        .map(|chunk| IoSlice::new(chunk))
        .collect();
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
