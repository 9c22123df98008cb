//! `hulk get DIR-LINK`

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use futures_util::{StreamExt, stream};
use hulk_proto::{
    File,
    directory::{DirectoryListing, FailedFile, GotDirectory},
    limits::PART_BYTES,
    path::MAX_PATH_BYTES,
};
use reqwest::header;
use tokio::{sync::Semaphore, task::spawn_blocking};
use url::Url;

use super::get::{Run, exists, is_directory, is_stdout, is_there};
use crate::{
    client::{Cursors, refuse_errors, unreachable},
    error::{Error, Result},
    transfer::{
        Watcher,
        download::Download,
        link::{Link, is_safe},
        local::digest_file,
        partial::Partial,
    },
    tree,
};

/// Requests in flight for each core: most of the time is spent waiting for answers.
const REQUESTS_PER_CORE: usize = 32;
/// What they may hold in memory together, in units of `UNIT_BYTES`.
const MEMORY_UNITS: usize = 768;
const UNIT_BYTES: u64 = 64 << 10;

/// A file and where it goes, from the top of the tree.
struct Wanted {
    relative: String,
    file: File,
}

/// `None` for a dry run.
pub(super) async fn get(run: &Run<'_>, source: &str, url: Url) -> Result<Option<GotDirectory>> {
    let (name, mut wanted, directories) = list(run, &url).await?;
    wanted.retain(|wanted| run.chosen.takes_file(&wanted.relative));
    if run.get.choice.dry_run {
        for wanted in &wanted {
            run.printer.line(format!("{name}/{}", wanted.relative));
        }
        return Ok(None);
    }
    let top = make_top(run.get.output.as_deref(), &name)?;
    let mut got = GotDirectory {
        source: source.to_owned(),
        saved_to: top.display().to_string(),
        file_count: 0,
        size_bytes: 0,
        failed: Vec::new(),
    };
    if run.chosen.takes_empty_directories() {
        for path in directories.iter().filter(|path| run.chosen.enters(path)) {
            if let Err(error) = tree::make_below(&top, Path::new(path)) {
                fail(run, &mut got, path.clone(), &error);
            }
        }
    }
    let (small, large): (Vec<Wanted>, Vec<Wanted>) = wanted
        .into_iter()
        .partition(|wanted| wanted.file.size_bytes <= PART_BYTES);
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let most = run.get.speed.parallel.map(usize::from);
    let memory = Semaphore::new(MEMORY_UNITS);
    for (files, in_flight) in [
        (small, most.unwrap_or(cores * REQUESTS_PER_CORE)),
        (large, 1),
    ] {
        let outcomes = stream::iter(files).map(|wanted| get_file(run, &url, &top, wanted, &memory));
        let mut outcomes = outcomes.buffer_unordered(in_flight);
        while let Some((relative, outcome)) = outcomes.next().await {
            match outcome {
                Ok(size_bytes) => {
                    got.file_count += 1;
                    got.size_bytes += size_bytes;
                }
                Err(error) => fail(run, &mut got, relative, &error),
            }
        }
    }
    run.display.finish(&name, got.file_count);
    Ok(Some(got))
}

/// One that fails does not stop the rest.
fn fail(run: &Run<'_>, got: &mut GotDirectory, path: String, error: &Error) {
    run.printer.complaint(&error.clone().about(&path));
    got.failed.push(FailedFile {
        path,
        error: error.body().error,
    });
}

/// The name of the top, all files, and all directories below it.
async fn list(run: &Run<'_>, url: &Url) -> Result<(String, Vec<Wanted>, Vec<String>)> {
    let mut name: Option<String> = None;
    let (mut files, mut directories) = (Vec::new(), Vec::new());
    let mut cursors = Cursors::of_directories();
    let mut left = vec![(url.clone(), String::new())];
    while let Some((url, above)) = left.pop() {
        let mut cursor = None;
        loop {
            let page = page(&run.link(url.clone()), cursor.as_deref()).await?;
            if name.is_none() {
                cursors.enter(&page.directory.id)?;
                let here = page.directory.path.split().map(|(_, name)| name.to_owned());
                name = Some(here.unwrap_or_else(|| "files".to_owned()));
            }
            let entries = page.directories.len() + page.files.len();
            for directory in page.directories {
                cursors.enter(&directory.id)?;
                let name = directory.path.split().map_or("", |(_, name)| name);
                let relative = below(&above, name)?;
                let mut url = url.clone();
                url.set_path(&format!("/b/{}", directory.id));
                left.push((url, format!("{relative}/")));
                directories.push(relative);
            }
            for file in page.files {
                let relative = below(&above, &file.filename)?;
                files.push(Wanted { relative, file });
            }
            cursor = cursors.turn(entries, page.next_cursor)?;
            if cursor.is_none() {
                break;
            }
        }
    }
    let name = name.unwrap_or_default();
    safe(&name)?;
    Ok((name, files, directories))
}

