//! Connections: HTTP/1.1 only, a limited number at a time, and none that waits for its client forever.
//!
//! | wait for | ends after |
//! |---|---|
//! | the head of a request, from its first byte or the connection's start | 15 s |
//! | the next request on a connection | 75 s |
//! | bytes of a body, in either direction | 30 s below the minimum rate |
//!
//! A connection above a limit is answered with 503 and closed. A proxy's connections carry the requests
//! of many clients, so there the requests of each client are limited in the same way.

mod body;
mod pace;
mod slots;
mod socket;

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use axum::{Router, body::Body, extract::ConnectInfo};
use http::{HeaderValue, Request, Response, Version, header};
use hulk_proto::ErrorCode;
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
#[cfg(target_os = "linux")]
use socket2::SockRef;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::Semaphore,
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tower::ServiceExt;

use crate::{
    error::Error,
    http::{client_ip::TrustedProxies, security},
    limits::bodies::Share,
    memory::Memory,
};
use body::{Answered, Sent};
use slots::{Slot, Slots};
use socket::{Busy, Socket};

/// How long a connection may be idle between two requests.
const KEEP_ALIVE: Duration = Duration::from_secs(75);
/// Size of a connection's read buffer, which is also the longest head of a request.
const BUFFER_BYTES: usize = 128 << 10;
/// Memory for the read buffers of all connections; hyper requires at least 8 KiB for each.
static BUFFERS: Memory = Memory::new(8 << 20, 8 << 10, 64);
/// Bytes of an answer that the system buffers before the client's window has room for them.
#[cfg(target_os = "linux")]
const UNSENT_BYTES: u32 = 256 << 10;
/// Pause after a failed accept: a lack of file descriptors, for example, may pass.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
/// Number of refused connections that are answered at a time, and how long that may take.
const REFUSALS: usize = 64;
const REFUSAL_TIMEOUT: Duration = Duration::from_secs(2);
const REFUSAL: &str = concat!(
    "HTTP/1.1 503 Service Unavailable\r\ncontent-type: application/json\r\nretry-after: 5\r\n",
    "x-content-type-options: nosniff\r\nconnection: close\r\ncontent-length: 116\r\n\r\n",
    r#"{"error":{"code":"TOO_MANY_REQUESTS","message":"the server has too many connections; try again later","details":[]}}"#,
);

/// Limits on the connections of clients.
#[derive(Clone)]
pub(crate) struct Limits {
    /// Largest number of connections at a time, in total and of one client.
    pub(crate) connections: usize,
    pub(crate) client_connections: usize,
    /// Minimum rate of a body, in bytes per second.
    pub(crate) min_rate: u64,
    pub(crate) trusted_proxies: Arc<TrustedProxies>,
}

/// Serves connections.
#[derive(Clone)]
struct Server {
    router: Router,
    slots: Arc<Slots>,
    limits: Limits,
    refusals: Arc<Semaphore>,
    connections: TaskTracker,
    stopping: CancellationToken,
}

/// Answers requests until `stopping`, then waits for those in progress.
pub(crate) async fn serve(
    listener: TcpListener,
    router: Router,
    limits: Limits,
    stopping: CancellationToken,
) {
    let server = Server {
        router,
        slots: Slots::new(limits.connections, limits.client_connections),
        limits,
        refusals: Arc::new(Semaphore::new(REFUSALS)),
        connections: TaskTracker::new(),
        stopping,
    };
    loop {
        let accepted = tokio::select! {
            () = server.stopping.cancelled() => break,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, peer)) => server.admit(stream, peer),
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
    drop(listener);
    server.connections.close();
    server.connections.wait().await;
}

impl Server {
    fn admit(&self, stream: TcpStream, peer: SocketAddr) {
        let address = peer.ip().to_canonical();
        let is_proxy = self.limits.trusted_proxies.covers(address);
        let client = (!is_proxy).then_some(address);
        match self.slots.connection(client) {
            Some(slot) => {
                let server = self.clone();
                self.connections.spawn(async move {
                    let _slot = slot;
                    server.connection(stream, peer, is_proxy).await;
                });
            }
            None => {
                metrics::counter!("hulk_connections_refused_total").increment(1);
                // Without a permit it is closed without an answer.
                if let Ok(permit) = self.refusals.clone().try_acquire_owned() {
                    tokio::spawn(async move {
                        let _permit = permit;
                        let _ = tokio::time::timeout(REFUSAL_TIMEOUT, refuse(stream)).await;
                    });
                }
            }
        }
    }

