//! Bodies of requests, which limit the wait for the client, and of answers, which release what they hold
//! once the answer has been sent.

use std::{
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use axum::body::Body;
use bytes::Bytes;
use http::{HeaderMap, header};
use http_body_util::BodyExt;
use hyper::body::{Body as HttpBody, Frame, Incoming, SizeHint};

use super::{pace::Pace, slots::Slot, socket::Busy};

/// How much of an unwanted body is read and discarded, and how long that may take: many clients miss an
/// answer that arrives while they are still sending.
const DRAINED_BYTES: usize = 64 << 20;
const DRAIN_TIMEOUT: Duration = Duration::from_secs(30);

/// A request's body, which fails with `TimedOut` if the client sends too slowly.
pub(super) struct Sent {
    /// `None` once it is dropped.
    body: Option<Incoming>,
    pace: Pace,
    /// Whether the client waits for `100 Continue` before it sends the body.
    is_expected: bool,
}

impl Sent {
    pub(super) fn new(body: Incoming, headers: &HeaderMap, min_rate: u64) -> Self {
        Self {
            body: Some(body),
            pace: Pace::new(min_rate),
            is_expected: headers.contains_key(header::EXPECT),
        }
    }
}

impl Drop for Sent {
    fn drop(&mut self) {
        let body = self.body.take().filter(|body| !body.is_end_stream());
        if let Some(body) = body.filter(|_| !self.is_expected) {
            tokio::spawn(tokio::time::timeout(DRAIN_TIMEOUT, drain(body)));
        }
    }
}

async fn drain(mut body: Incoming) {
    let mut drained = 0;
    while let Some(Ok(frame)) = body.frame().await {
        drained += frame.data_ref().map_or(0, Bytes::len);
        if drained > DRAINED_BYTES {
            return;
        }
    }
}

impl HttpBody for Sent {
    type Data = Bytes;
    type Error = axum::BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        let Some(body) = &mut self.body else {
            return Poll::Ready(None);
        };
        match Pin::new(body).poll_frame(context) {
            Poll::Pending => self
                .pace
                .poll_wait(context)
                .map(|slow| Some(Err(slow.into()))),
            Poll::Ready(frame) => {
                // The body was polled, so the client was told to send it.
                self.is_expected = false;
                let data = frame
                    .as_ref()
                    .and_then(|frame| frame.as_ref().ok()?.data_ref());
                self.pace.progressed(data.map_or(0, Bytes::len));
                Poll::Ready(frame.map(|frame| frame.map_err(Into::into)))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.as_ref().is_none_or(HttpBody::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.body
            .as_ref()
            .map_or_else(|| SizeHint::with_exact(0), HttpBody::size_hint)
    }
}

/// Body of an answer. It is dropped once it has been sent, or the client is gone.
pub(super) struct Answered {
    body: Body,
    busy: Busy,
    _slot: Option<Slot>,
}

impl Answered {
    pub(super) fn new(body: Body, busy: Busy, slot: Option<Slot>) -> Self {
        Self {
            body,
            busy,
            _slot: slot,
        }
    }
}

impl Drop for Answered {
    fn drop(&mut self) {
        self.busy.end();
    }
}

impl HttpBody for Answered {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
