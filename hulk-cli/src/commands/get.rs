//! `hulk get`

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use hulk_proto::{ShareToken, directory::GotDirectory, file::GotFile, share::PublicShare};
use serde::Serialize;
use tokio::task::spawn_blocking;
use url::Url;

use super::{Batch, get_tree, resumable};
use crate::{
    args::{Get, Global},
    choice::Chosen,
    client::Client,
    error::{Error, Exit, Result},
    net::Net,
    printer::Printer,
    progress::Display,
    session,
    shared_link::SharedLink,
    target::Target,
    transfer::{
        Watcher,
        cache::Cache,
        download::{Download, Received, Saving},
        link::{Link, is_safe},
        partial::Partial,
    },
};

/// What became of one argument.
#[derive(Serialize)]
#[serde(untagged)]
enum Done {
    File(GotFile),
    Directory(GotDirectory),
}

pub(crate) async fn run(global: &Global, printer: &Printer, get: &Get) -> Result<()> {
    if get.sources.len() > 1
        && get
            .output
            .as_deref()
            .is_some_and(|path| !is_directory(path))
    {
        return Err(
            Error::usage("-o names one file, and there are several to get")
                .with_hint("name a directory; end it in / if it does not exist yet"),
        );
    }
    let client = session::open_for_links(global)?;
    let client = client.map(|client| client.limited(get.speed.limit_rate));
    let run = Run {
        passes: Mutex::default(),
        net: match &client {
            Some(client) => client.net().clone(),
            None => Net::new()?.limited(get.speed.limit_rate),
        },
        client,
        chosen: Chosen::new(&get.choice)?,
        cache: Cache::open().filter(|_| !get.no_cache && !get.no_verify),
        display: Display::new(printer, "got", get.sources.len() > 1),
        global,
        printer,
        get,
    };
    let mut batch = Batch::new(printer);
    for source in &get.sources {
        let got = run.get_one(source).await;
        if let Ok(Some(Done::Directory(done))) = &got
            && !done.failed.is_empty()
        {
            batch.note_failure(Exit::Failed);
        }
        if let Some(got) = got.transpose() {
            batch.add(got.map_err(|error| resumable(error.about(source))));
        }
    }
    // With the bytes on stdout there is no room for a document.
    if get.output.as_deref().is_some_and(is_stdout) {
        return batch.finish_silently();
    }
    batch.finish()
}

/// What is the same for all arguments.
pub(super) struct Run<'a> {
    pub(super) net: Net,
    pub(super) client: Option<Client>,
    /// What stands for the passwords of shares, by token.
    passes: Mutex<HashMap<String, String>>,
    pub(super) chosen: Chosen,
    pub(super) cache: Option<Cache>,
    pub(super) display: Arc<Display>,
    pub(super) printer: &'a Printer,
    pub(super) get: &'a Get,
    global: &'a Global,
}

/// What an argument leads to.
enum Found {
    File(Url),
    Directory(Url),
    /// A file, and what its share tells of it before a download is begun that may count.
    Shared(Url, Box<PublicShare>),
}