    async fn connection(&self, stream: TcpStream, peer: SocketAddr, is_proxy: bool) {
        // Without it, small answers wait for a delayed ACK on reused connections.
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "TCP_NODELAY was refused");
        }
        // Without it, each client that reads nothing occupies megabytes of the system's memory.
        #[cfg(target_os = "linux")]
        if let Err(error) = SockRef::from(&stream).set_tcp_notsent_lowat(UNSENT_BYTES) {
            tracing::debug!(%error, "TCP_NOTSENT_LOWAT was refused");
        }
        // Nothing is allocated for a connection that sends nothing.
        let first = tokio::time::timeout(socket::HEAD_TIMEOUT, stream.readable());
        tokio::select! {
            () = self.stopping.cancelled() => return,
            readable = first => if !matches!(readable, Ok(Ok(()))) { return },
        }
        // Boxed, so that a connection that sends nothing has no memory reserved for requests.
        Box::pin(self.talk(stream, peer, is_proxy)).await;
    }

    async fn talk(&self, stream: TcpStream, peer: SocketAddr, is_proxy: bool) {
        let buffer = BUFFERS.take(BUFFER_BYTES);
        let busy = Busy::default();
        let socket = Socket::new(stream, busy.clone(), self.limits.min_rate);
        let service = service_fn(|request| self.answer(request, peer, is_proxy, busy.clone()));
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(KEEP_ALIVE)
            .max_buf_size(buffer.bytes())
            .serve_connection(TokioIo::new(socket), service);
        let mut connection = std::pin::pin!(connection);
        let ended = tokio::select! {
            ended = connection.as_mut() => ended,
            () = self.stopping.cancelled() => {
                connection.as_mut().graceful_shutdown();
                connection.await
            }
        };
        if let Err(error) = ended {
            tracing::debug!(%error, "a connection failed");
        }
    }

    async fn answer(
        &self,
        request: Request<Incoming>,
        peer: SocketAddr,
        is_proxy: bool,
        busy: Busy,
    ) -> Result<Response<Answered>, std::convert::Infallible> {
        busy.begin();
        let (answer, slot) = match self.place(&request, peer, is_proxy) {
            Ok(slot) => {
                let mut request = request;
                let client = self
                    .limits
                    .trusted_proxies
                    .client(peer.ip(), request.headers());
                request.extensions_mut().insert(client);
                request.extensions_mut().insert(ConnectInfo(peer));
                let rate = self.limits.min_rate;
                let (parts, body) = request.into_parts();
                let body = Body::new(Sent::new(body, &parts.headers, rate));
                let mut request = Request::from_parts(parts, body);
                let held = Share::default();
                request.extensions_mut().insert(held.clone());
                let Ok(answer) = self.router.clone().oneshot(request).await;
                drop(held);
                (answer, slot)
            }
            Err(error) => {
                let mut answer = axum::response::IntoResponse::into_response(error);
                let close = HeaderValue::from_static("close");
                answer.headers_mut().insert(header::CONNECTION, close);
                security::add_defaults(answer.headers_mut());
                (answer, None)
            }
        };
        Ok(answer.map(|body| Answered::new(body, busy, slot)))
    }

    /// Checks that the request is well-formed enough to be routed, and takes its client's slot.
    fn place(
        &self,
        request: &Request<Incoming>,
        peer: SocketAddr,
        is_proxy: bool,
    ) -> Result<Option<Slot>, Error> {
        check_host(request)?;
        if !is_proxy {
            return Ok(None);
        }
        let client = self
            .limits
            .trusted_proxies
            .client(peer.ip(), request.headers());
        let slot = self.slots.request(client.address);
        slot.map(Some).ok_or_else(|| {
            Error::new(
                ErrorCode::TooManyRequests,
                "too many requests of this client are in progress; try again later",
            )
            .with_status(http::StatusCode::SERVICE_UNAVAILABLE)
            .with_retry_after(Duration::from_secs(5))
        })
    }
}

/// Checks that the host is given once (RFC 9112, section 3.2): otherwise the request could mean one thing
/// to a proxy and another to this server.
fn check_host(request: &Request<Incoming>) -> Result<(), Error> {
    let hosts = request.headers().get_all(header::HOST).iter().count();
    let is_good = match request.version() {
        Version::HTTP_11 => hosts == 1,
        _ => hosts <= 1,
    };
    match is_good {
        true => Ok(()),
        false => Err(Error::new(
            ErrorCode::BadRequest,
            "a request must have exactly one Host header",
        )),
    }
}

/// Sends the refusal, and waits until the client has read it: a connection that is closed with unread
/// bytes is reset, and the answer is lost.
async fn refuse(mut stream: TcpStream) -> io::Result<()> {
    stream.write_all(REFUSAL.as_bytes()).await?;
    stream.shutdown().await?;
    let mut unread = [0; 4096];
    while stream.read(&mut unread).await? > 0 {}
    Ok(())
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn the_refusal_is_an_answer_as_all_errors() {
        let (head, body) = REFUSAL.split_once("\r\n\r\n").unwrap();
        assert!(
            head.contains(&format!("content-length: {}", body.len())),
            "{}",
            body.len()
        );
        let body: hulk_proto::ErrorBody = serde_json::from_str(body).unwrap();
        assert_eq!(body.error.code, ErrorCode::TooManyRequests);
    }
}
