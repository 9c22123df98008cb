//! `hulk get`

use std::path::{Path, PathBuf};

use hulk_proto::file::GotFile;
use url::Url;

use super::Batch;
use crate::{
    args::{Get, Global},
    client::{self, Client},
    error::{Error, Result},
    printer::Printer,
    progress::Progress,
    session,
    target::Target,
    transfer::download::{Download, begin},
};

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
    let mut batch = Batch::new(printer);
    for source in &get.sources {
        let got = get_one(global, client.as_ref(), printer, get, source).await;
        batch.add(got.map_err(|error| error.about(source)));
    }
    // With the bytes on stdout there is no room for a document.
    if get.output.as_deref().is_some_and(is_stdout) {
        return batch.finish_silently();
    }
    batch.finish()
}

async fn get_one(
    global: &Global,
    client: Option<&Client>,
    printer: &Printer,
    get: &Get,
    source: &str,
) -> Result<GotFile> {
    let download = open(global, client, source).await?;
    let name = download.filename.clone();
    let shown = name.clone().unwrap_or_else(|| source.to_owned());
    let (size, expected) = (download.size_bytes, download.sha256);
    let verify = !get.no_verify;
    if verify && expected.is_none() {
        printer.warning(&format!(
            "{shown}: the server tells no SHA-256 to compare with"
        ));
    }
    let (found, saved_to) = if get.output.as_deref().is_some_and(is_stdout) {
        let progress = Progress::new(printer, "got", shown, size);
        let found = download.print(verify, &progress).await?;
        progress.finish();
        (found, "-".to_owned())
    } else {
        let path = destination(get.output.as_deref(), name)?;
        if path.exists() && !get.force {
            return Err(
                Error::exists(format!("{} is there already", path.display()))
                    .with_hint("replace it with --force, or name another file with -o"),
            );
        }
        let progress = Progress::new(printer, "got", shown, size);
        let found = download.save(&path, get.force, verify, &progress).await?;
        progress.finish();
        (found, path.display().to_string())
    };
    Ok(GotFile {
        source: source.to_owned(),
        saved_to,
        size_bytes: found.size_bytes,
        sha256: found.sha256,
        verified: verify && expected.is_some(),
    })
}

async fn open(global: &Global, client: Option<&Client>, source: &str) -> Result<Download> {
    match (Target::parse(source)?, client) {
        (Target::Link(url), Some(client)) => begin(client.http(), client.link(&url), &url).await,
        (Target::Link(url), None) => {
            let http = client::http()?;
            begin(&http, http.get(url.clone()), &url).await
        }
        (Target::Remote(_), None) => Err(session::open(global)
            .err()
            .unwrap_or_else(|| Error::usage("no server is known"))),
        (Target::Remote(remote), Some(client)) => {
            let file = client.find_file(&remote).await?;
            let file = file.ok_or_else(|| Error::not_found("there is no such file"))?;
            let mut url: Url = client.server().clone();
            url.set_path(&format!("/d/{}", file.id));
            let mut download = begin(client.http(), client.link(&url), &url).await?;
            download.filename = download.filename.or(Some(file.filename));
            Ok(download)
        }
    }
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

fn is_directory(path: &Path) -> bool {
    path.is_dir() || path.as_os_str().as_encoded_bytes().ends_with(b"/")
}

fn is_stdout(path: &Path) -> bool {
    path.as_os_str() == "-"
}
