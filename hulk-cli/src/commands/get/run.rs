//! State shared by all arguments of one `hulk get`.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use hulk_proto::{path::is_local_name, share::PublicShare};
use tokio::task::spawn_blocking;
use url::Url;

use crate::{
    args::{Get, Global},
    client::Client,
    error::{Error, Result},
    http::Net,
    output::Output,
    path_filter::PathFilter,
    printer::Printer,
    progress::Display,
    transfer::{
        Watcher,
        download::{
            Download, Received, Saving,
            cache::Cache,
            link::Link,
            partial::{Partial, Place},
        },
    },
};

/// Options and services shared by all arguments.
pub(super) struct Run<'a> {
    pub(super) net: Net,
    pub(super) client: Option<Client>,
    /// Passes, which stand for the passwords of shares, by token.
    pub(super) passes: Mutex<HashMap<String, String>>,
    pub(super) chosen: PathFilter,
    pub(super) cache: Option<Cache>,
    pub(super) display: Arc<Display>,
    pub(super) output: Output,
    pub(super) printer: &'a Printer,
    pub(super) get: &'a Get,
    pub(super) global: &'a Global,
}

impl Run<'_> {
    /// Saves a download: from the cache, else from the store.
    pub(super) async fn save(
        &self,
        download: Download,
        path: &Path,
        watcher: &dyn Watcher,
    ) -> Result<Received> {
        let (replace, attributes) = (self.get.force, download.attributes);
        if let (Some(cache), Some(sha256)) = (self.cache.clone(), download.sha256)
            && download.size_bytes >= Cache::MIN_FILE_BYTES
        {
            let to = path.to_owned();
            let fetch = move || {
                let place = Place {
                    path: &to,
                    replace,
                    attributes,
                };
                let fetched = cache.fetch(sha256, place);
                if fetched.is_some() {
                    Partial::discard(&to);
                }
                fetched
            };
            let cached = spawn_blocking(fetch).await;
            let cached = cached.map_err(|error| Error::failed(error.to_string()))?;
            if let Some(size_bytes) = cached {
                watcher.restart();
                watcher.moved(size_bytes);
                watcher.note("copied from the cache");
                return Ok(Received { size_bytes, sha256 });
            }
        }
        let saving = Saving {
            place: Place {
                path,
                replace,
                attributes,
            },
            verify: !self.get.no_verify,
            parallel: self.get.speed.parallel.map(usize::from),
        };
        download.save(&saving, self.cache.as_ref()).await
    }

    pub(super) fn link(&self, url: Url) -> Link {
        let passes = self.passes.lock().unwrap_or_else(PoisonError::into_inner);
        let token = url.query_pairs().find(|(name, _)| name == "token");
        let pass = token.and_then(|(_, token)| passes.get(token.as_ref()).cloned());
        Link::new(url, self.client.as_ref(), &self.net).with_pass(pass)
    }

    /// # Errors
    /// If the path exists, even as a dangling symbolic link, and `--force` is not given.
    pub(super) fn refuse_existing(&self, path: &Path) -> Result<()> {
        match path.symlink_metadata().is_ok() && !self.get.force {
            true => Err(Error::exists(format!("{} already exists", path.display()))
                .on(path.display())
                .with_hint("overwrite it with --force, or choose another path with -o")),
            false => Ok(()),
        }
    }
}

/// Name of the file that a share link opens, if it is safe here.
pub(super) fn shared_name(details: &PublicShare) -> Option<&str> {
    let name = details.filename.as_deref();
    name.filter(|name| is_local_name(name))
}

/// Absolute form of a path, for comparison with others.
pub(super) fn resolved(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}
