//! Ends an upload: asks the store what it got, and makes it the file's current version or not.
//!
//! Each step can be repeated: a crash between two leaves a version that is still `reserved` or
//! `uploaded`, and the next report, request or sweep goes on from there (`db::versions` has the
//! table of states).

use hulk_proto::{ErrorCode, File, Id, ReportUpload, Timestamp};
use sqlx::AnyConnection;

use super::{
    begin_upload::file_exists,
    delete_file::{discard, forget_upload},
    find_file, present, show_file,
};
use crate::{
    app::App,
    db::{
        entries::{self, FileChange},
        garbage,
        users::UserRow,
        versions::{self, VersionRow},
    },
    error::{Error, Result},
    store::Attested,
};

/// # Errors
/// `UPLOAD_INCOMPLETE` if the store has nothing yet, `DIGEST_MISMATCH` if it has other bytes than
/// were declared (the upload has failed then), `FILE_EXISTS` if another upload was faster and this
/// one was not to replace it.
pub async fn complete_upload(
    app: &App,
    user: &UserRow,
    id: &Id,
    report: &ReportUpload,
) -> Result<File> {
    find_file(app, user, id).await?;
    let version = reported_version(app, id, report.version).await?;
    if version.is_unfinished() {
        finish(app, &version, report).await?;
    } else {
        check_finished(&version, report)?;
    }
    show_file(app, user, id).await
}

async fn reported_version(app: &App, id: &Id, number: Option<u64>) -> Result<VersionRow> {
    let mut connection = app.db.read().await?;
    let found = match number {
        Some(number) => {
            let number = i64::try_from(number).unwrap_or(-1);
            versions::find(&mut connection, id.as_str(), number).await?
        }
        None => versions::find_newest(&mut connection, id.as_str()).await?,
    };
    found.ok_or_else(|| Error::not_found("version"))
}

