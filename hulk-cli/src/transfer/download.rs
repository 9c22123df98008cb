//! One file from the store: to a temporary name, checked, then to its own.

use std::{
    io::{self, IoSlice, Write},
    path::{Path, PathBuf},
    time::Duration,
};

use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
use bytes::Bytes;
use hulk_proto::Sha256;
use percent_encoding::percent_decode_str;
use reqwest::{RequestBuilder, Response, StatusCode, header};
use sha2::Digest;
use tokio::sync::mpsc;
use url::Url;

use super::{BLOCK_BYTES, BLOCKS_IN_FLIGHT, Meter, Watcher};
use crate::{
    client::{refuse_errors, shown, unreachable},
    error::{Error, Result},
};

/// For the redirect; the bytes may take longer.
const LINK_TIMEOUT: Duration = Duration::from_secs(20);

/// A download whose answer has begun.
pub(crate) struct Download {
    response: Response,
    /// As its owner named it; safe as a file's name here.
    pub(crate) filename: Option<String>,
    pub(crate) size_bytes: Option<u64>,
    /// What the server says it is.
    pub(crate) sha256: Option<Sha256>,
}

/// What came in.
pub(crate) struct Received {
    pub(crate) size_bytes: u64,
    pub(crate) sha256: Sha256,
}

/// Follows a link to the store.
///
/// # Errors
/// What the server refuses; what is not a Hulkastorus link.
pub(crate) async fn begin(
    http: &reqwest::Client,
    link: RequestBuilder,
    url: &Url,
) -> Result<Download> {
    let (target, sha256) = redirect(link, url).await?;
    let get = http.get(target.clone()).send();
    let response = Meter::default()
        .watch(get)
        .await
        .ok_or_else(|| stalled(&target))?;
    let response = response.map_err(|error| unreachable(&target, &error))?;
    if response.status() != StatusCode::OK {
        return Err(Error::unreachable(format!(
            "the store at {} answered {}",
            shown(&target),
            response.status()
        ))
        .with_hint("run the same command again"));
    }
    let disposition = response.headers().get(header::CONTENT_DISPOSITION);
    let named = disposition.and_then(|value| filename(value.to_str().ok()?));
    let size_bytes = response.content_length();
    let filename = named
        .or_else(|| last_part(url))
        .filter(|name| is_safe(name));
    Ok(Download {
        response,
        filename,
        size_bytes,
        sha256,
    })
}

/// Where the link leads, and the digest of what is there.
async fn redirect(link: RequestBuilder, url: &Url) -> Result<(Url, Option<Sha256>)> {
    let answered = link.timeout(LINK_TIMEOUT).send().await;
    let redirect = answered.map_err(|error| unreachable(url, &error))?;
    if redirect.status() != StatusCode::FOUND {
        refuse_errors(redirect).await?;
        return Err(not_a_link(url));
    }
    let header = |name: &str| redirect.headers().get(name)?.to_str().ok();
    let target = header("location").and_then(|location| url.join(location).ok());
    let sha256 = header("repr-digest").and_then(repr_digest);
    Ok((target.ok_or_else(|| not_a_link(url))?, sha256))
}

fn last_part(url: &Url) -> Option<String> {
    let last = url.path_segments()?.next_back()?;
    let name = percent_decode_str(last).decode_utf8().ok()?;
    Some(name.into_owned())
}

fn not_a_link(url: &Url) -> Error {
    Error::unreachable(format!("{} is not a Hulkastorus download link", shown(url)))
        .with_hint("a link looks like https://HOST/d/ID/NAME")
}

fn stalled(url: &Url) -> Error {
    Error::unreachable(format!("the download from {} stalled", shown(url)))
        .with_hint("run the same command again")
}

/// RFC 9530: `sha-256=:BASE64:`, perhaps among others.
fn repr_digest(header: &str) -> Option<Sha256> {
    let value = header
        .split(',')
        .find_map(|item| item.trim().strip_prefix("sha-256=:"))?;
    let bytes = BASE64.decode(value.strip_suffix(':')?).ok()?;
    bytes.try_into().ok().map(Sha256)
}

/// RFC 6266: the `filename*` of our server.
fn filename(disposition: &str) -> Option<String> {
    let (_, encoded) = disposition.split_once("filename*=UTF-8''")?;
    let encoded = encoded.split(';').next()?;
    percent_decode_str(encoded)
        .decode_utf8()
        .ok()
        .map(|name| name.into_owned())
}

/// One plain name, whatever a server says.
fn is_safe(name: &str) -> bool {
    !matches!(name, "" | "." | "..")
        && !name.contains(['/', '\\'])
        && !name.chars().any(char::is_control)
}

