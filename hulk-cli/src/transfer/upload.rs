//! One file to the store: plan, send, report.

use std::sync::Arc;

use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
use bytes::Bytes;
use futures_util::stream;
use hulk_proto::{
    CreateFile, ErrorCode, File, RemotePath, StoreDigest, Upload,
    file::{PutFile, ReportUpload, ReportedStatus},
};
use reqwest::{Body, Response, header};
use url::Url;

use super::{
    Meter, Watcher,
    source::{Content, Digests, ReadError, Source, read_ahead},
};
use crate::{
    client::{Client, shown, unreachable},
    error::{Error, Result},
};

/// Uploads `source` as `request` says; its size and digests are filled in here.
/// If there is a directory at its path, the file goes to `else_at`.
///
/// # Errors
/// What the server refuses, before a byte is sent; a store that breaks off or gets other bytes; a
/// file that changes meanwhile, whose upload is cancelled.
pub(crate) async fn upload(
    client: &Client,
    source: Source,
    mut request: CreateFile,
    else_at: Option<RemotePath>,
    watcher: Arc<dyn Watcher>,
) -> Result<PutFile> {
    let size_bytes = source.size_bytes;
    request.size_bytes = size_bytes;
    request.sha256 = source.sha256;
    request.part_md5s = vec![source.first_md5];
    let created = match (client.create_file(&request).await, else_at) {
        (Err(error), Some(path)) if error.code == ErrorCode::DirectoryExists => {
            request.path = path;
            client.create_file(&request).await?
        }
        (planned, _) => planned?,
    };
    let sent = match created.upload {
        Upload::None => return Ok(put_file(created.file, 0, size_bytes)),
        Upload::Single {
            url,
            headers,
            store_digest,
            ..
        } => {
            let url = Url::parse(&url)
                .map_err(|_| Error::unreachable("the server told a store URL that is none"))?;
            let mut put = client.http().put(url.clone());
            for (name, value) in headers {
                put = put.header(name, value);
            }
            send(put, &url, source, store_digest, watcher.clone()).await
        }
    };
    let digests = match sent {
        Ok(digests) => digests,
        Err(error) => {
            if error.code == ErrorCode::LocalFile {
                // The file is not what was planned: nobody will go on with this upload.
                let _ = client.cancel_upload(&created.file.id).await;
            }
            return Err(error);
        }
    };
    let report = ReportUpload {
        status: ReportedStatus::Uploaded,
        version: Some(created.file.version),
        sha256: Some(digests.sha256),
        md5: digests.md5,
    };
    let file = client.report_upload(&created.file.id, &report).await?;
    Ok(put_file(file, size_bytes, 0))
}

fn put_file(file: File, uploaded_bytes: u64, reused_bytes: u64) -> PutFile {
    PutFile {
        file,
        uploaded_bytes,
        reused_bytes,
        resumed: false,
    }
}

async fn send(
    put: reqwest::RequestBuilder,
    url: &Url,
    source: Source,
    store_digest: StoreDigest,
    watcher: Arc<dyn Watcher>,
) -> Result<Digests> {
    let (file, path, before) = match source.content {
        Content::Memory { bytes, digests } => {
            return send_memory(put, url, bytes, digests, watcher).await;
        }
        Content::File { file, path, before } => (file, path, before),
    };
    let (blocks, reader) = read_ahead(file, path, before, store_digest == StoreDigest::Md5);
    let meter = Arc::new(Meter::default());
    let put = put.body(body(blocks, meter.clone(), watcher));
    let answered = meter.watch(put.send()).await.ok_or_else(|| stalled(url))?;
    let is_sent = answered.is_ok();
    let failed = match answered {
        Ok(response) => {
            // A refusal may come before the body's end, while the reader still waits.
            check(response).await?;
            Error::unreachable("the store answered before it had everything")
        }
        Err(error) => unreachable(url, &error),
    };
    // The request is over, and its body with it, so the reader ends too. What it says of the file
    // is the cause of the network's error.
    let read = reader
        .await
        .map_err(|error| Error::failed(format!("reading failed: {error}")))?;
    match read {
        Ok(digests) if is_sent => Ok(digests),
        Err(ReadError::File(error)) => Err(error),
        _ => Err(failed),
    }
}

/// With its MD5, so that the store refuses what was damaged on the way.
async fn send_memory(
    put: reqwest::RequestBuilder,
    url: &Url,
    bytes: Bytes,
    digests: Digests,
    watcher: Arc<dyn Watcher>,
) -> Result<Digests> {
    let size_bytes = bytes.len() as u64;
    let put = match digests.md5 {
        Some(md5) => put.header("content-md5", BASE64.encode(md5.0)),
        None => put,
    };
    let answered = Meter::default().watch(put.body(bytes).send()).await;
    let response = answered
        .ok_or_else(|| stalled(url))?
        .map_err(|error| unreachable(url, &error))?;
    check(response).await?;
    watcher.moved(size_bytes);
    watcher.checking();
    Ok(digests)
}

fn body(
    blocks: tokio::sync::mpsc::Receiver<Bytes>,
    meter: Arc<Meter>,
    watcher: Arc<dyn Watcher>,
) -> Body {
    Body::wrap_stream(stream::unfold(blocks, move |mut blocks| {
        let (meter, watcher) = (meter.clone(), watcher.clone());
        async move {
            let Some(block) = blocks.recv().await else {
                watcher.checking();
                return None;
            };
            meter.add(block.len());
            watcher.moved(block.len() as u64);
            Some((Ok::<_, std::io::Error>(block), blocks))
        }
    }))
}

fn stalled(url: &Url) -> Error {
    Error::unreachable(format!("the upload to {} stalled", shown(url)))
        .with_hint("run the same command again")
}

/// The store's answer. Its errors are XML with `Code` and `Message`.
async fn check(response: Response) -> Result<()> {
    let (url, status) = (response.url().clone(), response.status());
    if status.is_success() {
        return Ok(());
    }
    let is_xml = response
        .headers()
        .get(header::CONTENT_TYPE)
        .is_some_and(|kind| kind.as_bytes().ends_with(b"xml"));
    let text = response.text().await.unwrap_or_default();
    let code = tag(&text, "Code").filter(|_| is_xml).unwrap_or_default();
    let says = tag(&text, "Message")
        .filter(|_| is_xml)
        .unwrap_or(status.as_str());
    let message = format!("the store at {} refused the upload: {says}", shown(&url));
    Err(match (status.as_u16(), code) {
        (507, _) => Error::full(message),
        (_, "BadDigest" | "InvalidDigest" | "XAmzContentSHA256Mismatch") => {
            Error::integrity(message)
                .with_hint("the bytes were damaged on the way; run the same command again")
        }
        _ => Error::unreachable(message).with_hint("run the same command again"),
    })
}

fn tag<'a>(xml: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = xml.split_once(&format!("<{name}>"))?;
    rest.split_once(&format!("</{name}>")).map(|(text, _)| text)
}
