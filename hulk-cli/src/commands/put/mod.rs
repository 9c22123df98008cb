//! `hulk put`

mod batch;
mod place;
mod run;
mod tree;

use std::{path::Path, sync::Arc};

use hulk_proto::{ErrorCode, RemotePath, directory::PutDirectory, file::PutFile};
use serde::Serialize;
use tokio::task::spawn_blocking;
use url::Url;

use super::batch::{Batch, resumable};
use crate::{
    args::{Global, Put},
    attributes::Attributes,
    client::Client,
    clipboard, context,
    error::{Error, Exit, Result},
    http::Net,
    path_filter::PathFilter,
    printer::Printer,
    progress::Display,
    share_link::ShareLink,
    target::Target,
    text::one_line,
    transfer::{
        Options,
        unfinished::Unfinished,
        upload::{Uploader, source::Source},
    },
    waiting::{Waiting, is_closed},
    walk::Tree,
};
use place::{Place, is_stdin, is_there, places};
use run::Run;

/// Outcome of one argument.
#[derive(Serialize)]
#[serde(untagged)]
enum Done {
    File(Box<PutFile>),
    Directory(Box<PutDirectory>),
    /// A file that a dry run would put.
    Planned {
        path: String,
    },
}

impl Done {
    fn link(&self) -> Option<&str> {
        match self {
            Self::File(done) => Some(&done.file.url),
            Self::Directory(done) => Some(&done.directory.as_ref()?.url),
            Self::Planned { .. } => None,
        }
    }
}

/// Runs `hulk put` against the configured server, or through an upload link.
pub(crate) async fn start(global: &Global, printer: &Printer, put: &Put) -> Result<()> {
    let to = put.to.as_deref().unwrap_or_default();
    let url = match Target::is_link(to) {
        false => return run(&context::open(global)?, printer, put).await,
        true => Url::parse(to).map_err(|error| Error::usage(format!("--to {to}: {error}")))?,
    };
    let token = ShareLink::token_of(&url).ok_or_else(|| {
        Error::usage(format!("--to {to} is not a share link"))
            .with_hint("a share link looks like https://HOST/s/TOKEN")
    })?;
    let net = Net::new()?;
    let link = ShareLink::open(&net, &url, token).await?;
    if !link.details.permissions.can_upload {
        return Err(Error::not_allowed("the link does not accept uploads")
            .with_hint("its owner can create one that does: hulk share DIRECTORY --uploads"));
    }
    run(&Client::through(net, Arc::new(link)), printer, put).await
}

/// Uploads each argument and prints its link.
pub(crate) async fn run(client: &Client, printer: &Printer, put: &Put) -> Result<()> {
    let client = client.clone().limited(put.speed.limit_rate);
    let places = places(&client, put).await?;
    let run = Run {
        uploader: Uploader {
            client,
            options: Options {
                parallel: put.speed.parallel.map(usize::from),
                part_size: put.part_size,
            },
        },
        chosen: PathFilter::new(&put.choice)?,
        display: Display::new(
            printer,
            "put",
            put.paths.len() > 1 || put.paths.iter().any(|path| is_tree(path)),
        ),
        printer,
        put,
    };
    run.all(places).await
}

