//! Small files of a directory: planned, sent and reported in batches.

use std::{collections::HashMap, path::PathBuf, sync::Arc};

use hulk_proto::{
    CreateFile, CreatedFile, ErrorCode, File, RemotePath, Upload,
    batch::{BatchItem, ReportedFile},
    file::PutFile,
    limits::SHARE_UNFINISHED,
};
use tokio::{
    sync::{Mutex, Semaphore},
    task::spawn_blocking,
};

use super::{place::below, run::Run};
use crate::{
    attributes::Attributes,
    error::{Error, Result},
    progress::Progress,
    transfer::{
        Watcher,
        upload::{
            is_ended,
            report::{fill, put_file, report_small},
            source::{Small, Source},
        },
    },
    walk::TreeFile,
};

/// Limits of a batch, whose files are held in memory while it is under way.
const BATCH_FILES: usize = 250;
const BATCH_BYTES: u64 = 12 << 20;
/// Batches in flight: one is planned while another is sent and a third is reported.
const BATCHES_IN_FLIGHT: usize = 3;
/// Files in a batch that goes through a share: half of what the share allows, since others may upload too.
const SHARE_BATCH_FILES: usize = SHARE_UNFINISHED as usize / 2;

/// Groups files into batches. A share accepts fewer unfinished uploads at once.
pub(crate) fn batches(files: Vec<TreeFile>, is_shared: bool) -> Vec<Vec<TreeFile>> {
    let most_files = match is_shared {
        true => SHARE_BATCH_FILES,
        false => BATCH_FILES,
    };
    let mut batches: Vec<Vec<TreeFile>> = Vec::new();
    let mut bytes = 0;
    for file in files {
        bytes += file.size_bytes;
        match batches.last_mut() {
            Some(batch) if batch.len() < most_files && bytes <= BATCH_BYTES => batch.push(file),
            _ => {
                bytes = file.size_bytes;
                batches.push(vec![file]);
            }
        }
    }
    batches
}

/// Number of batches that may be under way at once.
pub(crate) fn in_flight(is_shared: bool) -> usize {
    match is_shared {
        true => 1,
        false => BATCHES_IN_FLIGHT,
    }
}

/// A file that is being uploaded.
struct Moving {
    relative: String,
    small: Small,
    request: CreateFile,
}

/// Outcome of each file, by its path relative to the top.
type Outcomes = Vec<(String, Result<PutFile>)>;

/// Plans, sends and reports the files of a batch; each succeeds or fails alone. Also returns the files that
/// have to be put one by one: those longer than a part, and those whose upload another client ended. A file
/// that a share refuses until other uploads have ended waits while the rest continues, so that clients that
/// upload through the same share at once never wait for each other.
pub(crate) async fn put(
    run: &Run<'_>,
    at: &RemotePath,
    files: Vec<TreeFile>,
    progress: &Arc<Progress>,
    requests: &Semaphore,
) -> (Outcomes, Vec<TreeFile>) {
    let by_path: HashMap<String, (PathBuf, u64)> = files
        .iter()
        .map(|file| (file.relative.clone(), (file.path.clone(), file.size_bytes)))
        .collect();
    let (waiting, outcomes, mut longer) = prepare(run, at, files).await;
    let state = Mutex::new((waiting, outcomes));
    let retry_policy = run.uploader.client.net().retry_policy();
    let attempt = async || {
        let mut state = state.lock().await;
        let (waiting, outcomes) = &mut *state;
        let (taken, refused) = plan(run, waiting).await;
        if !taken.is_empty() {
            outcomes.extend(send(run, taken, progress, requests).await);
            retry_policy.succeeded();
        }
        refused.map_or(Ok(()), Err)
    };
    let refused = retry_policy.retry(attempt).await.err();
    let (waiting, mut outcomes) = state.into_inner();
    if let Some(error) = refused {
        let failed = waiting.into_iter();
        outcomes.extend(failed.map(|moving| (moving.relative, Err(error.clone()))));
    }
    // Another client that puts the same files ended these uploads: each is planned anew, alone.
    let is_gone = |outcome: &Result<PutFile>| outcome.as_ref().is_err_and(is_ended);
    let (gone, known): (Outcomes, Outcomes) = outcomes
        .into_iter()
        .partition(|(_, outcome)| is_gone(outcome));
    longer.extend(gone.into_iter().filter_map(|(relative, _)| {
        let (path, size_bytes) = by_path.get(&relative)?.clone();
        Some(TreeFile {
            path,
            relative,
            size_bytes,
        })
    }));
    (known, longer)
}

