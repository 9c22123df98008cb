//! Checks what the store received of an upload, and ends the upload.
//!
//! Each step can be repeated: a crash between two leaves a version that is still `reserved` or `uploaded`,
//! and the next report, request or sweep continues from there (`db::versions` has the table of states).

use hulk_proto::{ErrorCode, FileStatus, ReportUpload, Sha256, file::ReportedStatus};

use super::{
    assemble::assemble,
    destination::Destination,
    publish::{Outcome, Sent, publish_one},
    refusals::{file_exists, mismatch, nothing_sent, overtaken},
    release::abandon,
};
use crate::{
    app::App,
    audit::Actor,
    db::{
        uploads, users,
        versions::{self, VersionRow},
    },
    error::{Error, Result},
    limits::Limits,
    ops::transaction::transaction,
    store::Attested,
};

/// Ends uploads on behalf of an actor, within the limits of the user.
pub(super) struct Finisher<'a> {
    pub(super) app: &'a App,
    pub(super) actor: Actor<'a>,
    pub(super) limits: Limits,
}

impl<'a> Finisher<'a> {
    pub(super) fn new(app: &'a App, destination: &Destination<'a>) -> Self {
        Self {
            app,
            actor: destination.actor,
            limits: destination.limits(app),
        }
    }

    /// Ends one upload. If two requests do this at once, the later one may find the uploaded bytes deleted,
    /// or another state: the outcome of the first one then holds for it too.
    pub(super) async fn finish(&self, version: &VersionRow, report: &ReportUpload) -> Result<()> {
        let outcome = self.try_finish(version, report).await;
        let Err(error) = &outcome else { return outcome };
        if !matches!(
            error.code(),
            ErrorCode::UploadIncomplete | ErrorCode::Conflict
        ) {
            return outcome;
        }
        let mut connection = self.app.db.read().await?;
        let now = versions::find(&mut connection, &version.file_id, version.number).await?;
        match now {
            Some(now) if !now.is_unfinished() => check_finished(&now, report),
            _ => outcome,
        }
    }

    async fn try_finish(&self, version: &VersionRow, report: &ReportUpload) -> Result<()> {
        let sent = self.inspect(version, report).await?;
        let outcome = publish_one(self.app, self.actor, &self.limits, version, &sent).await?;
        self.conclude(version, outcome).await
    }

    /// Turns the outcome of publishing into the answer.
    pub(super) async fn conclude(&self, version: &VersionRow, outcome: Outcome) -> Result<()> {
        match outcome {
            Outcome::Validated => {
                metrics::counter!("hulk_uploads_total", "result" => "validated").increment(1);
                Ok(())
            }
            Outcome::Taken => {
                let error = file_exists("this path");
                abandon(self.app, self.actor, version, &error.to_string()).await?;
                Err(error)
            }
            Outcome::Overtaken => Err(overtaken()),
            Outcome::Gone => Err(Error::not_found("file")),
        }
    }

    /// Does the store's part: afterwards, the uploaded bytes are at `object_key`, complete and as declared.
    pub(super) async fn inspect(
        &self,
        version: &VersionRow,
        report: &ReportUpload,
    ) -> Result<Sent> {
        let store = &self.app.store;
        let (attested, part_digests) = match version.part_size {
            Some(_) => assemble(self.app, self.actor, version, report).await?,
            None => {
                let attested = store.inspect(&version.upload_key).await?;
                (attested.ok_or_else(nothing_sent)?, None)
            }
        };
        if let Err(error) = check(version, report, &attested) {
            abandon(self.app, self.actor, version, &error.to_string()).await?;
            return Err(error);
        }
        if !version.is_in_place() {
            self.mark_uploaded(version).await?;
            store
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

    async fn mark_uploaded(&self, version: &VersionRow) -> Result<()> {
        let marked = transaction!(&self.app.db, self.actor, async |tx| {
            Ok(versions::mark_uploaded(tx, version).await?)
        });
        match marked? {
            true => Ok(()),
            false => Err(Error::new(
                ErrorCode::Conflict,
                "another request has ended this upload",
            )),
        }
    }
}

/// Returns the outcome of an upload that has ended: repeating a report gets the same answer.
pub(super) fn check_finished(version: &VersionRow, report: &ReportUpload) -> Result<()> {
    match version.state {
        FileStatus::Validated => {
            let declared = report.sha256.map(|sha256| sha256.to_string());
            match declared.is_some() && declared != version.sha256 {
                // In parts, two clients may send to one upload; one of them completes it.
                true if version.part_size.is_some() => Err(overtaken()),
                true => Err(mismatch()),
                false => Ok(()),
            }
        }
        FileStatus::Expired => Err(Error::new(ErrorCode::FileExpired, "the file has expired")),
        _ => {
            let reason = version.reason.as_deref().unwrap_or("it was abandoned");
            Err(Error::new(
                ErrorCode::UploadIncomplete,
                format!("this upload has failed ({reason}); begin it again"),
            ))
        }
    }
}

/// Ends an upload that no client reports, if its object exists.
///
/// # Errors
/// Only if database or store do not answer; a failed upload is no error here.
pub(crate) async fn settle(app: &App, file_id: &str) -> Result<()> {
    let mut connection = app.db.read().await?;
    let Some(version) = uploads::find_direct(&mut connection, file_id).await? else {
        return Ok(());
    };
    drop(connection);
    settle_version(app, &version).await.map(drop)
}

/// Ends an upload if the store has everything that it needs. Returns whether it did.
pub(crate) async fn settle_version(app: &App, version: &VersionRow) -> Result<bool> {
    let mut connection = app.db.read().await?;
    let Some(user) = users::find(&mut connection, &version.user_id).await? else {
        return Ok(false);
    };
    drop(connection);
    let finisher = Finisher {
        app,
        actor: Actor::Server { user_id: &user.id },
        limits: Limits::of(&app.settings.limits, &user),
    };
    let report = ReportUpload {
        status: ReportedStatus::Uploaded,
        version: None,
        sha256: None,
        md5: None,
        part_etags: None,
    };
    match finisher.finish(version, &report).await {
        Err(error)
            if matches!(
                error.code(),
                ErrorCode::UploadIncomplete
                    | ErrorCode::DigestMismatch
                    | ErrorCode::Conflict
                    // It was deleted, or its file was moved out of reach of its key.
                    | ErrorCode::NotFound
            ) =>
        {
            Ok(false)
        }
        other => other.map(|()| true),
    }
}

/// Fails unless the store, the request for the upload and the report agree.
fn check(version: &VersionRow, report: &ReportUpload, attested: &Attested) -> Result<()> {
    let differs = |one: &Option<String>, other: &Option<String>| {
        one.is_some() && other.is_some() && one != other
    };
    let text = |sha256: Option<Sha256>| sha256.map(String::from);
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
