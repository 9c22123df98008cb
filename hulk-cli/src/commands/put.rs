//! `hulk put`

use std::{path::Path, sync::Arc};

use hulk_proto::{
    CreateFile, ErrorCode, IfExists, Permission, RemotePath, directory::PutDirectory, file::PutFile,
};
use serde::Serialize;
use tokio::task::spawn_blocking;
use url::Url;

use super::{Batch, put_tree, resumable};
use crate::{
    args::{Global, Put},
    choice::Chosen,
    client::Client,
    clipboard,
    error::{Error, Exit, Result},
    net::Net,
    printer::Printer,
    progress::Display,
    session,
    shared_link::SharedLink,
    target::{self, Target},
    transfer::{Options, source::Source, upload::Uploader},
};

/// What became of one argument.
#[derive(Serialize)]
#[serde(untagged)]
enum Done {
    File(Box<PutFile>),
    Directory(PutDirectory),
}

impl Done {
    fn link(&self) -> &str {
        match self {
            Self::File(done) => &done.file.url,
            Self::Directory(done) => &done.directory.url,
        }
    }
}

/// As `run`, to one's own server or through a link that takes files in.
pub(crate) async fn start(global: &Global, printer: &Printer, put: &Put) -> Result<()> {
    let to = put.to.as_deref().unwrap_or_default();
    let url = match Target::is_link(to) {
        false => return run(&session::open(global)?, printer, put).await,
        true => Url::parse(to).map_err(|error| Error::usage(format!("--to {to}: {error}")))?,
    };
    let token = SharedLink::token_of(&url).ok_or_else(|| {
        Error::usage(format!("--to {to} is no share link"))
            .with_hint("files are put through links that look like https://HOST/s/TOKEN")
    })?;
    let net = Net::new()?;
    let link = SharedLink::open(&net, &url, token).await?;
    if !link.details.permissions.can_upload {
        return Err(Error::not_allowed("the link takes no files in")
            .with_hint("its owner makes one that does by 'hulk share DIRECTORY --uploads'"));
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
        chosen: Chosen::new(&put.choice)?,
        display: Display::new(
            printer,
            "put",
            put.paths.len() > 1 || put.paths.iter().any(|path| path.is_dir()),
        ),
        printer,
        put,
    };
    let mut batch = Batch::new(printer);
    let mut links = Vec::new();
    for (path, place) in put.paths.iter().zip(places) {
        let outcome = run.put_one(path, place).await;
        let outcome = outcome.map_err(|error| resumable(in_the_way(put, error)));
        if let Ok(Some(done)) = &outcome {
            links.push(done.link().to_owned());
            if !printer.json {
                printer.line(done.link());
            }
            if put.qr {
                show_qr(printer, done.link());
            }
            if let Done::Directory(done) = done
                && !done.failed.is_empty()
            {
                batch.note_failure(Exit::Failed);
            }
        }
        if let Some(outcome) = outcome.transpose() {
            batch.add(outcome);
        }
    }
    if !put.no_clipboard && !links.is_empty() {
        clipboard::offer(printer, &links.join("\n"), put.clipboard);
    }
    batch.finish()
}

/// What is the same for all arguments.
pub(super) struct Run<'a> {
    pub(super) uploader: Uploader,
    pub(super) chosen: Chosen,
    pub(super) display: Arc<Display>,
    pub(super) printer: &'a Printer,
    pub(super) put: &'a Put,
}

impl Run<'_> {
    /// `None` for a dry run.
    async fn put_one(&self, path: &Path, place: Result<Place>) -> Result<Option<Done>> {
        let place = place?;
        if path.is_dir() {
            let at = match place.else_at {
                Some(inside) if self.has_directory(&place.path).await? => inside,
                _ => place.path,
            };
            return Ok(put_tree::put(self, path, at).await?.map(Done::Directory));
        }
        if self.put.choice.dry_run {
            self.printer.line(format!("/{}", place.path));
            return Ok(None);
        }
        let source = open(path).await?;
        let name = place.path.split().map_or("", |(_, name)| name);
        let progress = Arc::new(self.display.file(name, source.size_bytes()));
        let request = self.request(place.path.clone(), source.size_bytes());
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

    /// As the flags say.
    pub(super) fn request(&self, path: RemotePath, size_bytes: Option<u64>) -> CreateFile {
        CreateFile {
            permissions: self.permissions(),
            expiration_policy: self.put.expires,
            if_exists: if self.put.no_clobber {
                IfExists::Fail
            } else {
                IfExists::Version
            },
            ..CreateFile::new(path, size_bytes)
        }
    }

    pub(super) fn permissions(&self) -> Option<Permission> {
        match (self.put.public, self.put.private) {
            (true, _) => Some(Permission::Public),
            (_, true) => Some(Permission::Private),
            _ => None,
        }
    }

    /// What is behind a link is not told.
    async fn has_directory(&self, path: &RemotePath) -> Result<bool> {
        if self.uploader.client.share().is_some() {
            return Ok(false);
        }
        Ok(self.uploader.client.find_directory(path).await?.is_some())
    }
}

