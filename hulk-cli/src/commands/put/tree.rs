//! `hulk put DIR`: small files in batches, large files one by one.

use std::{collections::HashSet, path::Path, sync::Arc};

use futures_util::{StreamExt, stream};
use hulk_proto::{
    Directory, ErrorCode, Permission, RemotePath,
    directory::{CreateDirectory, FailedFile, PutDirectory, SkippedFile},
    file::PutFile,
    limits::{MAX_BATCH, PART_BYTES},
};
use tokio::{sync::Semaphore, task::spawn_blocking};

use super::{batch, place::below, run::Run};
use crate::{
    commands::batch::common_exit,
    error::{Error, Exit, Result},
    transfer::upload::source::Source,
    walk::{Tree, TreeFile, above},
};

/// Requests in flight per core: a store spends more time waiting for its disk than computing.
const REQUESTS_PER_CORE: usize = 32;

/// Walks the whole tree.
///
/// # Errors
/// Those of `Tree::walk`.
pub(crate) async fn walk(run: &Run<'_>, top: &Path) -> Result<Tree> {
    let (top, chosen) = (top.to_owned(), run.chosen.clone());
    let follow_links = run.put.follow_links;
    spawn_blocking(move || Tree::walk(&top, &chosen, follow_links))
        .await
        .map_err(|error| Error::failed(format!("reading failed: {error}")))?
}

/// Uploads a tree. Also returns the exit code if anything failed.
pub(crate) async fn put(
    run: &Run<'_>,
    top: &Path,
    at: RemotePath,
    mut tree: Tree,
) -> Result<(PutDirectory, Option<Exit>)> {
    let mut sum = Sum::default();
    let made = make_directories(run, &at, &tree, &mut sum).await?;
    for (path, error) in std::mem::take(&mut tree.failed) {
        sum.fail(run, path, &error);
    }
    let mut skipped = std::mem::take(&mut tree.skipped);
    if run.uploader.client.share().is_some() {
        skipped.extend(left_through_link(run, &tree));
    }
    put_files(run, top, &at, tree.files, &mut sum).await;
    let directory = directory(run, &at, made).await?;
    if directory.is_none() {
        run.display.say(&format!(
            "/{at} already existed, and this key may not see its link"
        ));
    }
    run.display
        .finish(&top.display().to_string(), sum.file_count);
    if let Some(directory) = &directory {
        tell_who_may_look(run, &at, directory).await;
    }
    let done = PutDirectory {
        directory,
        file_count: sum.file_count,
        size_bytes: sum.size_bytes,
        uploaded_bytes: sum.uploaded_bytes,
        reused_bytes: sum.reused_bytes,
        resumed: sum.resumed,
        failed: sum.failed,
        skipped,
    };
    Ok((done, common_exit(sum.exits)))
}

/// Reports the empty directories: a link accepts only files, and directories appear with them.
fn left_through_link(run: &Run<'_>, tree: &Tree) -> Vec<SkippedFile> {
    let files = tree.files.iter();
    let holding: HashSet<&str> = files.flat_map(|file| above(&file.relative)).collect();
    let directories = tree.directories.iter();
    let empty = directories.filter(|one| !holding.contains(one.relative.as_str()));
    let left: Vec<SkippedFile> = empty
        .map(|one| SkippedFile {
            path: one.relative.clone(),
            reason: "an empty directory; a link accepts only files".to_owned(),
        })
        .collect();
    for one in &left {
        let text = format!("skipped {}: {}", one.path, one.reason);
        match tree.files.is_empty() {
            true => run.printer.insist(&text),
            false => run.display.say(&text),
        }
    }
    left
}

