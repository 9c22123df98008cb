//! Plans an upload: reserves the space, gives the file its id, signs the URLs.

use futures_util::{StreamExt, stream};
use hulk_proto::{
    CreateFile, CreatedFile, ErrorCode, File, Upload,
    attributes::{MODE, MODIFIED},
    file::{Batch, BatchItem},
};
use sqlx::Connection;

use super::{
    change_file::set_expiration,
    destination::Destination,
    discard::discard,
    find_file,
    known::Known,
    link_stored::link_all,
    plan_upload::{Planned, plan},
    present, retried,
    shares::intake::leave_nothing,
    sign_parts::IN_FLIGHT,
    to_send::to_send,
    validate,
};
use crate::{
    app::App,
    db::{
        files::FileRow,
        versions::{self, VersionRow},
    },
    error::{Error, Result},
};

/// Who will tell that the bytes are there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Report {
    /// The client, by `PUT /files/:id/status`.
    Client,
    /// Nobody: the upload is settled when the file is asked for.
    Nobody,
}

/// # Errors
/// Whatever can be refused before bytes are sent: `VALIDATION_ERROR`, `PAYLOAD_TOO_LARGE`,
/// `QUOTA_EXCEEDED`, `EMAIL_NOT_VERIFIED`, `FORBIDDEN`, `FILE_EXISTS`, `DIRECTORY_EXISTS`, `CONFLICT`.
pub async fn begin_upload(
    app: &App,
    destination: &Destination<'_>,
    mut request: CreateFile,
    report: Report,
) -> Result<CreatedFile> {
    check(app, destination, &mut request, report)?;
    let planned = retried(|| plan_one(app, destination, &request, report)).await?;
    let created = answers(app, destination, &[request], vec![Ok(planned)]).await?;
    let created = created.into_iter().next();
    created.unwrap_or_else(|| Err(Error::internal("a planned file is missing")))
}

/// As `begin_upload` for each, in one transaction.
///
/// # Errors
/// Only if database or store do not answer; what is refused is in the answer.
pub async fn begin_uploads(
    app: &App,
    destination: &Destination<'_>,
    mut requests: Vec<CreateFile>,
) -> Result<Batch<CreatedFile>> {
    validate::batch(requests.len())?;
    let checked: Vec<Option<Error>> = requests
        .iter_mut()
        .map(|request| check(app, destination, request, Report::Client).err())
        .collect();
    let wanted: Vec<&CreateFile> = requests
        .iter()
        .zip(&checked)
        .filter_map(|(request, refused)| refused.is_none().then_some(request))
        .collect();
    let mut plans = retried(|| plan_all(app, destination, &wanted))
        .await?
        .into_iter();
    let missing = || Err(Error::internal("a planned file is missing"));
    let plans = checked.into_iter().map(|refused| match refused {
        Some(error) => Err(error),
        None => plans.next().unwrap_or_else(missing),
    });
    let answers = answers(app, destination, &requests, plans.collect()).await?;
    Ok(batch(answers))
}

/// What is left to send of each plan.
async fn answers(
    app: &App,
    destination: &Destination<'_>,
    requests: &[CreateFile],
    plans: Vec<Result<Planned>>,
) -> Result<Vec<Result<CreatedFile>>> {
    let linked = link_all(app, &destination.user.id, requests, &plans).await?;
    let answers = requests.iter().zip(plans).zip(linked);
    let answers = answers.map(|((request, planned), linked)| async move {
        answer(app, destination, request, planned?, linked?).await
    });
    let answers: Vec<_> = answers.collect();
    Ok(stream::iter(answers).buffered(IN_FLIGHT).collect().await)
}

async fn plan_one(
    app: &App,
    destination: &Destination<'_>,
    request: &CreateFile,
    report: Report,
) -> Result<Planned> {
    let mut transaction = app.db.write_for(&destination.user.id).await?;
    let known = &mut Known::new(app.settings.max_objects);
    let planned = plan(app, &mut transaction, destination, request, report, known).await?;
    transaction.commit().await?;
    Ok(planned)
}

