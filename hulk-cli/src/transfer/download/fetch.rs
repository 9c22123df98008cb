//! Fetches ranges of an object, each until it is complete.

use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use hulk_proto::Sha256;
use reqwest::{Response, StatusCode, header};
use tokio::sync::RwLock;
use url::Url;

use super::link::Link;
use crate::{
    error::{Again, Error, Result},
    http::answer::{shown, unreachable},
    http::retry::RetryPolicy,
    transfer::{
        Meter, Watcher,
        buffers::{Lease, Pool},
        store,
    },
};

/// Fetches one file; shared by all its ranges.
pub(crate) struct Fetcher {
    link: Link,
    target: RwLock<Url>,
    sha256: Option<Sha256>,
    retry_policy: RetryPolicy,
    pool: Arc<Pool>,
    pub(crate) watcher: Arc<dyn Watcher>,
}

/// Size and name of the whole object, from the first response.
pub(crate) struct Whole {
    pub(crate) size_bytes: u64,
    pub(crate) filename: Option<String>,
}

impl Fetcher {
    pub(crate) fn new(
        link: Link,
        target: Url,
        sha256: Option<Sha256>,
        watcher: Arc<dyn Watcher>,
    ) -> Self {
        Self {
            retry_policy: link.net.retry_policy(),
            link,
            target: RwLock::new(target),
            sha256,
            pool: Pool::new(0),
            watcher,
        }
    }

    pub(crate) fn link(&self) -> &Link {
        &self.link
    }

    /// Fetches the first bytes, at most `most`, with the size and name of the whole.
    pub(crate) async fn first(&self, most: u64) -> Result<(Whole, Bytes)> {
        let whole = Mutex::new(None);
        let bytes = self.range_into(0, most, &whole).await?;
        let whole = whole.into_inner().unwrap_or_else(PoisonError::into_inner);
        Ok((whole.ok_or_else(|| self.no_ranges())?, bytes))
    }

    /// Fetches the bytes `start..end`, which must exist.
    pub(crate) async fn range(&self, start: u64, end: u64) -> Result<Bytes> {
        let bytes = self.range_into(start, end, &Mutex::new(None)).await?;
        match bytes.len() as u64 == end - start {
            true => Ok(bytes),
            false => Err(self.no_ranges()),
        }
    }

    /// Fetches a range. Bytes received before a connection broke are kept, and the rest is requested.
    async fn range_into(
        &self,
        start: u64,
        end: u64,
        whole: &Mutex<Option<Whole>>,
    ) -> Result<Bytes> {
        let lease = tokio::sync::Mutex::new(self.pool.take_or_make());
        self.retry_policy
            .retry(async || {
                let mut lease = lease.lock().await;
                let before = lease.buffer.len();
                let outcome = self.try_range(start, end, &mut lease, whole).await;
                if lease.buffer.len() > before {
                    self.retry_policy.succeeded();
                }
                if let Err(error) = &outcome
                    && error.again == Again::Anew
                {
                    self.renew().await?;
                }
                outcome
            })
            .await?;
        Ok(lease.into_inner().into_bytes())
    }

    async fn try_range(
        &self,
        start: u64,
        end: u64,
        lease: &mut Lease,
        whole: &Mutex<Option<Whole>>,
    ) -> Result<()> {
        let url = self.target.read().await.clone();
        let from = start + lease.buffer.len() as u64;
        if from >= end && start < end {
            return Ok(());
        }
        let get = self.link.net.http.get(url.clone());
        let get = get.header(header::RANGE, format!("bytes={from}-{}", end - 1));
        let stall = self.link.net.stall_timeout;
        let answered = Meter::default().watch(stall, get.send()).await;
        let answered = answered.ok_or_else(|| store::stalled(&url))?;
        let mut response = answered.map_err(|error| unreachable(&url, &error))?;
        let end = match response.status() {
            StatusCode::PARTIAL_CONTENT => {
                let found = self.whole(&response)?;
                let end = end.min(found.size_bytes);
                *whole.lock().unwrap_or_else(PoisonError::into_inner) = Some(found);
                end
            }
            // An empty object has no range.
            StatusCode::RANGE_NOT_SATISFIABLE if from == 0 => {
                *whole.lock().unwrap_or_else(PoisonError::into_inner) = Some(Whole {
                    size_bytes: 0,
                    filename: None,
                });
                return Ok(());
            }
            StatusCode::OK => return Err(self.no_ranges()),
            _ => return Err(store::refused(response, "download").await),
        };
        // A store that reports another size than before may report one that ends before the range.
        let wanted = end.checked_sub(start).ok_or_else(|| self.no_ranges())? as usize;
        lease
            .buffer
            .reserve(wanted.saturating_sub(lease.buffer.len()));
        while lease.buffer.len() < wanted {
            let next = tokio::time::timeout(stall, response.chunk());
            let chunk = next.await.map_err(|_| store::stalled(&url))?;
            let chunk = chunk.map_err(|error| unreachable(&url, &error))?;
            let chunk = chunk.ok_or_else(|| self.broke_off(&url))?;
            let room = wanted - lease.buffer.len();
            let chunk = &chunk[..chunk.len().min(room)];
            self.link.net.limit.take(chunk.len()).await;
            lease.buffer.extend_from_slice(chunk);
            self.watcher.moved(chunk.len() as u64);
        }
        Ok(())
    }

    /// `Content-Range: bytes FIRST-LAST/SIZE`
    fn whole(&self, response: &Response) -> Result<Whole> {
        let header = |name| response.headers().get(name)?.to_str().ok();
        let range = header(header::CONTENT_RANGE);
        let size = range.and_then(|range| range.rsplit_once('/')?.1.parse().ok());
        Ok(Whole {
            size_bytes: size.ok_or_else(|| self.no_ranges())?,
            filename: header(header::CONTENT_DISPOSITION).and_then(super::link::filename),
        })
    }

    /// Follows the link again for a new URL, since the old one has expired.
    async fn renew(&self) -> Result<()> {
        let target = self.link.follow_once().await?;
        if target.sha256 != self.sha256 {
            return Err(Error::conflict("the file was replaced during the download")
                .with_hint("run the same command again to get the new one"));
        }
        *self.target.write().await = target.url;
        Ok(())
    }

    fn broke_off(&self, url: &Url) -> Error {
        Error::unreachable(format!("the download from {} broke off", shown(url)))
            .with_hint("run the same command again")
            .again(Again::Soon(None))
    }

    fn no_ranges(&self) -> Error {
        Error::unreachable(format!(
            "the store behind {} does not support range requests like S3",
            shown(&self.link.url)
        ))
        .with_hint("download it with curl -L")
    }
}