/// Says whether the printed link works for others.
async fn tell_who_may_look(run: &Run<'_>, at: &RemotePath, directory: &Directory) {
    let client = &run.uploader.client;
    if client.share().is_some() {
        return;
    }
    let text = match client.is_open(&directory.id).await {
        Some(true) => format!(
            "anyone with the link can see what is in /{at}; to close it: hulk set /{at} --private"
        ),
        Some(false) => format!(
            "only you can see what is in /{at}; to open its link to others: hulk set /{at} --public"
        ),
        None => return,
    };
    run.display.say(&text);
}

async fn put_files(
    run: &Run<'_>,
    top: &Path,
    at: &RemotePath,
    files: Vec<TreeFile>,
    sum: &mut Sum,
) {
    let (small, mut large): (Vec<TreeFile>, Vec<TreeFile>) = files
        .into_iter()
        .partition(|file| file.size_bytes <= PART_BYTES);
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let most = run.uploader.options.parallel;
    let requests = Semaphore::new(most.unwrap_or(cores * REQUESTS_PER_CORE));
    let progress = Arc::new(run.display.file(
        top.display().to_string(),
        Some(small.iter().map(|file| file.size_bytes).sum()),
    ));
    let is_shared = run.uploader.client.share().is_some();
    let batches = stream::iter(batch::batches(small, is_shared))
        .map(|batch| batch::put(run, at, batch, &progress, &requests))
        .buffer_unordered(batch::in_flight(is_shared));
    let mut batches = std::pin::pin!(batches);
    while let Some((outcomes, longer)) = batches.next().await {
        outcomes
            .into_iter()
            .for_each(|(path, outcome)| sum.add(run, path, outcome));
        large.extend(longer);
    }
    for file in large {
        let outcome = put_large(run, at, &file).await;
        sum.add(run, file.relative, outcome);
    }
}

/// Reports what is skipped; even with `--quiet`, if there is nothing else to put.
pub(crate) fn tell_skipped(run: &Run<'_>, top: &Path, tree: &Tree) {
    for skipped in &tree.skipped {
        let path = top.join(&skipped.path);
        run.display
            .say(&format!("skipped {}: {}", path.display(), skipped.reason));
    }
    let count = tree.skipped.len();
    if count > 0 && tree.files.is_empty() && run.printer.is_quiet() {
        let top = top.display();
        run.printer.insist(&format!(
            "skipped everything in {top}: {count} links or special files"
        ));
    }
}

/// Directory that now holds the files; through a link, as much of it as is known. Returns `None` if it
/// already existed and the key may not see it.
async fn directory(
    run: &Run<'_>,
    at: &RemotePath,
    made: Option<Directory>,
) -> Result<Option<Directory>> {
    let client = &run.uploader.client;
    let Some(link) = client.share() else {
        return match made {
            Some(made) => Ok(Some(made)),
            None => match client.find_directory(at).await {
                Err(error) if error.code == ErrorCode::Forbidden => Ok(None),
                found => found,
            },
        };
    };
    let id = link.details.directory_id.clone();
    Ok(Some(Directory {
        id: id.ok_or_else(|| Error::not_a_server(&link.server))?,
        path: at.clone(),
        parent_id: None,
        default_permissions: Permission::Inherit,
        default_expiration_policy: None,
        metadata: serde_json::Map::new(),
        created_at: link.details.created_at,
        updated_at: link.details.created_at,
        url: link.url(),
    }))
}

/// Creates the top directory, with the flags applied, and all directories below it. One that cannot be
/// created does not stop the rest. Returns the top, if the key may see it.
///
/// # Errors
/// If the top cannot be created.
async fn make_directories(
    run: &Run<'_>,
    at: &RemotePath,
    tree: &Tree,
    sum: &mut Sum,
) -> Result<Option<Directory>> {
    let client = &run.uploader.client;
    if client.share().is_some() {
        // Directories appear with the files that are put into them.
        return Ok(None);
    }
    let wanted = wanted_directories(run, at, tree, sum);
    let mut made = None;
    for batch in wanted.chunks(MAX_BATCH) {
        let items: Vec<CreateDirectory> = batch.iter().map(|(_, item)| item.clone()).collect();
        let count = items.len();
        let answer = client.create_directories(items).await?;
        let outcomes = batch::each(Ok(answer.items), count);
        for ((relative, request), outcome) in batch.iter().zip(outcomes) {
            match (relative, outcome) {
                (None, Ok(top)) => made = Some(top),
                (Some(_), Ok(_)) => {}
                // A key with 'upload' may not see what exists.
                (_, Err(error)) if error.code == ErrorCode::DirectoryExists => {}
                (None, Err(error)) => return Err(error.about(&request.path)),
                (Some(relative), Err(error)) => sum.fail(run, (*relative).clone(), &error),
            }
        }
    }
    Ok(made)
}