/// Reads the files. One that cannot be read, or whose path is invalid, gets its outcome here.
async fn prepare(
    run: &Run<'_>,
    at: &RemotePath,
    files: Vec<TreeFile>,
) -> (Vec<Moving>, Outcomes, Vec<TreeFile>) {
    let (mut waiting, mut outcomes, mut longer) = (Vec::new(), Vec::new(), Vec::new());
    for (file, opened) in read(files).await {
        let prepared = opened.and_then(|(source, attributes)| {
            let path = below(at, &file.relative)?;
            Ok(match source {
                Source::Small(small) => {
                    let mut request = run.request(path, None, attributes);
                    fill(&mut request, &small);
                    Some((small, request))
                }
                _ => None,
            })
        });
        match prepared {
            Ok(Some((small, request))) => waiting.push(Moving {
                relative: file.relative,
                small,
                request,
            }),
            Ok(None) => longer.push(file),
            Err(error) => outcomes.push((file.relative, Err(error))),
        }
    }
    (waiting, outcomes, longer)
}

/// Opens the files. If the reading thread panics, all of them fail.
async fn read(files: Vec<TreeFile>) -> Vec<(TreeFile, Result<(Source, Attributes)>)> {
    let paths: Vec<PathBuf> = files.iter().map(|file| file.path.clone()).collect();
    let read = spawn_blocking(move || {
        let opened = paths.iter().map(|path| Source::open(path));
        opened.collect::<Vec<_>>()
    });
    match read.await {
        Ok(opened) => files.into_iter().zip(opened).collect(),
        Err(error) => {
            let error = Error::failed(format!("reading failed: {error}"));
            let failed = files.into_iter().map(|file| (file, Err(error.clone())));
            failed.collect()
        }
    }
}

/// Asks the server to plan the uploads. Files that it has no room for now stay in `waiting`, and the error
/// says so.
async fn plan(
    run: &Run<'_>,
    waiting: &mut Vec<Moving>,
) -> (Vec<(Moving, Result<CreatedFile>)>, Option<Error>) {
    let (mut taken, mut refused) = (Vec::new(), None);
    if waiting.is_empty() {
        return (taken, refused);
    }
    let asked = std::mem::take(waiting);
    let plans = asked.iter().map(|moving| moving.request.clone()).collect();
    let answer = run.uploader.client.create_files(plans).await;
    let planned = each(answer.map(|batch| batch.items), asked.len());
    for (moving, created) in asked.into_iter().zip(planned) {
        match created {
            Err(error) if error.code == ErrorCode::TooManyRequests => {
                refused = Some(error);
                waiting.push(moving);
            }
            created => taken.push((moving, created)),
        }
    }
    (taken, refused)
}

async fn send(
    run: &Run<'_>,
    taken: Vec<(Moving, Result<CreatedFile>)>,
    progress: &Arc<Progress>,
    requests: &Semaphore,
) -> Outcomes {
    let (moving, planned): (Vec<Moving>, Vec<Result<CreatedFile>>) = taken.into_iter().unzip();
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
    report(run, moving, sent).await
}

async fn report(run: &Run<'_>, moving: Vec<Moving>, sent: Vec<Result<CreatedFile>>) -> Outcomes {
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
                let report = report_small(&moving.small, &created);
                reports.push(ReportedFile::new(created.file.id.clone(), report));
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

/// Outcome of each item: its own from the response, or the error that all of them met.
pub(crate) fn each<T>(answer: Result<Vec<BatchItem<T>>>, count: usize) -> Vec<Result<T>> {
    match answer {
        Ok(items) => {
            let one = |item| match item {
                BatchItem::Done(done) => Ok(done),
                BatchItem::Failed(body) => Err(Error::server(body.error)),
            };
            let missing = || {
                Err(Error::unreachable(
                    "the server's response has too few items",
                ))
            };
            let items = items.into_iter().map(one);
            items
                .chain(std::iter::repeat_with(missing))
                .take(count)
                .collect()
        }
        Err(error) => (0..count).map(|_| Err(error.clone())).collect(),
    }
}