/// The same report again has the same answer.
fn check_finished(version: &VersionRow, report: &ReportUpload) -> Result<()> {
    match version.state.as_str() {
        versions::VALIDATED => {
            let declared = report.sha256.map(|sha256| sha256.to_string());
            match declared.is_some() && declared != version.sha256 {
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
    let Some(version) = versions::find_direct(&mut connection, file_id).await? else {
        return Ok(());
    };
    drop(connection);
    let report = ReportUpload {
        status: hulk_proto::file::ReportedStatus::Uploaded,
        version: None,
        sha256: None,
        md5: None,
    };
    match finish(app, &version, &report).await {
        Err(error)
            if matches!(
                error.code(),
                ErrorCode::UploadIncomplete | ErrorCode::DigestMismatch
            ) =>
        {
            Ok(())
        }
        other => other,
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
    let id = version.file_id.parse().map_err(Error::internal)?;
    let now = reported_version(app, &id, u64::try_from(version.number).ok()).await?;
    match now.is_unfinished() {
        true => outcome,
        false => check_finished(&now, report),
    }
}

async fn try_finish(app: &App, version: &VersionRow, report: &ReportUpload) -> Result<()> {
    let attested = app.store.inspect(&version.upload_key).await?;
    let attested = attested.ok_or_else(|| {
        Error::new(
            ErrorCode::UploadIncomplete,
            "the store has not got the file; send it first",
        )
    })?;
    let marked = mark_uploaded(app, version, report).await?;
    let version = marked.ok_or_else(|| {
        Error::new(
            ErrorCode::Conflict,
            "the upload was ended by another request",
        )
    })?;
    if let Err(error) = check(&version, &attested) {
        fail(app, &version, &error).await?;
        return Err(error);
    }
    app.store
        .copy(&version.upload_key, &version.object_key, &attested.etag)
        .await?;
    let sha256 = attested
        .sha256
        .map(|sha256| sha256.to_string())
        .or_else(|| version.sha256.clone());
    match validate(app, &version, sha256.as_deref()).await? {
        Outcome::Validated => {
            metrics::counter!("hulk_uploads_total", "result" => "validated").increment(1);
            Ok(())
        }
        Outcome::Taken => {
            let error = file_exists("this path");
            fail(app, &version, &error).await?;
            Err(error)
        }
        Outcome::Gone => Err(Error::not_found("file")),
    }
}

async fn mark_uploaded(
    app: &App,
    version: &VersionRow,
    report: &ReportUpload,
) -> Result<Option<VersionRow>> {
    let sha256 = report.sha256.map(|sha256| sha256.to_string());
    let md5 = report.md5.map(|md5| md5.to_string());
    if declares_another(&version.sha256, &sha256) || declares_another(&version.md5, &md5) {
        let error = mismatch();
        fail(app, version, &error).await?;
        return Err(error);
    }
    let mut transaction = app.db.write().await?;
    let marked = versions::mark_uploaded(&mut transaction, version, sha256, md5).await?;
    transaction.commit().await?;
    Ok(marked)
}

/// What was declared at first and what is declared now must agree.
fn declares_another(before: &Option<String>, now: &Option<String>) -> bool {
    before.is_some() && now.is_some() && before != now
}

/// What the store says against what the client declared.
fn check(version: &VersionRow, attested: &Attested) -> Result<()> {
    let differs = |declared: &Option<String>, found: Option<String>| {
        declared.is_some() && found.is_some() && *declared != found
    };
    if u64::try_from(version.size_bytes).ok() != Some(attested.size_bytes)
        || differs(
            &version.sha256,
            attested.sha256.map(|sha256| sha256.to_string()),
        )
        || differs(&version.md5, attested.md5.map(|md5| md5.to_string()))
    {
        return Err(mismatch());
    }
    Ok(())
}

fn mismatch() -> Error {
    Error::new(
        ErrorCode::DigestMismatch,
        "the store got other bytes than were declared; the upload was dropped, send it again",
    )
}

async fn fail(app: &App, version: &VersionRow, error: &Error) -> Result<()> {
    let mut transaction = app.db.write().await?;
    if versions::mark_failed(&mut transaction, version, &error.to_string()).await? {
        discard(&mut transaction, version).await?;
        metrics::counter!("hulk_uploads_total", "result" => "failed").increment(1);
    }
    transaction.commit().await?;
    app.garbage.notify_one();
    Ok(())
}

enum Outcome {
    Validated,
    /// There is a file by now that was not to be replaced.
    Taken,
    /// The file was deleted, or the upload given up, in the meantime.
    Gone,
}

async fn validate(app: &App, version: &VersionRow, sha256: Option<&str>) -> Result<Outcome> {
    let policy = present::policy(&version.expiration_policy)?;
    let now = Timestamp::now();
    let expires_at = policy.expires_at(now).map(Timestamp::unix_millis);
    let mut transaction = app.db.write().await?;
    let others = versions::all_of(&mut transaction, &version.file_id).await?;
    let current = others
        .into_iter()
        .find(|other| other.state == versions::VALIDATED);
    let is_over = |current: &VersionRow| {
        current
            .expires_at
            .is_some_and(|expires_at| expires_at <= now.unix_millis())
    };
    if version.if_exists == "fail"
        && current
            .as_ref()
            .is_some_and(|current| current.number != version.number && !is_over(current))
    {
        return Ok(Outcome::Taken);
    }
    let is_first = versions::mark_validated(&mut transaction, version, sha256, expires_at).await?;
    if is_first {
        supersede(&mut transaction, version, current).await?;
        forget_upload(&mut transaction, version).await?;
    }
    let outcome = match is_first || is_validated(&mut transaction, version).await? {
        true => Outcome::Validated,
        false => {
            // Deleted or given up while the store copied: the copy is nobody's.
            garbage::add(&mut transaction, &version.object_key, now).await?;
            Outcome::Gone
        }
    };
    transaction.commit().await?;
    app.garbage.notify_one();
    Ok(outcome)
}

async fn is_validated(connection: &mut AnyConnection, version: &VersionRow) -> Result<bool> {
    let found = versions::find(connection, &version.file_id, version.number).await?;
    Ok(found.is_some_and(|found| found.state == versions::VALIDATED))
}

/// The version becomes the file's, with what its upload was to change; the one before it goes.
/// An older upload that ends after a newer one is dropped instead.
async fn supersede(
    connection: &mut AnyConnection,
    version: &VersionRow,
    current: Option<VersionRow>,
) -> Result<()> {
    let (kept, dropped) = match current {
        Some(newer) if newer.number > version.number => (newer.number, Some(version.clone())),
        older => (version.number, older),
    };
    if kept == version.number {
        let change = FileChange {
            place: None,
            permissions: version.permissions.as_deref(),
            tags: version.tags.as_deref(),
            description: version.description.as_deref(),
            metadata: version.metadata.as_deref(),
        };
        entries::change_file(connection, &version.file_id, change).await?;
        entries::set_version(connection, &version.file_id, kept).await?;
    }
    if let Some(dropped) = dropped {
        let state = versions::VALIDATED.to_owned();
        let dropped = VersionRow { state, ..dropped };
        if versions::delete(connection, &dropped).await? {
            discard(connection, &dropped).await?;
        }
    }
    Ok(())
}
