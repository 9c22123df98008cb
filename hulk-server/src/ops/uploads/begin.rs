//! Plans uploads: reserves the space, gives each file its id, signs the URLs.

use futures_util::{StreamExt, stream};
use hulk_proto::{CreateFile, CreatedFile, ErrorCode, File, Upload, batch::Batch};
use sqlx::Connection;

use super::{
    dedupe::reuse_stored,
    destination::{Completion, Destination},
    expiration::set_expiration,
    new_file::NewFile,
    plan::{Planned, Planner},
    show::find_upload_row,
    transfer::transfer,
};
use crate::{
    app::App,
    db::{Write, files::FileRow},
    error::{Error, Result},
    ops::{
        batch::{IN_FLIGHT, batch, missing},
        present,
        transaction::transaction,
        tree::ensure::DirectoryCache,
        validate,
    },
};

/// How often one file is planned at most.
const MAX_PLANS: u32 = 5;

/// # Errors
/// Everything that can be refused before bytes are sent: `VALIDATION_ERROR`, `PAYLOAD_TOO_LARGE`,
/// `QUOTA_EXCEEDED`, `EMAIL_NOT_VERIFIED`, `FORBIDDEN`, `FILE_EXISTS`, `DIRECTORY_EXISTS`, `CONFLICT`.
pub async fn begin_upload(
    app: &App,
    destination: &Destination<'_>,
    request: CreateFile,
    completion: Completion,
) -> Result<CreatedFile> {
    let begun = begin_all(app, destination, vec![request], completion).await?;
    begun.into_iter().next().unwrap_or_else(missing)
}

/// Like `begin_upload` for each request, in one transaction.
///
/// # Errors
/// Only if database or store do not answer; refused items are in the answer.
pub async fn begin_uploads(
    app: &App,
    destination: &Destination<'_>,
    requests: Vec<CreateFile>,
) -> Result<Batch<CreatedFile>> {
    validate::batch(requests.len())?;
    let begun = begin_all(app, destination, requests, Completion::Reported).await?;
    Ok(batch(begun))
}

async fn begin_all(
    app: &App,
    destination: &Destination<'_>,
    requests: Vec<CreateFile>,
    completion: Completion,
) -> Result<Vec<Result<CreatedFile>>> {
    let parsed = requests
        .into_iter()
        .map(|request| NewFile::parse(app, destination, request, completion))
        .collect();
    let plans = plan_all(app, destination, parsed).await?;
    let reused = reuse_stored(app, destination, &plans).await?;
    let answers = plans.into_iter().zip(reused);
    let answers = answers
        .map(|(plan, is_reused)| async move { answer(app, destination, plan?, is_reused?).await });
    let answers: Vec<_> = answers.collect();
    Ok(stream::iter(answers).buffered(IN_FLIGHT).collect().await)
}

async fn plan_all(
    app: &App,
    destination: &Destination<'_>,
    parsed: Vec<Result<NewFile>>,
) -> Result<Vec<Result<(NewFile, Planned)>>> {
    let new: Vec<&NewFile> = parsed.iter().filter_map(|new| new.as_ref().ok()).collect();
    let plans = match new.as_slice() {
        [] => Vec::new(),
        [new] => match plan_one(app, destination, new).await {
            Err(error) if error.is_fault() => return Err(error),
            planned => vec![planned],
        },
        new => {
            let plans = transaction!(&app.db, destination.actor, async |tx| {
                plan_each(app, destination, tx, new).await
            });
            plans?
        }
    };
    let mut plans = plans.into_iter();
    let plan = |new: Result<NewFile>| {
        let new = new?;
        let planned = plans.next().unwrap_or_else(missing)?;
        Ok((new, planned))
    };
    Ok(parsed.into_iter().map(plan).collect())
}

/// Plans one upload without a savepoint: a refusal rolls the transaction back.
async fn plan_one(app: &App, destination: &Destination<'_>, new: &NewFile) -> Result<Planned> {
    transaction!(&app.db, destination.actor, async |tx| {
        planner(app, destination).plan(tx, new).await
    })
}