impl Run<'_> {
    /// `None` for a dry run.
    async fn get_one(&self, source: &str) -> Result<Option<Done>> {
        let link = match self.find(source).await? {
            Found::Directory(url) => {
                let got = get_tree::get(self, source, url).await?;
                return Ok(got.map(Done::Directory));
            }
            Found::File(url) => self.link(url),
            Found::Shared(url, details) => self.shared(url, &details)?,
        };
        if self.get.choice.dry_run {
            let details = link.details().await?;
            self.printer.line(details.filename);
            return Ok(None);
        }
        let progress = Arc::new(self.display.file(source, None));
        let download = Download::begin(link.clone(), progress.clone()).await?;
        let name = download.filename.clone();
        let size_bytes = download.size_bytes;
        progress.set_size(name.as_deref().unwrap_or(source), size_bytes);
        let expected = download.sha256;
        let verify = !self.get.no_verify;
        if verify && expected.is_none() {
            self.printer.warning(&format!(
                "{source}: the server tells no SHA-256 to compare with"
            ));
        }
        let (found, saved_to) = if self.get.output.as_deref().is_some_and(is_stdout) {
            let parallel = self.get.speed.parallel.map(usize::from);
            (download.print(verify, parallel).await?, "-".to_owned())
        } else {
            let path = destination(self.get.output.as_deref(), name)?;
            if is_there(&path) && !self.get.force {
                return Err(exists(&path));
            }
            let watcher: &dyn Watcher = &*progress;
            let found = self.save(download, &path, watcher).await?;
            (found, path.display().to_string())
        };
        link.ended().await;
        progress.finish();
        Ok(Some(Done::File(GotFile {
            source: source.to_owned(),
            saved_to,
            size_bytes: found.size_bytes,
            sha256: found.sha256,
            verified: verify && expected.is_some(),
        })))
    }

    /// From the cache, else from the store.
    pub(super) async fn save(
        &self,
        download: Download,
        path: &Path,
        watcher: &dyn Watcher,
    ) -> Result<Received> {
        if let (Some(cache), Some(sha256)) = (self.cache.clone(), download.sha256)
            && download.size_bytes >= Cache::MIN_FILE_BYTES
        {
            let (to, replace) = (path.to_owned(), self.get.force);
            let fetch = move || {
                let fetched = cache.fetch(sha256, &to, replace);
                if fetched.is_some() {
                    Partial::discard(&to, sha256);
                }
                fetched
            };
            let cached = spawn_blocking(fetch).await;
            let cached = cached.map_err(|error| Error::failed(error.to_string()))?;
            if let Some(size_bytes) = cached {
                watcher.restart();
                watcher.moved(size_bytes);
                watcher.note("was in the cache");
                return Ok(Received { size_bytes, sha256 });
            }
        }
        let saving = Saving {
            path,
            replace: self.get.force,
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

    /// A link that may count: nothing is begun that cannot be ended, and what an earlier run has
    /// begun is gone on with.
    fn shared(&self, url: Url, details: &PublicShare) -> Result<Link> {
        let name = details.filename.clone().filter(|name| is_safe(name));
        let mut claim = None;
        if !self.get.output.as_deref().is_some_and(is_stdout) {
            let path = destination(self.get.output.as_deref(), name)?;
            if is_there(&path) && !self.get.force {
                return Err(exists(&path));
            }
            claim = details
                .sha256
                .and_then(|sha256| Partial::claim(&path, sha256));
        }
        Ok(self.link(url).with_claim(claim))
    }

    /// What a share link opens.
    async fn open(&self, url: &Url, token: ShareToken) -> Result<Found> {
        let link = SharedLink::open(&self.net, url, token).await?;
        let found = match (&link.details.file_id, &link.details.directory_id) {
            _ if !link.details.permissions.can_download => {
                return Err(Error::not_allowed("the link only takes files in")
                    .with_hint("put files through it: hulk put FILE --to LINK"));
            }
            (Some(id), _) => {
                let name = link.details.filename.as_deref().unwrap_or("file");
                let page = link.page(&format!("/d/{id}/{name}"));
                Found::Shared(page, Box::new(link.details.clone()))
            }
            (_, Some(id)) => Found::Directory(link.page(&format!("/b/{id}"))),
            _ => return Err(Error::not_a_server(&link.server)),
        };
        let mut passes = self.passes.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(pass) = link.pass {
            passes.insert(link.token.as_str().to_owned(), pass);
        }
        Ok(found)
    }

    /// A link to something in a share, which may ask for its password.
    async fn inside(&self, url: Url) -> Result<Found> {
        let token = url.query_pairs().find(|(name, _)| name == "token");
        if let Some(Ok(token)) = token.map(|(_, token)| token.parse()) {
            self.open(&url, token).await?;
        }
        Ok(match url.path().starts_with("/b/") {
            true => Found::Directory(url),
            false => Found::File(url),
        })
    }

    async fn find(&self, source: &str) -> Result<Found> {
        match (Target::parse(source)?, &self.client) {
            (Target::Link(url), _) => match SharedLink::token_of(&url) {
                Some(token) => self.open(&url, token).await,
                None if url.query_pairs().any(|(name, _)| name == "token") => {
                    self.inside(url).await
                }
                None if url.path().starts_with("/b/") => Ok(Found::Directory(url)),
                None => Ok(Found::File(url)),
            },
            (Target::Remote(_), None) => Err(session::open(self.global)
                .err()
                .unwrap_or_else(|| Error::usage("no server is known"))),
            (Target::Remote(remote), Some(client)) => {
                let mut url: Url = client.server().clone();
                if !remote.is_root()
                    && let Some(file) = client.find_file(&remote).await?
                {
                    url.set_path(&format!("/d/{}/{}", file.id, file.filename));
                    return Ok(Found::File(url));
                }
                let directory = client.find_directory(&remote).await?;
                let directory = directory
                    .ok_or_else(|| Error::not_found("there is no such file or directory"))?;
                url.set_path(&format!("/b/{}", directory.id));
                Ok(Found::Directory(url))
            }
        }
    }
}

/// Whether the name is taken, be it by a link that leads nowhere.
pub(super) fn is_there(path: &Path) -> bool {
    path.symlink_metadata().is_ok()
}

pub(super) fn exists(path: &Path) -> Error {
    Error::exists(format!("{} is there already", path.display()))
        .with_hint("replace it with --force, or name another file with -o")
}

fn destination(output: Option<&Path>, name: Option<String>) -> Result<PathBuf> {
    let named = |directory: &Path| match name {
        Some(name) => Ok(directory.join(name)),
        None => Err(Error::usage("the file has no name that is safe here")
            .with_hint("name one with -o FILE")),
    };
    match output {
        None => named(Path::new("")),
        Some(directory) if is_directory(directory) => {
            std::fs::create_dir_all(directory)
                .map_err(|error| Error::local("make", directory, &error))?;
            named(directory)
        }
        Some(file) => Ok(file.to_owned()),
    }
}

pub(super) fn is_directory(path: &Path) -> bool {
    path.is_dir() || path.as_os_str().as_encoded_bytes().ends_with(b"/")
}

pub(super) fn is_stdout(path: &Path) -> bool {
    path.as_os_str() == "-"
}
