//! `hulk put`

use std::{path::Path, sync::Arc};

use hulk_proto::{CreateFile, IfExists, Permission, RemotePath, file::PutFile};
use tokio::task::spawn_blocking;

use super::Batch;
use crate::{
    args::Put,
    client::Client,
    clipboard,
    error::{Error, Result},
    printer::Printer,
    progress::Progress,
    target,
    transfer::{source::Source, upload::upload},
};

/// Uploads each argument and prints its link.
pub(crate) async fn run(client: &Client, printer: &Printer, put: &Put) -> Result<()> {
    let places = places(client, put).await?;
    let mut batch = Batch::new(printer);
    let mut links = Vec::new();
    for (path, place) in put.paths.iter().zip(places) {
        let outcome = put_one(client, printer, put, path, place).await;
        if let Ok(done) = &outcome {
            links.push(done.file.url.clone());
            if !printer.json {
                printer.line(&done.file.url);
            }
            if put.qr {
                show_qr(printer, &done.file.url);
            }
        }
        batch.add(outcome);
    }
    if !put.no_clipboard && !links.is_empty() {
        clipboard::offer(printer, &links.join("\n"), put.clipboard);
    }
    batch.finish()
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
    let to = put.to.as_deref().unwrap_or("/");
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
        None => local_name(path)?,
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

fn local_name(path: &Path) -> Result<&str> {
    let text = path.to_string_lossy();
    if text.contains("://") {
        return Err(Error::usage(format!("{text}: URLs cannot be put yet"))
            .with_hint("download it first: curl -L URL | hulk put - --name NAME"));
    }
    let name = path
        .file_name()
        .ok_or_else(|| Error::usage(format!("{} names no file", path.display())))?;
    name.to_str().ok_or_else(|| {
        Error::usage(format!("{}: the name is not UTF-8", path.display()))
            .with_hint("give another one with --name")
    })
}

fn is_stdin(path: &Path) -> bool {
    path.as_os_str() == "-"
}

async fn put_one(
    client: &Client,
    printer: &Printer,
    put: &Put,
    path: &Path,
    place: Result<Place>,
) -> Result<PutFile> {
    let place = place?;
    let source = open(path).await?;
    let shown = place
        .path
        .split()
        .map_or_else(String::new, |(_, name)| name.to_owned());
    let permissions = match (put.public, put.private) {
        (true, _) => Some(Permission::Public),
        (_, true) => Some(Permission::Private),
        _ => None,
    };
    let request = CreateFile {
        permissions,
        expiration_policy: put.expires,
        if_exists: if put.no_clobber {
            IfExists::Fail
        } else {
            IfExists::Version
        },
        ..CreateFile::new(place.path, source.size_bytes)
    };
    let progress = Arc::new(Progress::new(
        printer,
        "put",
        shown,
        Some(source.size_bytes),
    ));
    let done = upload(client, source, request, place.else_at, progress.clone())
        .await
        .map_err(|error| match error.code {
            hulk_proto::ErrorCode::LocalFile => error,
            _ => error.about(path.display()),
        })?;
    progress.finish();
    Ok(done)
}

async fn open(path: &Path) -> Result<Source> {
    let path = path.to_owned();
    let opened = spawn_blocking(move || match is_stdin(&path) {
        true => Source::spool(std::io::stdin(), Path::new("the standard input")),
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
