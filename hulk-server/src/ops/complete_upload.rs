//! Ends an upload: asks the store what it got, and makes it the file's current version or not.
//!
//! Each step can be repeated: a crash between two leaves a version that is still `reserved` or
//! `uploaded`, and the next report, request or sweep goes on from there (`db::versions` has the
//! table of states).

use futures_util::{StreamExt, stream};
use hulk_proto::{
    ErrorCode, File, Id, ReportUpload,
    file::{Batch, ReportedFile, ReportedStatus},
};

use super::{
    assemble::assemble,
    begin_upload::{batch, give_up},
    destination::Destination,
    find_file, find_upload,
    plan_upload::file_exists,
    present,
    publish::{Outcome, Sent, publish_all, publish_one},
    show_upload_file,
    sign_parts::IN_FLIGHT,
    validate,
};
use crate::{
    app::App,
    db::{
        files::FileRow,
        uploads,
        versions::{self, VersionRow},
    },
    error::{Error, Result},
    store::Attested,
};

/// # Errors
/// `UPLOAD_INCOMPLETE` if the store has not got all, `DIGEST_MISMATCH` if it has other bytes than
/// were declared (the upload has failed then), `FILE_EXISTS` if another upload was faster and this
/// one was not to replace it, `CONFLICT` if another replaced it.
pub async fn complete_upload(
    app: &App,
    destination: &Destination<'_>,
    id: &Id,
    report: &ReportUpload,
) -> Result<File> {
    let version = find_upload(app, destination, id, report.version).await?;
    match version.is_unfinished() {
        true => finish(app, &version, report).await?,
        false => check_finished(&version, report)?,
    }
    show_upload_file(app, destination, &version).await
}

/// As `complete_upload` for each; what can be is written in one transaction.
///
/// # Errors
/// Only if database or store do not answer; what is refused is in the answer.
pub async fn complete_uploads(
    app: &App,
    destination: &Destination<'_>,
    reports: Vec<ReportedFile>,
) -> Result<Batch<File>> {
    validate::batch(reports.len())?;
    let looked = reports
        .into_iter()
        .map(|item| look_for(app, destination, item));
    let looked: Vec<Result<Looked>> = stream::iter(looked).buffered(IN_FLIGHT).collect().await;
    let sent = looked.iter().map(|found| match found {
        Ok((version, Some(sent))) => Some((version, sent)),
        _ => None,
    });
    let user_id = &destination.user.id;
    let outcomes = publish_all(app, user_id, &sent.collect::<Vec<_>>()).await?;
    let ended = looked.into_iter().zip(outcomes);
    let ended = ended.map(|(looked, outcome)| end(app, looked, outcome));
    let ended: Vec<Result<VersionRow>> = stream::iter(ended).buffered(IN_FLIGHT).collect().await;
    show_all(app, destination, ended).await.map(batch)
}

/// A version that is reported; without what was sent, if it was finished before.
type Looked = (VersionRow, Option<Sent>);

async fn look_for(app: &App, destination: &Destination<'_>, item: ReportedFile) -> Result<Looked> {
    let (id, report) = item.into_parts();
    let version = find_upload(app, destination, &id, report.version).await?;
    if !version.is_unfinished() {
        check_finished(&version, &report)?;
        return Ok((version, None));
    }
    let sent = look(app, &version, &report).await?;
    Ok((version, Some(sent)))
}

async fn end(app: &App, looked: Result<Looked>, outcome: Option<Outcome>) -> Result<VersionRow> {
    let (version, _) = looked?;
    if let Some(outcome) = outcome {
        conclude(app, &version, outcome).await?;
    }
    Ok(version)
}

/// The files of uploads that have ended, as their client may know them.
async fn show_all(
    app: &App,
    destination: &Destination<'_>,
    ended: Vec<Result<VersionRow>>,
) -> Result<Vec<Result<File>>> {
    if destination.key_id.is_some() {
        let mut files = Vec::with_capacity(ended.len());
        for version in ended {
            files.push(match version {
                Ok(version) => show_upload_file(app, destination, &version).await,
                Err(error) => Err(error),
            });
        }
        return Ok(files);
    }
    let rows = ended.into_iter().map(|version| async move {
        let id: Id = version?.file_id.parse().map_err(Error::internal)?;
        find_file(app, destination.user, &id).await
    });
    let rows: Vec<Result<FileRow>> = stream::iter(rows).buffered(IN_FLIGHT).collect().await;
    let mut connection = app.db.read().await?;
    present::outcomes(app, &mut connection, rows).await
}

/// The same report again has the same answer.
fn check_finished(version: &VersionRow, report: &ReportUpload) -> Result<()> {
    match version.state.as_str() {
        versions::VALIDATED => {
            let declared = report.sha256.map(|sha256| sha256.to_string());
            match declared.is_some() && declared != version.sha256 {
                // In parts, two may send to one upload; one of them ends it.
                true if version.part_size.is_some() => Err(overtaken()),
                true => Err(mismatch()),
                false => Ok(()),
            }
        }
        versions::EXPIRED => Err(Error::new(ErrorCode::FileExpired, "the file has expired")),
        _ => {
            let reason = version.reason.as_deref().unwrap_or("it was given up");
            Err(Error::new(
                ErrorCode::UploadIncomplete,
                format!("this upload has failed ({reason}); begin it again"),
            ))
        }
    }
}