async fn page(link: &Link, cursor: Option<&str>) -> Result<DirectoryListing> {
    let patience = link.net.patience_at_first();
    let body = patience
        .retry(async || {
            let mut request = link.request().header(header::ACCEPT, "application/json");
            if let Some(cursor) = cursor {
                let mut url = link.url.clone();
                url.query_pairs_mut().append_pair("cursor", cursor);
                request = link
                    .at(url)
                    .request()
                    .header(header::ACCEPT, "application/json");
            }
            let answered = request.send().await;
            let answer = answered.map_err(|error| unreachable(&link.url, &error))?;
            refuse_errors(answer).await
        })
        .await?;
    serde_json::from_slice(&body).map_err(|_| link.not_a_link())
}

/// The path of what is in a directory. None is longer on a server, so that directories in
/// directories come to an end.
fn below(above: &str, name: &str) -> Result<String> {
    let relative = format!("{above}{}", safe(name)?);
    match relative.len() <= MAX_PATH_BYTES {
        true => Ok(relative),
        false => Err(Error::failed(format!(
            "the server tells a path of more than {MAX_PATH_BYTES} bytes"
        ))),
    }
}

/// A name that stays where it belongs, whatever a server says.
fn safe(name: &str) -> Result<&str> {
    is_safe(name).then_some(name).ok_or_else(|| {
        Error::failed(format!(
            "the server tells a name that is not safe: {name:?}"
        ))
    })
}

/// Makes the directory that the tree goes into. Where the server named it, it may be no link that leads
/// elsewhere; where the user did, it may.
fn make_top(output: Option<&Path>, name: &str) -> Result<PathBuf> {
    let make = |path: &Path| {
        let made = std::fs::create_dir_all(path);
        made.map_err(|error| Error::local("make", path, &error))
    };
    let above = match output {
        None => Path::new("."),
        Some(output) if is_stdout(output) => {
            return Err(Error::usage(
                "a directory cannot be written to the standard output",
            ));
        }
        Some(output) if is_directory(output) => {
            make(output)?;
            output
        }
        Some(output) => {
            make(output)?;
            return Ok(output.to_owned());
        }
    };
    tree::make_below(above, Path::new(name))?;
    Ok(match output {
        None => PathBuf::from(name),
        Some(_) => above.join(name),
    })
}

async fn get_file(
    run: &Run<'_>,
    top_url: &Url,
    top: &Path,
    wanted: Wanted,
    memory: &Semaphore,
) -> (String, Result<u64>) {
    let units = wanted.file.size_bytes.min(PART_BYTES).div_ceil(UNIT_BYTES);
    let _permit = memory.acquire_many(units as u32).await;
    let outcome = try_get_file(run, top_url, top, &wanted).await;
    (wanted.relative, outcome)
}

/// A file that is there as it should be, perhaps from an earlier run, is left.
async fn try_get_file(run: &Run<'_>, top_url: &Url, top: &Path, wanted: &Wanted) -> Result<u64> {
    let (path, file) = (top.join(&wanted.relative), &wanted.file);
    let progress = Arc::new(run.display.file(&wanted.relative, Some(file.size_bytes)));
    if let Some(parent) = Path::new(&wanted.relative).parent() {
        tree::make_below(top, parent)?;
    }
    if !run.get.force && is_there(&path) {
        if is_same(&path, file).await? {
            progress.moved(file.size_bytes);
            return Ok(file.size_bytes);
        }
        return Err(exists(&path));
    }
    let mut url = top_url.clone();
    url.set_path(&format!("/d/{}/{}", file.id, file.filename));
    let claim = file.sha256.and_then(|sha256| Partial::claim(&path, sha256));
    let link = run.link(url).with_claim(claim);
    let download = Download::begin(link.clone(), progress.clone()).await?;
    let watcher: &dyn Watcher = &*progress;
    let found = run.save(download, &path, watcher).await?;
    link.ended().await;
    tree::restore(&path, &file.metadata)?;
    Ok(found.size_bytes)
}

async fn is_same(path: &Path, file: &File) -> Result<bool> {
    let (path, size, sha256) = (path.to_owned(), file.size_bytes, file.sha256);
    let compare = move || -> std::io::Result<bool> {
        let Some(sha256) = sha256 else {
            return Ok(false);
        };
        let is_alike = path.is_file() && path.metadata()?.len() == size;
        Ok(is_alike && digest_file(&path)? == (size, sha256))
    };
    let same = spawn_blocking(compare).await;
    let same = same.map_err(|error| Error::failed(error.to_string()))?;
    same.map_err(|error| Error::failed(format!("cannot compare: {error}")))
}
