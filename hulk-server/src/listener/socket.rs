//! A client's connection, with a limit on every wait for the client.

use std::{
    future::Future,
    io,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    task::{Context, Poll, ready},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
    time::{Instant, Sleep, sleep_until},
};

use super::pace::Pace;

/// How long the head of a request may take, from its first byte or the connection's start.
pub(super) const HEAD_TIMEOUT: Duration = Duration::from_secs(15);

/// Whether a request is being answered: the time that its handler takes is not the client's.
#[derive(Clone, Default)]
pub(super) struct Busy(Arc<State>);

#[derive(Default)]
struct State {
    is_busy: AtomicBool,
    /// Number of request heads received.
    heads: AtomicU64,
}

impl Busy {
    pub(super) fn begin(&self) {
        self.0.heads.fetch_add(1, Ordering::AcqRel);
        self.0.is_busy.store(true, Ordering::Release);
    }

    pub(super) fn end(&self) {
        self.0.is_busy.store(false, Ordering::Release);
    }
}

pub(super) struct Socket {
    stream: TcpStream,
    busy: Busy,
    /// Deadline of the head that is being read.
    head: Option<Pin<Box<Sleep>>>,
    /// Number of request heads received as of the last read.
    heads: u64,
    taking: Pace,
}

impl Socket {
    pub(super) fn new(stream: TcpStream, busy: Busy, min_rate: u64) -> Self {
        Self {
            stream,
            busy,
            head: Some(head_timer()),
            heads: 0,
            taking: Pace::new(min_rate),
        }
    }

    /// Passes on the outcome of a write, or ends the wait for a client that reads nothing.
    fn written(
        &mut self,
        context: &mut Context<'_>,
        outcome: Poll<io::Result<usize>>,
    ) -> Poll<io::Result<usize>> {
        match outcome {
            Poll::Pending => self.taking.poll_wait(context).map(Err),
            Poll::Ready(outcome) => {
                self.taking.progressed(*outcome.as_ref().unwrap_or(&0));
                Poll::Ready(outcome)
            }
        }
    }
}

fn head_timer() -> Pin<Box<Sleep>> {
    Box::pin(sleep_until(Instant::now() + HEAD_TIMEOUT))
}

impl AsyncRead for Socket {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let outcome = Pin::new(&mut self.stream).poll_read(context, buffer);
        let heads = self.busy.0.heads.load(Ordering::Acquire);
        if heads != self.heads {
            (self.heads, self.head) = (heads, None);
        }
        if self.busy.0.is_busy.load(Ordering::Acquire) {
            return outcome;
        }
        match outcome {
            Poll::Ready(_) => {
                if buffer.filled().len() > before && self.head.is_none() {
                    self.head = Some(head_timer());
                }
                outcome
            }
            Poll::Pending => {
                let Some(head) = &mut self.head else {
                    // Between two requests: hyper limits that wait.
                    return Poll::Pending;
                };
                ready!(head.as_mut().poll(context));
                Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
            }
        }
    }
}

impl AsyncWrite for Socket {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let outcome = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.written(context, outcome)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let outcome = Pin::new(&mut self.stream).poll_write_vectored(context, bytes);
        self.written(context, outcome)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