/// Requests for the top, which has no relative path, and for all directories below it.
fn wanted_directories<'a>(
    run: &Run<'_>,
    at: &RemotePath,
    tree: &'a Tree,
    sum: &mut Sum,
) -> Vec<(Option<&'a String>, CreateDirectory)> {
    let mut wanted = Vec::new();
    if !at.is_root() {
        let top = CreateDirectory {
            path: at.clone(),
            default_permissions: run.permissions(),
            default_expiration_policy: run.put.expires,
            is_listed: run.permissions().is_none(),
            metadata: run.metadata(tree.attributes),
        };
        wanted.push((None, top));
    }
    // What is below a directory that cannot be created cannot be either: this is reported once.
    let mut refused: Option<&String> = None;
    for directory in &tree.directories {
        let relative = &directory.relative;
        match below(at, relative) {
            Ok(path) => {
                let request = CreateDirectory {
                    path,
                    default_permissions: None,
                    default_expiration_policy: None,
                    is_listed: false,
                    metadata: run.metadata(directory.attributes),
                };
                wanted.push((Some(relative), request));
            }
            Err(error) if refused.is_some_and(|refused| is_below(relative, refused)) => {
                sum.note(relative.clone(), &error);
            }
            Err(error) => {
                refused = Some(relative);
                sum.fail(run, relative.clone(), &error);
            }
        }
    }
    wanted
}

fn is_below(path: &str, directory: &str) -> bool {
    let rest = path.strip_prefix(directory);
    rest.is_some_and(|rest| rest.starts_with('/'))
}

/// Totals of all files.
#[derive(Default)]
struct Sum {
    file_count: u64,
    size_bytes: u64,
    uploaded_bytes: u64,
    reused_bytes: u64,
    resumed: bool,
    failed: Vec<FailedFile>,
    exits: Vec<Exit>,
}

impl Sum {
    fn add(&mut self, run: &Run<'_>, path: String, outcome: Result<PutFile>) {
        match outcome {
            Ok(done) => {
                self.file_count += 1;
                self.size_bytes += done.file.size_bytes;
                self.uploaded_bytes += done.uploaded_bytes;
                self.reused_bytes += done.reused_bytes;
                self.resumed |= done.resumed;
            }
            Err(error) => self.fail(run, path, &error),
        }
    }

    fn fail(&mut self, run: &Run<'_>, path: String, error: &Error) {
        run.printer.complaint(&error.clone().about(&path));
        self.note(path, error);
    }

    fn note(&mut self, path: String, error: &Error) {
        self.exits.push(error.exit);
        self.failed.push(FailedFile {
            path,
            error: error.body().error,
        });
    }
}

async fn put_large(run: &Run<'_>, at: &RemotePath, file: &TreeFile) -> Result<PutFile> {
    let path = file.path.clone();
    let source = spawn_blocking(move || Source::open(&path)).await;
    let source = source.map_err(|error| Error::failed(format!("reading failed: {error}")))?;
    let (source, attributes) = source?;
    let request = run.request(below(at, &file.relative)?, source.size_bytes(), attributes);
    let progress = Arc::new(run.display.file(&file.relative, source.size_bytes()));
    run.uploader.upload(source, request, None, progress).await
}