async fn plan_all(
    app: &App,
    destination: &Destination<'_>,
    requests: &[&CreateFile],
) -> Result<Vec<Result<Planned>>> {
    let mut plans = Vec::with_capacity(requests.len());
    let mut known = Known::new(app.settings.max_objects);
    let mut transaction = app.db.write_for(&destination.user.id).await?;
    for request in requests {
        let mut one = transaction.begin().await?;
        let report = Report::Client;
        let planned = plan(app, &mut one, destination, request, report, &mut known).await;
        match &planned {
            Ok(_) => one.commit().await?,
            // Not this item's fault, and the end of the whole transaction.
            Err(error) if error.is_fault() => return planned.map(|_| Vec::new()),
            Err(_) => {
                one.rollback().await?;
                known = Known::new(app.settings.max_objects);
            }
        }
        plans.push(planned);
    }
    transaction.commit().await?;
    Ok(plans)
}

/// The outcomes of the items of a batch.
pub(super) fn batch<T>(outcomes: Vec<Result<T>>) -> Batch<T> {
    let item = |outcome: Result<T>| match outcome {
        Ok(done) => BatchItem::Done(done),
        Err(error) => BatchItem::Failed(error.into_body()),
    };
    Batch {
        items: outcomes.into_iter().map(item).collect(),
    }
}

/// Through a share, who may read the file and for how long is its directory's to say.
fn check(
    app: &App,
    destination: &Destination<'_>,
    request: &mut CreateFile,
    report: Report,
) -> Result<()> {
    if destination.share.is_some() {
        request.permissions = None;
        request.expiration_policy = None;
        // A stranger does not say what a file of the owner's may be run as.
        if let Some(metadata) = &mut request.metadata {
            metadata.retain(|name, _| ![MODE, MODIFIED].contains(&name.as_str()));
        }
    }
    if destination.user.email_verified_at.is_none() {
        return Err(Error::new(
            ErrorCode::EmailNotVerified,
            "the email of this account is not verified; until then nothing can be uploaded",
        ));
    }
    let (_, name) = validate::file_path(&request.path)?;
    validate::new_file(app, destination, request, &name, report)
}

/// What is left to send.
async fn answer(
    app: &App,
    destination: &Destination<'_>,
    request: &CreateFile,
    planned: Planned,
    is_linked: bool,
) -> Result<CreatedFile> {
    let policy = present::policy(&planned.version.expiration_policy)?;
    if planned.is_unchanged && policy.days().is_some() && app.store.expires_objects() {
        set_expiration(app, &planned.file, policy).await?;
    }
    if planned.is_unchanged || is_linked {
        let id = planned.file.id.parse().map_err(Error::internal)?;
        let row = find_file(app, destination.user, &id).await?;
        let file = show(app, destination, request, row).await?;
        let upload = Upload::None;
        return Ok(CreatedFile { file, upload });
    }
    let upload = to_send(app, request, &planned).await?;
    metrics::counter!("hulk_uploads_planned_total").increment(1);
    if destination.key_id.is_some() {
        let path = request.path.clone();
        let file = present::uploaded(app, destination, path, &planned.version)?;
        return Ok(CreatedFile { file, upload });
    }
    let mut file = show(app, destination, request, planned.file).await?;
    // The answer is about this upload, while the file may still show the version before it.
    file.version = u64::try_from(planned.version.number).unwrap_or(0);
    Ok(CreatedFile { file, upload })
}

/// Where it is put, the request says, but through a share.
async fn show(
    app: &App,
    destination: &Destination<'_>,
    request: &CreateFile,
    row: FileRow,
) -> Result<File> {
    match (destination.share, request.path.split()) {
        (None, Some((above, _))) => present::file_in(app, row, above.as_str()),
        _ => {
            let mut connection = app.db.read().await?;
            present::file(app, &mut connection, row).await
        }
    }
}

/// Gives up a version that cannot be finished.
pub(super) async fn give_up(app: &App, version: &VersionRow, reason: &str) -> Result<()> {
    let mut transaction = app.db.write_for(&version.user_id).await?;
    if versions::mark_failed(&mut transaction, version, reason).await? {
        discard(&mut transaction, version).await?;
        leave_nothing(&mut transaction, version).await?;
        metrics::counter!("hulk_uploads_total", "result" => "failed").increment(1);
    }
    transaction.commit().await?;
    app.garbage.notify_one();
    Ok(())
}
