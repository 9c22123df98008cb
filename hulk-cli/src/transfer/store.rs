//! One request to the store, and what its answers mean.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use futures_util::StreamExt;
use reqwest::{Response, header};
use serde::Deserialize;
use url::Url;

use super::{
    Meter, Watcher,
    body::{Body, read_error},
};
use crate::{
    error::{Again, Error, Result},
    file_io::BLOCK_BYTES,
    http::answer::{ERROR_BYTES, read_at_most, shown, unreachable},
    http::{Net, retry::retry_after},
};

/// Limit for reading the few bytes that say why the store refused something.
const REASON_TIMEOUT: Duration = Duration::from_secs(20);

/// Answer of a store to a put.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Stored {
    /// The ETag without its quotes.
    Yes(String),
    /// The object already exists, and the URL may only create a new one.
    Before,
}

/// Puts a body to a presigned URL. If it fails, the bytes reported as moved are reported as undone.
pub(crate) async fn put(
    net: &Net,
    url: &str,
    headers: &BTreeMap<String, String>,
    content_md5: Option<&str>,
    body: &Body,
    watcher: Arc<dyn Watcher>,
) -> Result<Stored> {
    let url = parse(url)?;
    let mut put = net.http.put(url.clone());
    for (name, value) in headers {
        put = put.header(name, value);
    }
    if let Some(md5) = content_md5.filter(|_| !headers.contains_key("content-md5")) {
        put = put.header("content-md5", md5);
    }
    let meter = Arc::new(Meter::default());
    let fault = Arc::new(Mutex::new(None));
    let sent = put.body(stream(net, body, &meter, &fault, &watcher)).send();
    let answered = meter.watch(net.stall_timeout, sent).await;
    let outcome = match answered {
        None => Err(stalled(&url)),
        Some(Ok(response)) => check(response).await,
        Some(Err(error)) => {
            // An error in reading the file is the cause of the network error.
            let read = fault.lock().unwrap_or_else(PoisonError::into_inner).take();
            Err(read.unwrap_or_else(|| unreachable(&url, &error)))
        }
    };
    if outcome.is_err() {
        watcher.undone(meter.count());
    }
    outcome
}

pub(crate) fn parse(url: &str) -> Result<Url> {
    Url::parse(url).map_err(|_| Error::unreachable("the server sent an invalid store URL"))
}

fn stream(
    net: &Net,
    body: &Body,
    meter: &Arc<Meter>,
    fault: &Arc<Mutex<Option<Error>>>,
    watcher: &Arc<dyn Watcher>,
) -> reqwest::Body {
    let path = match body {
        Body::Memory(_) => None,
        Body::Range { path, .. } => Some(path.clone()),
    };
    let shared = (net.limit.clone(), meter.clone(), watcher.clone());
    let fault = fault.clone();
    let blocks = body.blocks(net.limit.block_bytes(BLOCK_BYTES));
    reqwest::Body::wrap_stream(blocks.then(move |block| {
        let (limit, meter, watcher) = shared.clone();
        let (path, fault) = (path.clone(), fault.clone());
        async move {
            match &block {
                Ok(block) => {
                    limit.take(block.len()).await;
                    meter.add(block.len() as u64);
                    watcher.moved(block.len() as u64);
                }
                Err(error) => {
                    let error = path.map(|path| read_error(&path, error));
                    *fault.lock().unwrap_or_else(PoisonError::into_inner) = error;
                }
            }
            block
        }
    }))
}

pub(crate) fn stalled(url: &Url) -> Error {
    Error::unreachable(format!("the transfer with {} stalled", shown(url)))
        .with_hint("run the same command again")
        .again(Again::Soon(None))
}

async fn check(response: Response) -> Result<Stored> {
    match response.status().as_u16() {
        200..=299 => {
            let etag = response.headers().get(header::ETAG);
            let etag = etag.and_then(|etag| etag.to_str().ok()).unwrap_or_default();
            Ok(Stored::Yes(etag.trim_matches('"').to_owned()))
        }
        412 => Ok(Stored::Before),
        _ => Err(refused(response, "upload").await),
    }
}

/// The XML of a store's error.
#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Said {
    code: String,
    message: Option<String>,
}

/// Returns the error for a store's refusal, with the reason that it gives.
pub(crate) async fn refused(response: Response, what: &str) -> Error {
    let (url, status) = (response.url().clone(), response.status());
    let later = retry_after(response.headers());
    let is_xml = response
        .headers()
        .get(header::CONTENT_TYPE)
        .is_some_and(|kind| kind.as_bytes().ends_with(b"xml"));
    // The reason is useful, but without it the request is refused all the same.
    let read = tokio::time::timeout(REASON_TIMEOUT, read_at_most(response, ERROR_BYTES)).await;
    let text = match &read {
        Ok(Ok((body, _))) => String::from_utf8_lossy(body),
        _ => "".into(),
    };
    let said = is_xml
        .then(|| quick_xml::de::from_str(&text).ok())
        .flatten();
    let Said { code, message } = said.unwrap_or_default();
    let says = message.as_deref().unwrap_or(status.as_str());
    let message = format!("the store at {} refused the {what}: {says}", shown(&url));
    let store = |again| {
        Error::unreachable(message.clone())
            .with_hint("run the same command again")
            .again(again)
    };
    if status.is_redirection() {
        return Error::failed(format!("{} redirects, which no store does", shown(&url)))
            .with_hint("give hulk the link that it leads to; curl -L follows all redirects");
    }
    match (status.as_u16(), code.as_str()) {
        (507, _) => Error::full(message),
        (_, "BadDigest" | "InvalidDigest" | "XAmzContentSHA256Mismatch") => {
            Error::integrity(message)
                .with_hint("the bytes were damaged in transit; run the same command again")
                .again(later)
        }
        // The URL has expired, or its upload has ended.
        (403 | 404, _) => store(Again::Anew),
        (408 | 429 | 500 | 502..=504, _)
        | (_, "RequestTimeout" | "SlowDown" | "IncompleteBody" | "InternalError") => store(later),
        _ => store(Again::Never),
    }
}
