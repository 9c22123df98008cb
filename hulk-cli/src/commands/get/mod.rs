//! `hulk get`

mod directories;
mod find;
mod list;
mod run;
mod tree;

use std::{
    path::Path,
    sync::{Arc, Mutex},
};

use hulk_proto::{directory::GotDirectory, download::GotFile, share::PublicShare};
use serde::Serialize;
use tokio::task::spawn_blocking;
use url::Url;

use super::batch::{Batch, resumable};
use crate::{
    args::{Get, Global},
    context,
    error::{Error, Result},
    http::Net,
    output::Output,
    path_filter::PathFilter,
    printer::Printer,
    progress::Display,
    transfer::{
        Watcher,
        download::{Download, Received, cache::Cache, link::Link, partial::Partial},
    },
};
use find::{Found, refuse_conflicts};
use run::{Run, shared_name};

/// Outcome of one argument.
#[derive(Serialize)]
#[serde(untagged)]
enum Done {
    File(GotFile),
    Directory(GotDirectory),
    /// A file that a dry run would download.
    Planned {
        path: String,
    },
}

pub(crate) async fn run(global: &Global, printer: &Printer, get: &Get) -> Result<()> {
    let output = Output::of(get.output.as_deref());
    if get.sources.len() > 1 && output.is_one() {
        return Err(
            Error::usage("-o names one file, but several were requested")
                .with_hint("name a directory; end it with / if it does not exist yet"),
        );
    }
    let client = context::open_for_links(global)?;
    let client = client.map(|client| client.limited(get.speed.limit_rate));
    let run = Run {
        passes: Mutex::default(),
        net: match &client {
            Some(client) => client.net().clone(),
            None => Net::new()?.limited(get.speed.limit_rate),
        },
        client,
        chosen: PathFilter::new(&get.choice)?,
        cache: Cache::open().filter(|_| !get.no_cache && !get.no_verify),
        display: Display::new(printer, "got", get.sources.len() > 1),
        output,
        global,
        printer,
        get,
    };
    run.all().await
}

impl Run<'_> {
    async fn all(&self) -> Result<()> {
        let mut found = Vec::new();
        for source in &self.get.sources {
            found.push((source, self.look(source).await));
        }
        if found.len() > 1 {
            refuse_conflicts(self, &found).await?;
        }
        let mut batch = Batch::new(self.printer);
        for (source, found) in found {
            let got = match found {
                Ok(found) => self.get_found(source, found, &mut batch).await,
                Err(error) => Err(error),
            };
            if let Some(got) = got.transpose() {
                batch.add(got.map_err(|error| resumable(error.about(source))));
            }
        }
        self.chosen.tell_unmatched(self.printer);
        // With the bytes on stdout there is no room for a document.
        match self.output {
            Output::Stdout => batch.finish_silently(),
            _ => batch.finish(),
        }
    }

    /// Downloads one target; returns `None` for a dry run.
    async fn get_found(
        &self,
        source: &str,
        found: Found,
        batch: &mut Batch<'_, Done>,
    ) -> Result<Option<Done>> {
        match found {
            Found::Directory(mut listed) => {
                list::choose(self, &mut listed)?;
                if self.get.choice.dry_run {
                    listed.paths().for_each(|path| self.plan(path, batch));
                    return Ok(None);
                }
                let (done, exit) = tree::get(self, source, *listed).await?;
                exit.into_iter().for_each(|exit| batch.note_failure(exit));
                Ok(Some(Done::Directory(done)))
            }
            Found::File(url, _) => match self.get_file(source, self.link(url), batch).await {
                Err(Error {
                    https: Some(url), ..
                }) => self.get_file(source, self.link(*url), batch).await,
                got => got,
            },
            Found::Shared(url, details) => {
                let link = self.shared(url, &details)?;
                self.get_file(source, link, batch).await
            }
        }
    }

    /// Reports a file of a dry run.
    fn plan(&self, path: String, batch: &mut Batch<'_, Done>) {
        match self.printer.json {
            true => batch.add(Ok(Done::Planned { path })),
            false => self.printer.line(path),
        }
    }

    async fn get_file(
        &self,
        source: &str,
        link: Link,
        batch: &mut Batch<'_, Done>,
    ) -> Result<Option<Done>> {
        if self.get.choice.dry_run {
            let details = link.details().await?;
            self.plan(details.filename, batch);
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
                "{source}: the server did not send a SHA-256, so the download is not verified"
            ));
        }
        let path = self.output.place(name.as_deref())?;
        let found = match self.output.is_stream() {
            true => self.pour(download, &path).await?,
            false => {
                self.refuse_existing(&path)?;
                self.output.prepare()?;
                let watcher: &dyn Watcher = &*progress;
                self.save(download, &path, watcher).await?
            }
        };
        link.ended().await;
        progress.finish();
        Ok(Some(Done::File(GotFile {
            source: source.to_owned(),
            saved_to: path.display().to_string(),
            size_bytes: found.size_bytes,
            sha256: found.sha256,
            verified: verify && expected.is_some(),
        })))
    }

    async fn pour(&self, download: Download, path: &Path) -> Result<Received> {
        let shown = match self.output {
            Output::Stdout => Path::new("the standard output"),
            _ => path,
        };
        let output = self.output.clone();
        let opened = spawn_blocking(move || output.open()).await;
        let opened = opened.map_err(|error| Error::failed(error.to_string()))?;
        let out = opened.map_err(|error| Error::local("write", shown, &error))?;
        let parallel = self.get.speed.parallel.map(usize::from);
        download
            .pour(out, shown, !self.get.no_verify, parallel)
            .await
    }

    /// Prepares a link whose downloads may count: refuses what could not be saved before it counts, and
    /// resumes the download of an earlier run.
    fn shared(&self, url: Url, details: &PublicShare) -> Result<Link> {
        let mut claim = None;
        if !self.output.is_stream() {
            let path = self.output.place(shared_name(details))?;
            self.refuse_existing(&path)?;
            claim = details
                .sha256
                .and_then(|sha256| Partial::claim(&path, sha256));
        }
        Ok(self.link(url).with_claim(claim))
    }
}
