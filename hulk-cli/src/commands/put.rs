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
    for (path, remote) in put.paths.iter().zip(places) {
        let outcome = put_one(client, printer, put, path, remote).await;
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

/// Where each argument goes: refused here, before anything is sent.
async fn places(client: &Client, put: &Put) -> Result<Vec<Result<RemotePath>>> {
    if put.name.is_some() && put.paths.len() > 1 {
        return Err(Error::usage("--name names one file, and there are several"));
    }
    let base = match put.to.as_deref() {
        None => Base::Directory(RemotePath::root()),
        Some(to) => base(client, to).await?,
    };
    if put.paths.len() > 1 && matches!(base, Base::File(_)) {
        return Err(
            Error::usage("--to names one file, and there are several to put")
                .with_hint("end it in / to make it a directory"),
        );
    }
    Ok(put
        .paths
        .iter()
        .map(|path| place(&base, path, put.name.as_deref()))
        .collect())
}

enum Base {
    Directory(RemotePath),
    File(RemotePath),
}

/// A directory if it ends in `/` or is one, else the file itself.
async fn base(client: &Client, to: &str) -> Result<Base> {
    let path = target::remote(to)?;
    let is_directory = to.ends_with('/') || path.is_root() || {
        client
            .find_directory(&path)
            .await?
            .is_some_and(|found| found.path == path)
    };
    Ok(if is_directory {
        Base::Directory(path)
    } else {
        Base::File(path)
    })
}

fn place(base: &Base, path: &Path, name: Option<&str>) -> Result<RemotePath> {
    let directory = match base {
        Base::File(file) => return Ok(file.clone()),
        Base::Directory(directory) => directory,
    };
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
    remote: Result<RemotePath>,
) -> Result<PutFile> {
    let remote = remote?;
    let source = open(path).await?;
    let name = remote
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
        ..CreateFile::new(remote, source.size_bytes)
    };
    let progress = Arc::new(Progress::new(printer, "put", name, Some(source.size_bytes)));
    let done = upload(client, source, request, progress.clone())
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