impl Download {
    /// Writes the bytes to a file beside `path`, checks them, and gives it its name. `replace`
    /// decides what happens to a file that is there.
    ///
    /// # Errors
    /// Of disk and network; `integrity` if the bytes are not what the server says. No file is left.
    pub(crate) async fn save(
        self,
        path: &Path,
        replace: bool,
        verify: bool,
        watcher: &dyn Watcher,
    ) -> Result<Received> {
        let fault = |error: io::Error| Error::local("write", path, &error);
        let directory = match path.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
            _ => PathBuf::from("."),
        };
        let mut builder = tempfile::Builder::new();
        builder.prefix(".hulk-").suffix(".part");
        // As for any new file, not as for a secret one: the umask decides.
        #[cfg(unix)]
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
        let temporary = builder.tempfile_in(&directory).map_err(fault)?;
        let file = temporary.reopen().map_err(fault)?;
        let expected = self.sha256;
        let found = self.stream(file, path, watcher).await?;
        if verify {
            check(&found, expected, path)?;
        }
        let named = match replace {
            true => temporary.persist(path),
            false => temporary.persist_noclobber(path),
        };
        named.map(drop).map_err(|error| fault(error.error))?;
        Ok(found)
    }

    /// Writes the bytes to the standard output; they are checked when they are out.
    pub(crate) async fn print(self, verify: bool, watcher: &dyn Watcher) -> Result<Received> {
        let expected = self.sha256;
        let path = Path::new("the standard output");
        let found = self.stream(io::stdout(), path, watcher).await?;
        if verify {
            check(&found, expected, path)?;
        }
        Ok(found)
    }

    async fn stream(
        mut self,
        out: impl Write + Send + 'static,
        path: &Path,
        watcher: &dyn Watcher,
    ) -> Result<Received> {
        let url = self.response.url().clone();
        let (sender, receiver) = mpsc::channel(BLOCKS_IN_FLIGHT);
        let writer = tokio::task::spawn_blocking(move || write(receiver, out));
        let fed = self.feed(&url, &sender, watcher).await;
        drop(sender);
        let written = writer
            .await
            .map_err(|error| Error::failed(format!("writing failed: {error}")))?;
        let found = written.map_err(|error| Error::local("write", path, &error))?;
        fed?;
        Ok(found)
    }

    async fn feed(
        &mut self,
        url: &Url,
        sender: &mpsc::Sender<Vec<Bytes>>,
        watcher: &dyn Watcher,
    ) -> Result<()> {
        let (mut block, mut bytes) = (Vec::new(), 0);
        loop {
            let next = tokio::time::timeout(super::STALL_TIMEOUT, self.response.chunk());
            let chunk = next.await.map_err(|_| stalled(url))?;
            let chunk = chunk.map_err(|error| unreachable(url, &error))?;
            let is_last = chunk.is_none();
            if let Some(chunk) = chunk {
                watcher.moved(chunk.len() as u64);
                bytes += chunk.len();
                block.push(chunk);
            }
            if is_last || bytes >= BLOCK_BYTES {
                // A writer that stopped says why itself.
                if sender.send(std::mem::take(&mut block)).await.is_err() || is_last {
                    return Ok(());
                }
                bytes = 0;
            }
        }
    }
}

fn check(found: &Received, expected: Option<Sha256>, path: &Path) -> Result<()> {
    match expected {
        Some(expected) if expected != found.sha256 => Err(Error::integrity(format!(
            "{}: the bytes that came are not those that were put (SHA-256 {} instead of {expected})",
            path.display(),
            found.sha256
        ))
        .with_hint("run the same command again")),
        _ => Ok(()),
    }
}

fn write(mut receiver: mpsc::Receiver<Vec<Bytes>>, mut out: impl Write) -> io::Result<Received> {
    let mut sha256 = sha2::Sha256::new();
    let mut size_bytes = 0;
    while let Some(chunks) = receiver.blocking_recv() {
        write_all_vectored(&mut out, &chunks)?;
        for chunk in &chunks {
            size_bytes += chunk.len() as u64;
            sha256.update(chunk);
        }
    }
    out.flush()?;
    Ok(Received {
        size_bytes,
        sha256: Sha256(sha256.finalize().into()),
    })
}

fn write_all_vectored(out: &mut impl Write, chunks: &[Bytes]) -> io::Result<()> {
    let mut slices: Vec<IoSlice<'_>> = chunks
        .iter()
        .filter(|chunk| !chunk.is_empty())
        .map(|chunk| IoSlice::new(chunk))
        .collect();
    let mut rest = slices.as_mut_slice();
    while !rest.is_empty() {
        match out.write_vectored(rest) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(written) => IoSlice::advance_slices(&mut rest, written),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}
