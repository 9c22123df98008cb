//! Completes uploads that their clients report as sent.

use futures_util::{StreamExt, stream};
use hulk_proto::{
    File, Id, ReportUpload,
    batch::{Batch, ReportedFile},
};

use super::{
    destination::Destination,
    finish::{Finisher, check_finished},
    publish::{Outcome, Sent, publish_all},
    show::{find_upload, find_upload_row, show_finished, show_upload_file},
};
use crate::{
    app::App,
    db::{files::FileRow, versions::VersionRow},
    error::Result,
    ops::{
        batch::{IN_FLIGHT, batch},
        present, validate,
    },
};

/// # Errors
/// `UPLOAD_INCOMPLETE` if the store has not received everything, `DIGEST_MISMATCH` if it has other bytes than
/// were declared (the upload has failed then), `FILE_EXISTS` if another upload was finished first and this
/// one must not replace it, `CONFLICT` if another one replaced it.
pub async fn complete_upload(
    app: &App,
    destination: &Destination<'_>,
    id: &Id,
    report: &ReportUpload,
) -> Result<File> {
    let mut version = find_upload(app, destination, id, report.version).await?;
    match version.is_unfinished() {
        true => {
            let finisher = Finisher::new(app, destination);
            finisher.finish(&version, report).await?;
        }
        false => check_finished(&version, report)?,
    }
    let reported = report.sha256.map(|sha256| sha256.to_string());
    version.sha256 = version.sha256.or(reported);
    show_finished(app, destination, &version).await
}

/// Like `complete_upload` for each report; complete uploads are published in one transaction.
///
/// # Errors
/// Only if database or store do not answer; refused items are in the answer.
pub async fn complete_uploads(
    app: &App,
    destination: &Destination<'_>,
    reports: Vec<ReportedFile>,
) -> Result<Batch<File>> {
    validate::batch(reports.len())?;
    let finisher = &Finisher::new(app, destination);
    let inspected = reports
        .into_iter()
        .map(|item| inspect(finisher, destination, item));
    let inspected: Vec<Result<Inspected>> =
        stream::iter(inspected).buffered(IN_FLIGHT).collect().await;
    let sent = inspected.iter().map(|found| match found {
        Ok((version, Some(sent))) => Some((version, sent)),
        _ => None,
    });
    let sent: Vec<_> = sent.collect();
    let outcomes = publish_all(app, finisher.actor, &finisher.limits, &sent).await?;
    let ended = inspected.into_iter().zip(outcomes);
    let ended = ended.map(|(inspected, outcome)| end(finisher, inspected, outcome));
    let ended: Vec<Result<VersionRow>> = stream::iter(ended).buffered(IN_FLIGHT).collect().await;
    show_all(app, destination, ended).await.map(batch)
}

/// A reported version, and what was sent of it; `None` if it had already ended.
type Inspected = (VersionRow, Option<Sent>);

async fn inspect(
    finisher: &Finisher<'_>,
    destination: &Destination<'_>,
    item: ReportedFile,
) -> Result<Inspected> {
    let (id, report) = item.into_parts();
    let version = find_upload(finisher.app, destination, &id, report.version).await?;
    if !version.is_unfinished() {
        check_finished(&version, &report)?;
        return Ok((version, None));
    }
    let sent = finisher.inspect(&version, &report).await?;
    Ok((version, Some(sent)))
}

async fn end(
    finisher: &Finisher<'_>,
    inspected: Result<Inspected>,
    outcome: Option<Outcome>,
) -> Result<VersionRow> {
    let (version, _) = inspected?;
    if let Some(outcome) = outcome {
        finisher.conclude(&version, outcome).await?;
    }
    Ok(version)
}

/// Returns the files of uploads that have ended, as their client may see them.
async fn show_all(
    app: &App,
    destination: &Destination<'_>,
    ended: Vec<Result<VersionRow>>,
) -> Result<Vec<Result<File>>> {
    if destination.upload_key_id().is_some() {
        let mut files = Vec::with_capacity(ended.len());
        for version in ended {
            files.push(match version {
                Ok(version) => show_upload_file(app, destination, &version).await,
                Err(error) => Err(error),
            });
        }
        return Ok(files);
    }
    let rows = ended
        .into_iter()
        .map(|version| async move { find_upload_row(app, destination, &version?).await });
    let rows: Vec<Result<FileRow>> = stream::iter(rows).buffered(IN_FLIGHT).collect().await;
    let mut connection = app.db.read().await?;
    present::outcomes(app, &mut connection, rows).await
}
