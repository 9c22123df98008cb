//! An object's bytes, read ahead in large blocks on a blocking thread.

use std::{
    fs::File,
    io::{self, Read, Seek, SeekFrom},
    path::PathBuf,
    pin::Pin,
    task::{Context, Poll},
};

use bytes::Bytes;
use futures_util::Stream;
use hulk_proto::Blake3;
use tokio::{sync::mpsc, task::spawn_blocking};

use super::manifest::Segment;

const BLOCK_BYTES: u64 = 256 << 10;
/// Blocks between the disk and the network: what one download holds in memory.
const BLOCKS_IN_FLIGHT: usize = 4;

/// The bytes of the segments, one after the other.
pub(super) struct Reader(mpsc::Receiver<io::Result<Bytes>>);

impl Reader {
    pub(super) fn memory(bytes: Bytes) -> Self {
        let (sender, receiver) = mpsc::channel(1);
        // A new channel has room for one.
        let _ = sender.try_send(Ok(bytes));
        Self(receiver)
    }

    /// Opens the first segment at once, so that an object that is gone is known before the answer.
    pub(super) fn open(directory: PathBuf, segments: Vec<Segment>) -> io::Result<Self> {
        let first = segments
            .first()
            .map(|segment| open(&directory, segment))
            .transpose()?;
        let (sender, receiver) = mpsc::channel(BLOCKS_IN_FLIGHT);
        spawn_blocking(move || {
            let sent = send_segments(&directory, first, &segments, |block| {
                sender.blocking_send(Ok(block)).is_ok()
            });
            if let Err(error) = sent {
                // The client left: nobody to tell.
                let _ = sender.blocking_send(Err(error));
            }
        });
        Ok(Self(receiver))
    }
}

impl Stream for Reader {
    type Item = io::Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.poll_recv(context)
    }
}

/// The digest of the segments' bytes; blocks.
pub(super) fn digest(directory: &std::path::Path, segments: &[Segment]) -> io::Result<Blake3> {
    let mut blake3 = blake3::Hasher::new();
    send_segments(directory, None, segments, |block| {
        blake3.update(&block);
        true
    })?;
    Ok(Blake3(blake3.finalize().into()))
}

fn open(directory: &std::path::Path, segment: &Segment) -> io::Result<File> {
    let mut file = File::open(directory.join(&segment.name))?;
    file.seek(SeekFrom::Start(segment.offset))?;
    Ok(file)
}

/// Reads until the end or until `send` answers false.
fn send_segments(
    directory: &std::path::Path,
    mut first: Option<File>,
    segments: &[Segment],
    mut send: impl FnMut(Bytes) -> bool,
) -> io::Result<()> {
    for segment in segments {
        let mut file = match first.take() {
            Some(file) => file,
            None => open(directory, segment)?,
        };
        let mut left = segment.len;
        while left > 0 {
            let wanted = left.min(BLOCK_BYTES);
            let mut block = Vec::with_capacity(wanted as usize);
            (&mut file).take(wanted).read_to_end(&mut block)?;
            if block.len() as u64 != wanted {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            left -= wanted;
            if !send(block.into()) {
                return Ok(());
            }
        }
    }
    Ok(())
}
