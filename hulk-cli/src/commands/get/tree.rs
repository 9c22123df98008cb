//! `hulk get DIR-LINK`

use std::{
    collections::HashSet,
    path::{Path, PathBuf},
    sync::Arc,
};

use futures_util::{StreamExt, stream};
use hulk_proto::{
    File,
    directory::{FailedFile, GotDirectory},
    limits::PART_BYTES,
    path::is_local_name,
};
use tokio::{sync::Semaphore, task::spawn_blocking};
use url::Url;

use super::{
    directories::{LocalDirectories, create},
    list::{Listed, Wanted},
    run::{Run, resolved},
};
use crate::{
    commands::batch::common_exit,
    error::{Error, Exit, Result},
    file_io::digest_file,
    http::page_url,
    output::Output,
    transfer::{
        Watcher,
        download::{Download, partial::Partial},
        unfinished::Unfinished,
    },
    walk::above,
};

/// Requests in flight per core: most of the time is spent waiting for responses.
const REQUESTS_PER_CORE: usize = 32;
/// Memory that these requests may hold together, in units of `UNIT_BYTES`.
const MEMORY_UNITS: usize = 768;
const UNIT_BYTES: u64 = 64 << 10;

/// A directory that is being downloaded.
struct Getting<'a> {
    run: &'a Run<'a>,
    url: Url,
    top: PathBuf,
    directories: LocalDirectories,
    memory: Semaphore,
}

/// Totals of all files.
struct Sum<'a> {
    run: &'a Run<'a>,
    got: GotDirectory,
    exits: Vec<Exit>,
}

/// Downloads a tree. Also returns the exit code if anything failed.
pub(crate) async fn get(
    run: &Run<'_>,
    source: &str,
    mut listed: Listed,
) -> Result<(GotDirectory, Option<Exit>)> {
    let unfinished = unfinished(run, &listed);
    let (top, is_own) = make_top(run, &listed, &unfinished)?;
    let mut sum = Sum {
        run,
        got: GotDirectory {
            source: source.to_owned(),
            saved_to: top.display().to_string(),
            file_count: 0,
            size_bytes: 0,
            failed: Vec::new(),
        },
        exits: Vec::new(),
    };
    let failed = std::mem::take(&mut listed.failed);
    failed
        .into_iter()
        .for_each(|(path, error)| sum.fail(path, &error));
    let name = listed.name.clone();
    let attributes = listed.attributes;
    let getting = make_directories(run, &top, &mut listed, &mut sum);
    get_files(&getting, listed.files, &mut sum).await;
    getting.directories.restore();
    if is_own {
        attributes.restore_at(&top);
    }
    run.display.finish(&name, sum.got.file_count);
    let exit = common_exit(sum.exits);
    if exit.is_none() {
        unfinished.delete();
    }
    Ok((sum.got, exit))
}

/// Record of this transfer, keyed by the directory and the path that `-o` names.
fn unfinished(run: &Run<'_>, listed: &Listed) -> Unfinished {
    let target = match &run.output {
        Output::File(path) | Output::Directory(path) => resolved(path),
        _ => PathBuf::new(),
    };
    let source = listed.url.path().as_bytes();
    Unfinished::of(source, target.as_os_str().as_encoded_bytes())
}

/// Creates the directories of the chosen files, or all of them if the filters keep empty ones.
fn make_directories<'a>(
    run: &'a Run<'a>,
    top: &Path,
    listed: &mut Listed,
    sum: &mut Sum<'_>,
) -> Getting<'a> {
    let chosen = &run.chosen;
    let mut directories = std::mem::take(&mut listed.directories);
    let holding: HashSet<&str> = listed
        .files
        .iter()
        .flat_map(|wanted| above(&wanted.relative))
        .collect();
    directories.retain(|path, _| match chosen.takes_empty_directories() {
        true => chosen.enters(path),
        false => holding.contains(path.as_str()),
    });
    let mut paths: Vec<String> = directories.keys().cloned().collect();
    paths.sort();
    let directories = LocalDirectories::new(top.to_owned(), directories);
    for path in paths {
        if let Err(error) = directories.create_all(&path) {
            sum.fail(path, &error);
        }
    }
    Getting {
        run,
        url: listed.url.clone(),
        top: top.to_owned(),
        directories,
        memory: Semaphore::new(MEMORY_UNITS),
    }
}

