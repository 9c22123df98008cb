//! `hulk put DIR`: small files in batches, large ones each alone.

use std::{path::Path, sync::Arc};

use futures_util::{StreamExt, stream};
use hulk_proto::{
    Directory, ErrorCode, Permission, RemotePath,
    directory::{CreateDirectory, FailedFile, PutDirectory},
    file::PutFile,
    limits::PART_BYTES,
};
use tokio::{sync::Semaphore, task::spawn_blocking};

use super::{put::Run, put_batch};
use crate::{
    error::{Error, Result},
    transfer::source::Source,
    tree::{Tree, TreeFile},
};

/// Requests in flight for each core: a store waits for its disk more than it works.
const REQUESTS_PER_CORE: usize = 32;

/// `None` for a dry run.
pub(super) async fn put(run: &Run<'_>, top: &Path, at: RemotePath) -> Result<Option<PutDirectory>> {
    let tree = walk(run, top).await?;
    for (path, why) in &tree.skipped {
        run.display
            .say(&format!("skipped {}: {why}", path.display()));
    }
    if run.put.choice.dry_run {
        for file in &tree.files {
            run.printer.line(format!("/{at}/{}", file.relative));
        }
        return Ok(None);
    }
    make_directories(run, &at, &tree).await?;
    let mut sum = Sum::default();
    for (path, error) in tree.failed {
        sum.fail(run, path, &error);
    }
    let (small, large): (Vec<TreeFile>, Vec<TreeFile>) = tree
        .files
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
    let batches = stream::iter(put_batch::batches(small, is_shared))
        .map(|batch| put_batch::put(run, &at, batch, &progress, &requests))
        .buffer_unordered(put_batch::in_flight(is_shared));
    let mut batches = std::pin::pin!(batches);
    while let Some(outcomes) = batches.next().await {
        outcomes
            .into_iter()
            .for_each(|(path, outcome)| sum.add(run, path, outcome));
    }
    for file in large {
        let outcome = put_large(run, &at, &file).await;
        sum.add(run, file.relative, outcome);
    }
    let directory = directory(run, &at).await?;
    run.display
        .finish(&top.display().to_string(), sum.file_count);
    Ok(Some(PutDirectory {
        directory,
        file_count: sum.file_count,
        size_bytes: sum.size_bytes,
        uploaded_bytes: sum.uploaded_bytes,
        reused_bytes: sum.reused_bytes,
        resumed: sum.resumed,
        failed: sum.failed,
    }))
}

/// Where the files are now; through a link, all that is known of it.
async fn directory(run: &Run<'_>, at: &RemotePath) -> Result<Directory> {
    let client = &run.uploader.client;
    let Some(link) = client.share() else {
        let found = client.find_directory(at).await?;
        return found.ok_or_else(|| Error::not_found(format!("'{at}' is not there")));
    };
    let id = link.details.directory_id.clone();
    Ok(Directory {
        id: id.ok_or_else(|| Error::not_a_server(&link.server))?,
        path: at.clone(),
        parent_id: None,
        default_permissions: Permission::Inherit,
        default_expiration_policy: None,
        created_at: link.details.created_at,
        updated_at: link.details.created_at,
        url: link.url(),
    })
}

async fn walk(run: &Run<'_>, top: &Path) -> Result<Tree> {
    let (top, chosen) = (top.to_owned(), run.chosen.clone());
    spawn_blocking(move || Tree::walk(&top, &chosen))
        .await
        .map_err(|error| Error::failed(format!("reading failed: {error}")))
}

/// The top, with what the flags say of it, and those that no file would make appear.
async fn make_directories(run: &Run<'_>, at: &RemotePath, tree: &Tree) -> Result<()> {
    let client = &run.uploader.client;
    if client.share().is_some() {
        // They appear with the files that are put into them.
        return Ok(());
    }
    let top = CreateDirectory {
        path: at.clone(),
        default_permissions: run.permissions(),
        default_expiration_policy: run.put.expires,
    };
    let mut wanted = vec![top];
    for relative in &tree.empty_directories {
        wanted.push(CreateDirectory {
            path: below(at, relative)?,
            default_permissions: None,
            default_expiration_policy: None,
        });
    }
    for request in wanted.iter().filter(|request| !request.path.is_root()) {
        match client.create_directory(request).await {
            Err(error) if error.code != ErrorCode::DirectoryExists => {
                return Err(error.about(&request.path));
            }
            _ => {}
        }
    }
    Ok(())
}

pub(super) fn below(at: &RemotePath, relative: &str) -> Result<RemotePath> {
    let path = match at.is_root() {
        true => relative.to_owned(),
        false => format!("{at}/{relative}"),
    };
    path.parse()
        .map_err(|error| Error::usage(format!("{relative}: {error}")))
}

/// What came of all files.
#[derive(Default)]
struct Sum {
    file_count: u64,
    size_bytes: u64,
    uploaded_bytes: u64,
    reused_bytes: u64,
    resumed: bool,
    failed: Vec<FailedFile>,
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
        self.failed.push(FailedFile {
            path,
            error: error.body().error,
        });
    }
}

async fn put_large(run: &Run<'_>, at: &RemotePath, file: &TreeFile) -> Result<PutFile> {
    let path = file.path.clone();
    let source = spawn_blocking(move || Source::open(&path)).await;
    let source = source.map_err(|error| Error::failed(format!("reading failed: {error}")))??;
    let mut request = run.request(below(at, &file.relative)?, source.size_bytes());
    request.metadata = Some(file.metadata.clone());
    let progress = Arc::new(run.display.file(&file.relative, source.size_bytes()));
    run.uploader.upload(source, request, None, progress).await
}
