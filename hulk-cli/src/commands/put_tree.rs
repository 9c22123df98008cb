//! `hulk put DIR`: small files in batches, large ones each alone.

use std::{path::Path, sync::Arc};

use futures_util::{StreamExt, stream};
use hulk_proto::{
    CreateFile, CreatedFile, Directory, ErrorCode, File, Permission, RemotePath, Upload,
    directory::{CreateDirectory, FailedFile, PutDirectory},
    file::{BatchItem, PutFile, ReportedFile},
    limits::PART_BYTES,
};
use tokio::{sync::Semaphore, task::spawn_blocking};

use super::put::Run;
use crate::{
    error::{Error, Result},
    progress::Progress,
    transfer::{
        Watcher,
        report::{fill, put_file, report_small},
        source::{Small, Source},
    },
    tree::{Tree, TreeFile},
};

/// Of a batch: the files are in memory while it is under way.
const BATCH_FILES: usize = 250;
const BATCH_BYTES: u64 = 12 << 20;
/// While one batch is planned, another is sent and a third is reported.
const BATCHES_IN_FLIGHT: usize = 3;
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
    let batches = stream::iter(batches(small))
        .map(|batch| put_batch(run, &at, batch, &progress, &requests))
        .buffer_unordered(BATCHES_IN_FLIGHT);
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

fn below(at: &RemotePath, relative: &str) -> Result<RemotePath> {
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

fn batches(files: Vec<TreeFile>) -> Vec<Vec<TreeFile>> {
    let mut batches: Vec<Vec<TreeFile>> = Vec::new();
    let mut bytes = 0;
    for file in files {
        bytes += file.size_bytes;
        match batches.last_mut() {
            Some(batch) if batch.len() < BATCH_FILES && bytes <= BATCH_BYTES => batch.push(file),
            _ => {
                bytes = file.size_bytes;
                batches.push(vec![file]);
            }
        }
    }
    batches
}

/// A file on its way.
struct Moving {
    relative: String,
    small: Small,
}

/// Plans, sends and reports the files of a batch; each comes out alone.
async fn put_batch(
    run: &Run<'_>,
    at: &RemotePath,
    files: Vec<TreeFile>,
    progress: &Arc<Progress>,
    requests: &Semaphore,
) -> Vec<(String, Result<PutFile>)> {
    let mut outcomes = Vec::new();
    let (mut moving, mut plans) = (Vec::new(), Vec::new());
    for (file, read) in read(files).await {
        let request = read.and_then(|small| {
            let mut request = run.request(below(at, &file.relative)?, None);
            fill(&mut request, &small);
            request.metadata = Some(file.metadata);
            Ok((small, request))
        });
        match request {
            Ok((small, request)) => {
                let relative = file.relative;
                moving.push(Moving { relative, small });
                plans.push(request);
            }
            Err(error) => outcomes.push((file.relative, Err(error))),
        }
    }
    let planned = plan(run, plans).await;
    let sent = moving
        .iter()
        .zip(planned)
        .map(|(moving, created)| async move {
            let created = created?;
            if created.upload != Upload::None {
                let _permit = requests.acquire().await;
                let watcher: Arc<dyn Watcher> = progress.clone();
                run.uploader
                    .send_small(&moving.small, &created, watcher)
                    .await?;
            } else {
                progress.moved(moving.small.bytes.len() as u64);
            }
            Ok(created)
        });
    let sent: Vec<Result<CreatedFile>> = futures_util::future::join_all(sent).await;
    outcomes.extend(report(run, moving, sent).await);
    outcomes
}

async fn read(files: Vec<TreeFile>) -> Vec<(TreeFile, Result<Small>)> {
    let read = spawn_blocking(move || {
        let one = |file: TreeFile| {
            let bytes = std::fs::read(&file.path);
            let fault = |error| Error::local("read", &file.path, &error);
            let small = bytes.map(Small::new).map_err(fault);
            (file, small)
        };
        files.into_iter().map(one).collect()
    });
    // A thread that panics has a bug; its files are then missing from the sum.
    read.await.unwrap_or_default()
}

async fn plan(run: &Run<'_>, plans: Vec<CreateFile>) -> Vec<Result<CreatedFile>> {
    let count = plans.len();
    if count == 0 {
        return Vec::new();
    }
    let answer = run.uploader.client.create_files(plans).await;
    each(answer.map(|batch| batch.items), count)
}

async fn report(
    run: &Run<'_>,
    moving: Vec<Moving>,
    sent: Vec<Result<CreatedFile>>,
) -> Vec<(String, Result<PutFile>)> {
    let mut outcomes = Vec::new();
    let (mut waiting, mut reports) = (Vec::new(), Vec::new());
    for (moving, sent) in moving.into_iter().zip(sent) {
        let len = moving.small.bytes.len() as u64;
        match sent {
            Err(error) => outcomes.push((moving.relative, Err(error))),
            Ok(created) if created.upload == Upload::None => {
                outcomes.push((moving.relative, Ok(put_file(created.file, 0, len))));
            }
            Ok(created) => {
                reports.push(ReportedFile {
                    id: created.file.id.clone(),
                    report: report_small(&moving.small, &created),
                });
                waiting.push((moving.relative, len));
            }
        }
    }
    if reports.is_empty() {
        return outcomes;
    }
    let count = reports.len();
    let answer = run.uploader.client.report_uploads(reports).await;
    let files: Vec<Result<File>> = each(answer.map(|batch| batch.items), count);
    let done = waiting
        .into_iter()
        .zip(files)
        .map(|((path, len), file)| (path, file.map(|file| put_file(file, len, 0))));
    outcomes.extend(done);
    outcomes
}

/// Of each item what the answer says, or what happened to all of them.
fn each<T>(answer: Result<Vec<BatchItem<T>>>, count: usize) -> Vec<Result<T>> {
    match answer {
        Ok(items) => {
            let one = |item| match item {
                BatchItem::Done(done) => Ok(done),
                BatchItem::Failed(body) => Err(Error::server(body.error)),
            };
            let missing = || Err(Error::unreachable("the server's answer is too short"));
            let items = items.into_iter().map(one);
            items
                .chain(std::iter::repeat_with(missing))
                .take(count)
                .collect()
        }
        Err(error) => (0..count).map(|_| Err(error.clone())).collect(),
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