async fn plan_each(
    app: &App,
    destination: &Destination<'_>,
    transaction: &mut Write,
    new: &[&NewFile],
) -> Result<Vec<Result<Planned>>> {
    let mut plans = Vec::with_capacity(new.len());
    let mut planner = planner(app, destination);
    for new in new {
        let mut one = transaction.begin().await?;
        let planned = planner.plan(&mut one, new).await;
        match &planned {
            Ok(_) => one.commit().await?,
            // Not this item's fault: the whole transaction fails.
            Err(error) if error.is_fault() => return planned.map(|_| Vec::new()),
            Err(_) => {
                one.rollback().await?;
                planner.directories.clear();
            }
        }
        plans.push(planned);
    }
    Ok(plans)
}

fn planner<'a>(app: &'a App, destination: &'a Destination<'a>) -> Planner<'a> {
    let limits = destination.limits(app);
    Planner {
        app,
        destination,
        directories: DirectoryCache::new(limits.max_objects),
    }
}

/// Returns the file, and what the client still has to send. If another request, which puts the same file at the
/// same time, ends the upload meanwhile, a new plan says what is left to do.
async fn answer(
    app: &App,
    destination: &Destination<'_>,
    mut plan: (NewFile, Planned),
    mut is_reused: bool,
) -> Result<CreatedFile> {
    for _ in 1..MAX_PLANS {
        let (new, planned) = &plan;
        if let Some(created) = try_answer(app, destination, new, planned, is_reused).await? {
            return Ok(created);
        }
        let planned = plan_one(app, destination, new).await?;
        let again = [Ok((plan.0, planned))];
        let reused = reuse_stored(app, destination, &again).await?;
        is_reused = reused.into_iter().next().unwrap_or_else(missing)?;
        let [again] = again;
        plan = again?;
    }
    let (new, planned) = &plan;
    let created = try_answer(app, destination, new, planned, is_reused).await?;
    created.ok_or_else(|| {
        Error::new(
            ErrorCode::Conflict,
            "other requests end this upload again and again; try again later",
        )
    })
}

/// Like `answer`; `None` if the upload has ended meanwhile.
async fn try_answer(
    app: &App,
    destination: &Destination<'_>,
    new: &NewFile,
    planned: &Planned,
    is_reused: bool,
) -> Result<Option<CreatedFile>> {
    let policy = planned.version.expiration_policy;
    let expires_objects = app.store.capabilities().expires_objects;
    if planned.is_unchanged && policy.days().is_some() && expires_objects {
        set_expiration(app, destination.actor, &planned.file, policy).await?;
    }
    if planned.is_unchanged || is_reused {
        let row = find_upload_row(app, destination, &planned.version).await?;
        let file = show(app, destination, new, row).await?;
        let upload = Upload::None;
        return Ok(Some(CreatedFile { file, upload }));
    }
    let Some(upload) = transfer(app, destination.actor, new, planned).await? else {
        return Ok(None);
    };
    metrics::counter!("hulk_uploads_planned_total").increment(1);
    if destination.upload_key_id().is_some() {
        let path = new.path.clone();
        let file = present::uploaded(app, destination.top_id(), path, &planned.version)?;
        return Ok(Some(CreatedFile { file, upload }));
    }
    let mut file = show(app, destination, new, planned.file.clone()).await?;
    // The answer is about this upload, while the file may still show the previous version.
    file.version = u64::try_from(planned.version.number).unwrap_or(0);
    Ok(Some(CreatedFile { file, upload }))
}

/// Returns the file as the API shows it. Its path is that of the request, except through a share.
async fn show(
    app: &App,
    destination: &Destination<'_>,
    new: &NewFile,
    row: FileRow,
) -> Result<File> {
    match destination.share() {
        None => present::file_in(app, row, new.directory.as_str()),
        Some(_) => {
            let mut connection = app.db.read().await?;
            present::file(app, &mut connection, row).await
        }
    }
}