impl Run<'_> {
    async fn all(&self, places: Vec<Result<Place>>) -> Result<()> {
        // All trees are walked before a byte moves.
        let mut looked = Vec::new();
        for (path, place) in self.put.paths.iter().zip(places) {
            let tree = match is_tree(path) {
                true => match tree::walk(self, path).await {
                    // Two names with the same destination: the user has to rename one of them.
                    Err(error) if error.exit == Exit::Exists => {
                        return Err(error.about(path.display()));
                    }
                    tree => Some(tree),
                },
                false => None,
            };
            looked.push((path, place, tree));
        }
        let mut batch = Batch::new(self.printer);
        let mut links = Vec::new();
        for (path, place, tree) in looked {
            let outcome = self.put_one(path, place, tree, &mut batch).await;
            let outcome = outcome.map_err(|error| resumable(in_the_way(self.put, error)));
            if let Ok(Some(done)) = &outcome
                && let Some(link) = done.link()
            {
                links.push(one_line(link).into_owned());
                if !self.printer.json {
                    self.printer.line(link);
                }
                if self.put.qr {
                    show_qr(self.printer, link);
                }
            }
            if let Some(outcome) = outcome.transpose() {
                batch.add(outcome);
            }
        }
        self.chosen.tell_unmatched(self.printer);
        if !self.put.no_clipboard && !links.is_empty() {
            clipboard::offer(self.printer, &links.join("\n"), self.put.clipboard);
        }
        batch.finish()
    }

    /// Puts one argument; returns `None` for a dry run.
    async fn put_one(
        &self,
        path: &Path,
        place: Result<Place>,
        tree: Option<Result<Tree>>,
        batch: &mut Batch<'_, Done>,
    ) -> Result<Option<Done>> {
        let place = place?;
        if let Some(tree) = tree {
            let tree = tree.map_err(|error| error.about(path.display()))?;
            return self.put_tree(path, place, tree, batch).await;
        }
        if self.put.choice.dry_run {
            self.plan(&place.path, batch);
            return Ok(None);
        }
        let (source, attributes) = open(path).await?;
        let name = place.path.split().map_or("", |(_, name)| name);
        let progress = Arc::new(self.display.file(name, source.size_bytes()));
        let request = self.request(place.path.clone(), source.size_bytes(), attributes);
        let done = self
            .uploader
            .upload(source, request, place.else_at, progress.clone())
            .await
            .map_err(|error| match error.code {
                hulk_proto::ErrorCode::LocalFile => error,
                _ => error.about(path.display()),
            })?;
        progress.finish();
        Ok(Some(Done::File(Box::new(done))))
    }

    async fn put_tree(
        &self,
        path: &Path,
        place: Place,
        tree: Tree,
        batch: &mut Batch<'_, Done>,
    ) -> Result<Option<Done>> {
        let unfinished = self.unfinished(path, &place);
        let (at, is_itself) = match place.else_at {
            Some(inside) if !unfinished.is_known() && self.has_directory(&place.path).await? => {
                (inside, false)
            }
            _ => (place.path, true),
        };
        tree::tell_skipped(self, path, &tree);
        if self.put.choice.dry_run {
            for file in &tree.files {
                self.plan(&place::below(&at, &file.relative)?, batch);
            }
            return Ok(None);
        }
        if is_itself {
            unfinished.record();
        }
        let (done, exit) = tree::put(self, path, at, tree).await?;
        match exit {
            Some(exit) => batch.note_failure(exit),
            None => unfinished.delete(),
        }
        Ok(Some(Done::Directory(Box::new(done))))
    }

    fn unfinished(&self, path: &Path, place: &Place) -> Unfinished {
        let path = path.canonicalize().unwrap_or_else(|_| path.to_owned());
        let server = self.uploader.client.server();
        let target = format!("{server}{}", place.path);
        Unfinished::of(path.as_os_str().as_encoded_bytes(), target.as_bytes())
    }

    /// Reports a file of a dry run.
    fn plan(&self, path: &RemotePath, batch: &mut Batch<'_, Done>) {
        let path = format!("/{path}");
        match self.printer.json {
            true => batch.add(Ok(Done::Planned { path })),
            false => self.printer.line(path),
        }
    }

    /// Whether the directory exists; false through a share link, which does not reveal its contents.
    async fn has_directory(&self, path: &RemotePath) -> Result<bool> {
        if self.uploader.client.share().is_some() {
            return Ok(false);
        }
        is_there(&self.uploader.client, path).await
    }
}

/// Adds a hint if a file already exists at the destination.
fn in_the_way(put: &Put, error: Error) -> Error {
    match (error.code, put.no_clobber) {
        (ErrorCode::FileExists, true) => {
            error.with_hint("choose another path with --to, or omit --no-clobber")
        }
        (ErrorCode::FileExists, false) => error.with_hint("choose another path with --to"),
        _ => error,
    }
}

fn is_tree(path: &Path) -> bool {
    path.is_dir() && !is_stdin(path)
}

async fn open(path: &Path) -> Result<(Source, Attributes)> {
    let path = path.to_owned();
    let opened = spawn_blocking(move || match is_stdin(&path) {
        true => {
            if is_closed(&std::io::stdin()) {
                return Err(Error::usage("the standard input is closed")
                    .with_hint("redirect it from a file or a pipe, or from /dev/null"));
            }
            let name = Path::new("the standard input");
            let source = Source::stream(Box::new(Waiting(std::io::stdin())), name)?;
            Ok((source, Attributes::default()))
        }
        false => Source::open(&path),
    });
    opened
        .await
        .map_err(|error| Error::failed(format!("reading failed: {error}")))?
}

fn show_qr(printer: &Printer, link: &str) {
    use qrcode::{QrCode, render::unicode::Dense1x2};
    match QrCode::new(link) {
        Ok(code) => printer.note(&code.render::<Dense1x2>().quiet_zone(true).build()),
        Err(_) => printer.warning("the link is too long for a QR code"),
    }
}
