//! The embedded store's bucket: serves presigned URLs, within what they still grant.

use std::{
    pin::Pin,
    task::{Context, Poll},
};

use axum::{
    Router,
    body::Body,
    extract::{Request, State},
    response::Response,
    routing::any,
};
use bytes::Bytes;
use http::{Method, StatusCode, header};
use hulk_proto::{Id, share::CLAIM_PARAMETER};
use hyper::body::{Body as HttpBody, Frame, SizeHint};

use crate::{
    app::App,
    ops::{
        shares::claim,
        store_gate::{self, Target},
    },
    store::embedded::{self, EmbeddedStore, receiving::name_of},
};

/// Returns the routes of the bucket; none if the store is another one.
pub(super) fn router(app: &App) -> Router<App> {
    let mut router = Router::new();
    if app.embedded.is_some() {
        // With nothing, with a slash, and with a key after the bucket.
        for rest in ["", "/", "/{*key}"] {
            router = router.route(&format!("/{}{rest}", embedded::BUCKET), any(bucket));
        }
    }
    router
}

async fn bucket(State(app): State<App>, request: Request) -> Response {
    let Some(store) = app.embedded.clone() else {
        return embedded::refuse(
            StatusCode::NOT_FOUND,
            "NoSuchBucket",
            "there is no store here",
        );
    };
    if request.method() == Method::OPTIONS {
        return embedded::preflight();
    }
    if let Some(refused) = embedded::refusal(&request) {
        return refused;
    }
    match *request.method() {
        Method::PUT => receive(&app, &store, request).await,
        _ => send(&app, &store, request).await,
    }
}

/// Receives the body of a put, one at a time for each object or part, while its upload is open.
async fn receive(app: &App, store: &EmbeddedStore, request: Request) -> Response {
    let key = key_of(&request);
    let query = pairs(&request);
    let parameter = |name: &str| {
        let found = query.iter().find(|(found, _)| found == name);
        found.map(|(_, value)| value.as_str())
    };
    let target = Target {
        key: &key,
        upload_id: parameter("uploadId"),
    };
    let name = name_of(&key, parameter("partNumber"));
    let size = content_length(request.headers()).unwrap_or(0);
    let Ok(receipt) = store.receiving().begin(name).await else {
        let message = "another request is sending these bytes; try again";
        return embedded::refuse(StatusCode::SERVICE_UNAVAILABLE, "SlowDown", message);
    };
    match Box::pin(store_gate::is_open(app, target)).await {
        Ok(true) => {}
        Ok(false) => return over(),
        Err(error) => return unavailable(error),
    }
    let disk = store.clone();
    let free_bytes = move || disk.free_bytes();
    let request = request.map(|body| receipt.counted(body, size, free_bytes));
    let response = embedded::front(store.service(), app.settings.host.clone(), request).await;
    if !response.status().is_success() {
        return response;
    }
    match Box::pin(store_gate::received(app, target, size)).await {
        Ok(true) => response,
        Ok(false) => over(),
        Err(error) => unavailable(error),
    }
}

/// Sends an object's bytes; those of a counted download only within its claim.
async fn send(app: &App, store: &EmbeddedStore, request: Request) -> Response {
    let pairs = pairs(&request);
    let claim = pairs.into_iter().find(|(name, _)| name == CLAIM_PARAMETER);
    let is_read = request.method() == Method::GET;
    let host = app.settings.content_host.clone();
    let response = embedded::front(store.service(), host, request).await;
    let Some((_, claim)) = claim.filter(|_| is_read && response.status().is_success()) else {
        return response;
    };
    let ended = || {
        let message = "this download has ended: follow the link again";
        embedded::refuse(StatusCode::FORBIDDEN, "AccessDenied", message)
    };
    let (Ok(claim), Some((len, size))) = (claim.parse::<Id>(), lengths(&response)) else {
        return ended();
    };
    match Box::pin(claim::take_bytes(app, &claim, len, size)).await {
        Ok(true) => response.map(|body| {
            Body::new(Claimed {
                body,
                app: app.clone(),
                claim,
                sent: 0,
                len,
                size,
            })
        }),
        Ok(false) => ended(),
        Err(error) => unavailable(error),
    }
}

fn over() -> Response {
    embedded::refuse(
        StatusCode::NOT_FOUND,
        "NoSuchUpload",
        "the upload that this URL was signed for has ended",
    )
}

fn unavailable(error: crate::error::Error) -> Response {
    // Also logs the error.
    let message = error.into_body().error.message;
    embedded::refuse(
        StatusCode::SERVICE_UNAVAILABLE,
        "ServiceUnavailable",
        &message,
    )
}

/// Returns the key as the service understands it, however it is encoded in the URL.
fn key_of(request: &Request) -> String {
    let path = request.uri().path();
    let key = path.splitn(3, '/').nth(2).unwrap_or_default();
    let key = percent_encoding::percent_decode_str(key);
    key.decode_utf8_lossy().into_owned()
}

fn pairs(request: &Request) -> Vec<(String, String)> {
    let query = request.uri().query().unwrap_or_default();
    url::form_urlencoded::parse(query.as_bytes())
        .into_owned()
        .collect()
}

fn content_length(headers: &http::HeaderMap) -> Option<u64> {
    headers
        .get(header::CONTENT_LENGTH)?
        .to_str()
        .ok()?
        .parse()
        .ok()
}

/// Returns the bytes of the answer and of the whole object.
fn lengths(response: &Response) -> Option<(u64, u64)> {
    let len = content_length(response.headers())?;
    let range = response.headers().get(header::CONTENT_RANGE);
    let size = match range {
        Some(range) => range.to_str().ok()?.rsplit_once('/')?.1.parse().ok()?,
        None => len,
    };
    Some((len, size))
}

/// A body whose sent bytes are recorded with its claim when it ends or breaks off.
struct Claimed {
    body: Body,
    app: App,
    claim: Id,
    sent: u64,
    len: u64,
    size: u64,
}

impl HttpBody for Claimed {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let frame = Pin::new(&mut self.body).poll_frame(context);
        if let Poll::Ready(Some(Ok(frame))) = &frame {
            self.sent += frame.data_ref().map_or(0, Bytes::len) as u64;
        }
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for Claimed {
    fn drop(&mut self) {
        let (app, claim, size) = (self.app.clone(), self.claim.clone(), self.size);
        let bytes = (self.sent, self.len.saturating_sub(self.sent));
        tokio::spawn(async move {
            if let Err(error) = claim::settle_bytes(&app, &claim, bytes, size).await {
                tracing::warn!(%error, "the bytes of a counted download were not settled");
            }
        });
    }
}