/// An upload that nobody reports is taken as ended when its object is there.
///
/// # Errors
/// Only if database or store do not answer; an upload that fails is no error here.
pub async fn settle(app: &App, file_id: &str) -> Result<()> {
    let mut connection = app.db.read().await?;
    let Some(version) = uploads::find_direct(&mut connection, file_id).await? else {
        return Ok(());
    };
    drop(connection);
    settle_version(app, &version).await.map(drop)
}

/// Ends an upload if all that it is to be is there; whether it was.
pub(super) async fn settle_version(app: &App, version: &VersionRow) -> Result<bool> {
    let report = ReportUpload {
        status: ReportedStatus::Uploaded,
        version: None,
        sha256: None,
        md5: None,
        part_etags: None,
    };
    match finish(app, version, &report).await {
        Err(error)
            if matches!(
                error.code(),
                ErrorCode::UploadIncomplete | ErrorCode::DigestMismatch | ErrorCode::Conflict
            ) =>
        {
            Ok(false)
        }
        other => other.map(|()| true),
    }
}

/// Where two do this at once, the one that is behind may find the sent object gone, or the state
/// another: what the first one found then holds for it too.
async fn finish(app: &App, version: &VersionRow, report: &ReportUpload) -> Result<()> {
    let outcome = try_finish(app, version, report).await;
    let Err(error) = &outcome else { return outcome };
    if !matches!(
        error.code(),
        ErrorCode::UploadIncomplete | ErrorCode::Conflict
    ) {
        return outcome;
    }
    let mut connection = app.db.read().await?;
    let now = versions::find(&mut connection, &version.file_id, version.number).await?;
    match now {
        Some(now) if !now.is_unfinished() => check_finished(&now, report),
        _ => outcome,
    }
}

async fn try_finish(app: &App, version: &VersionRow, report: &ReportUpload) -> Result<()> {
    let sent = look(app, version, report).await?;
    let outcome = publish_one(app, version, &sent).await?;
    conclude(app, version, outcome).await
}

async fn conclude(app: &App, version: &VersionRow, outcome: Outcome) -> Result<()> {
    match outcome {
        Outcome::Validated => {
            metrics::counter!("hulk_uploads_total", "result" => "validated").increment(1);
            Ok(())
        }
        Outcome::Taken => {
            let error = file_exists("this path");
            give_up(app, version, &error.to_string()).await?;
            Err(error)
        }
        Outcome::Overtaken => Err(overtaken()),
        Outcome::Gone => Err(Error::not_found("file")),
    }
}

/// The store's half: what was sent is at `object_key` after this, whole and as it was declared.
async fn look(app: &App, version: &VersionRow, report: &ReportUpload) -> Result<Sent> {
    let (attested, part_digests) = match version.part_size {
        Some(_) => assemble(app, version, report).await?,
        None => {
            let attested = app.store.inspect(&version.upload_key).await?;
            (attested.ok_or_else(nothing_sent)?, None)
        }
    };
    if let Err(error) = check(version, report, &attested) {
        give_up(app, version, &error.to_string()).await?;
        return Err(error);
    }
    if !version.is_in_place() {
        let mut transaction = app.db.write_for(&version.user_id).await?;
        if !versions::mark_uploaded(&mut transaction, version).await? {
            return Err(Error::new(
                ErrorCode::Conflict,
                "the upload was ended by another request",
            ));
        }
        transaction.commit().await?;
        app.store
            .copy(&version.upload_key, &version.object_key, &attested)
            .await?;
    }
    let sha256 = attested.sha256.or(report.sha256);
    Ok(Sent {
        size_bytes: i64::try_from(attested.size_bytes).map_err(Error::internal)?,
        sha256: sha256
            .map(|sha256| sha256.to_string())
            .or_else(|| version.sha256.clone()),
        part_digests,
    })
}

fn nothing_sent() -> Error {
    Error::new(
        ErrorCode::UploadIncomplete,
        "the store has not got the file; send it first",
    )
}

/// What the store says, what was declared at first and what is declared now must agree.
fn check(version: &VersionRow, report: &ReportUpload, attested: &Attested) -> Result<()> {
    let differs = |one: &Option<String>, other: &Option<String>| {
        one.is_some() && other.is_some() && one != other
    };
    let text = |sha256: Option<hulk_proto::Sha256>| sha256.map(String::from);
    let (sha256, reported) = (text(attested.sha256), text(report.sha256));
    let md5 = attested.md5.map(String::from);
    let reported_md5 = report.md5.map(String::from);
    let has_length = version.is_open_ended()
        || u64::try_from(version.size_bytes).ok() == Some(attested.size_bytes);
    let agrees = has_length
        && !differs(&version.sha256, &reported)
        && !differs(&version.sha256, &sha256)
        && !differs(&reported, &sha256)
        && !differs(&version.md5, &reported_md5)
        && !differs(&version.md5, &md5)
        && !differs(&reported_md5, &md5);
    agrees.then_some(()).ok_or_else(mismatch)
}

fn mismatch() -> Error {
    Error::new(
        ErrorCode::DigestMismatch,
        "the store got other bytes than were declared; the upload was dropped, send it again",
    )
}

/// For the one of two that is behind.
pub(super) fn overtaken() -> Error {
    Error::new(
        ErrorCode::Conflict,
        "another upload to this path was finished meanwhile; put again to replace it",
    )
}