async fn get_files(getting: &Getting<'_>, wanted: Vec<Wanted>, sum: &mut Sum<'_>) {
    let (small, large): (Vec<Wanted>, Vec<Wanted>) = wanted
        .into_iter()
        .partition(|wanted| wanted.file.size_bytes <= PART_BYTES);
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let most = getting.run.get.speed.parallel.map(usize::from);
    for (files, in_flight) in [
        (small, most.unwrap_or(cores * REQUESTS_PER_CORE)),
        (large, 1),
    ] {
        let outcomes = stream::iter(files).map(|wanted| getting.file(wanted));
        let mut outcomes = outcomes.buffer_unordered(in_flight);
        while let Some((relative, outcome)) = outcomes.next().await {
            match outcome {
                Ok(size_bytes) => {
                    sum.got.file_count += 1;
                    sum.got.size_bytes += size_bytes;
                }
                Err(error) => sum.fail(relative, &error),
            }
        }
    }
}

impl Sum<'_> {
    /// Records a failure, which does not stop the rest.
    fn fail(&mut self, path: String, error: &Error) {
        self.run.printer.complaint(&error.clone().about(&path));
        self.exits.push(error.exit);
        self.got.failed.push(FailedFile {
            path,
            error: error.body().error,
        });
    }
}

/// Creates the directory that the tree goes into; also returns whether it is the tree's own. If the server
/// named it, it must not be a symbolic link that leads elsewhere; if the user did, it may be one.
fn make_top(run: &Run<'_>, listed: &Listed, unfinished: &Unfinished) -> Result<(PathBuf, bool)> {
    if run.output.is_stream() {
        return Err(Error::usage("a directory can only be saved to a directory")
            .with_hint("name one with -o, or omit -o"));
    }
    let name = Some(listed.name.as_str()).filter(|name| is_local_name(name));
    let output = match &run.output {
        // The directory did not exist when this transfer began: an earlier run created it.
        Output::Directory(path) if unfinished.is_known() => &Output::File(path.clone()),
        output => output,
    };
    let top = output.place(name)?;
    output.prepare()?;
    if let Output::File(_) = output {
        unfinished.record();
    }
    let is_new = match output {
        // The user named it, and may have made it a link.
        Output::File(_) if top.is_dir() => false,
        Output::File(_) => {
            let above = top.parent().filter(|above| !above.as_os_str().is_empty());
            if let Some(above) = above {
                let made = std::fs::create_dir_all(above);
                made.map_err(|error| Error::local("create", above, &error))?;
            }
            create(&top, listed.attributes)?
        }
        _ => create(&top, listed.attributes)?,
    };
    Ok((top, is_new || unfinished.is_known()))
}

impl Getting<'_> {
    async fn file(&self, wanted: Wanted) -> (String, Result<u64>) {
        let units = wanted.file.size_bytes.min(PART_BYTES).div_ceil(UNIT_BYTES);
        let _permit = self.memory.acquire_many(units as u32).await;
        let outcome = self.try_file(&wanted).await;
        (wanted.relative, outcome)
    }

    /// Downloads a file, unless it already exists with the same bytes, perhaps from an earlier run.
    async fn try_file(&self, wanted: &Wanted) -> Result<u64> {
        let (run, file) = (self.run, &wanted.file);
        let path = self.top.join(&wanted.relative);
        let progress = Arc::new(run.display.file(&wanted.relative, Some(file.size_bytes)));
        if let Some((parent, _)) = wanted.relative.rsplit_once('/') {
            self.directories.create_all(parent)?;
        }
        if let Err(error) = run.refuse_existing(&path) {
            return match is_same(&path, file).await? {
                true => {
                    progress.moved(file.size_bytes);
                    Ok(file.size_bytes)
                }
                false => Err(error),
            };
        }
        let url = page_url(&self.url, &["d", file.id.as_str(), &file.filename]);
        let claim = file.sha256.and_then(|sha256| Partial::claim(&path, sha256));
        let link = run.link(url).with_claim(claim);
        let download = Download::begin(link.clone(), progress.clone()).await?;
        let watcher: &dyn Watcher = &*progress;
        let saved = run.save(download, &path, watcher).await;
        link.ended().await;
        match saved {
            // Another process downloaded the same file in the meantime.
            Err(error) if error.exit == Exit::Exists && is_same(&path, file).await? => {
                Ok(file.size_bytes)
            }
            saved => saved.map(|found| found.size_bytes),
        }
    }
}

async fn is_same(path: &Path, file: &File) -> Result<bool> {
    let (path, size, sha256) = (path.to_owned(), file.size_bytes, file.sha256);
    let compare = move || -> std::io::Result<bool> {
        let (Some(sha256), Ok(found)) = (sha256, path.symlink_metadata()) else {
            return Ok(false);
        };
        let is_alike = found.is_file() && found.len() == size;
        Ok(is_alike && digest_file(&path)? == (size, sha256))
    };
    let same = spawn_blocking(compare).await;
    let same = same.map_err(|error| Error::failed(error.to_string()))?;
    same.map_err(|error| Error::failed(format!("cannot compare: {error}")))
}