/// What to do about a file that is where this one was to go.
fn in_the_way(put: &Put, error: Error) -> Error {
    match (error.code, put.no_clobber) {
        (ErrorCode::FileExists, true) => {
            error.with_hint("choose another name with --to, or leave --no-clobber out")
        }
        (ErrorCode::FileExists, false) => error.with_hint("choose another place with --to"),
        _ => error,
    }
}

/// Where one argument goes.
struct Place {
    path: RemotePath,
    /// Instead, if the server has a directory at `path`.
    else_at: Option<RemotePath>,
}

/// Where each argument goes: refused here, before anything is sent.
async fn places(client: &Client, put: &Put) -> Result<Vec<Result<Place>>> {
    let is_one = put.paths.len() == 1;
    if put.name.is_some() && !is_one {
        return Err(Error::usage("--name names one file, and there are several"));
    }
    let to = match client.share() {
        Some(_) => "/",
        None => put.to.as_deref().unwrap_or("/"),
    };
    let base = target::remote(to)?;
    let is_directory = to.ends_with('/') || base.is_root();
    if !is_directory && !is_one && client.find_directory(&base).await?.is_none() {
        return Err(
            Error::usage("--to names one file, and there are several to put")
                .with_hint("end it in / to make it a directory"),
        );
    }
    let place = |path| {
        let inside = in_directory(&base, path, put.name.as_deref());
        match is_directory || !is_one {
            true => inside.map(|path| Place {
                path,
                else_at: None,
            }),
            // Whether it is a directory, the server says when it is asked for the upload.
            false => Ok(Place {
                path: base.clone(),
                else_at: inside.ok(),
            }),
        }
    };
    Ok(put.paths.iter().map(|path| place(path)).collect())
}

fn in_directory(directory: &RemotePath, path: &Path, name: Option<&str>) -> Result<RemotePath> {
    let name = match name {
        Some(name) => name,
        None if is_stdin(path) => {
            return Err(
                Error::usage("the standard input has no name").with_hint("give one with --name")
            );
        }
        None => &local_name(path)?,
    };
    if name.contains('/') {
        return Err(
            Error::usage(format!("'{name}' is a path, not a name")).with_hint("use --to for paths")
        );
    }
    directory
        .join(name)
        .map_err(|error| Error::usage(format!("{}: {error}", path.display())))
}

fn local_name(path: &Path) -> Result<String> {
    let text = path.to_string_lossy();
    if text.contains("://") {
        return Err(Error::usage(format!("{text}: URLs cannot be put yet"))
            .with_hint("download it first: curl -L URL | hulk put - --name NAME"));
    }
    // `.` and `..` have a name when one knows where one is.
    let named = match path.file_name() {
        Some(_) => path.to_owned(),
        None => path
            .canonicalize()
            .map_err(|error| Error::local("read", path, &error))?,
    };
    let name = named
        .file_name()
        .ok_or_else(|| Error::usage(format!("{} has no name", path.display())))?;
    name.to_str().map(str::to_owned).ok_or_else(|| {
        Error::usage(format!("{}: the name is not UTF-8", path.display()))
            .with_hint("give another one with --name")
    })
}

fn is_stdin(path: &Path) -> bool {
    path.as_os_str() == "-"
}

async fn open(path: &Path) -> Result<Source> {
    let path = path.to_owned();
    let opened = spawn_blocking(move || match is_stdin(&path) {
        true => Source::stream(Box::new(std::io::stdin()), Path::new("the standard input")),
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
