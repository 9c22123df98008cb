//! Uploads through a share: they belong to the owner, go below the shared directory, and differ from the
//! owner's own uploads by their `share_id`.

use hulk_proto::{
    CreateFile, CreatedFile, ErrorCode, File, Id, ReportUpload,
    batch::{Batch, BatchItem, ReportedFile},
    upload::{SignParts, SignedParts, UploadState},
};

use super::link::Opened;
use crate::{
    app::App,
    db::{
        uploads,
        versions::{self, VersionRow},
    },
    error::{Error, Result},
    ops::{
        batch::batch,
        present,
        uploads::{
            begin::{begin_upload, begin_uploads},
            cancel::cancel_upload,
            complete::complete_upload,
            destination::{Completion, Destination},
            finish,
            parts::sign_parts,
            show::show_upload,
        },
        validate,
    },
};

fn destination(opened: &Opened) -> Destination<'_> {
    Destination::of_share(&opened.owner, &opened.share, &opened.address)
}

/// # Errors
/// The errors of `begin_upload`, except `FILE_EXISTS`: if a name is in use, the file gets another one.
pub async fn begin(
    app: &App,
    opened: &Opened,
    request: CreateFile,
    completion: Completion,
) -> Result<CreatedFile> {
    let destination = destination(opened);
    let begun = begin_upload(app, &destination, request.clone(), completion).await;
    let mut created = match begun {
        Err(error) if error.code() == ErrorCode::TooManyRequests => {
            settle(app, opened).await?;
            begin_upload(app, &destination, request, completion).await?
        }
        begun => begun?,
    };
    created.file = seen(app, opened, created.file).await?;
    Ok(created)
}

/// Settles unreported uploads through the link: files that curl has sent count as unfinished until then.
async fn settle(app: &App, opened: &Opened) -> Result<()> {
    let top = opened.chain().last().unwrap_or(&opened.share);
    let mut connection = app.db.read().await?;
    let unfinished = uploads::through_share(&mut connection, &top.id).await?;
    drop(connection);
    for upload in unfinished {
        finish::settle(app, &upload.file_id).await?;
    }
    Ok(())
}

/// # Errors
/// The errors of `begin_uploads`.
pub async fn begin_all(
    app: &App,
    opened: &Opened,
    requests: Vec<CreateFile>,
) -> Result<Batch<CreatedFile>> {
    let mut batch = begin_uploads(app, &destination(opened), requests).await?;
    for item in &mut batch.items {
        if let BatchItem::Done(created) = item {
            created.file = seen(app, opened, created.file.clone()).await?;
        }
    }
    Ok(batch)
}

/// # Errors
/// The errors of `sign_parts`; `NOT_FOUND` for an upload that did not begin through this share.
pub async fn sign(app: &App, opened: &Opened, id: &Id, request: &SignParts) -> Result<SignedParts> {
    let version = check(app, opened, id, request.version).await?;
    let request = SignParts {
        version: u64::try_from(version.number).ok(),
        parts: request.parts.clone(),
    };
    sign_parts(app, &destination(opened), id, &request).await
}

/// # Errors
/// The errors of `show_upload`; `NOT_FOUND` for an upload that did not begin through this share.
pub async fn show(app: &App, opened: &Opened, id: &Id) -> Result<UploadState> {
    check(app, opened, id, None).await?;
    let mut state = show_upload(app, &destination(opened), id).await?;
    state.file = seen(app, opened, state.file).await?;
    Ok(state)
}

/// # Errors
/// The errors of `complete_upload`; `NOT_FOUND` for an upload that did not begin through this share.
pub async fn report(app: &App, opened: &Opened, id: &Id, mut report: ReportUpload) -> Result<File> {
    let version = check(app, opened, id, report.version).await?;
    report.version = u64::try_from(version.number).ok();
    let file = complete_upload(app, &destination(opened), id, &report).await?;
    seen(app, opened, file).await
}

/// # Errors
/// The errors of `complete_uploads`.
pub async fn report_all(
    app: &App,
    opened: &Opened,
    reports: Vec<ReportedFile>,
) -> Result<Batch<File>> {
    validate::batch(reports.len())?;
    let mut items = Vec::with_capacity(reports.len());
    for item in reports {
        let (id, reported) = item.into_parts();
        items.push(report(app, opened, &id, reported).await);
    }
    Ok(batch(items))
}

/// # Errors
/// The errors of `cancel_upload`; `NOT_FOUND` for an upload that did not begin through this share.
pub async fn cancel(app: &App, opened: &Opened, id: &Id) -> Result<()> {
    check(app, opened, id, None).await?;
    cancel_upload(app, &destination(opened), id).await
}

/// Finds the version that a request refers to, if it was uploaded through this share into its directory.
async fn check(app: &App, opened: &Opened, id: &Id, number: Option<u64>) -> Result<VersionRow> {
    let mut connection = app.db.read().await?;
    opened.check_within(&mut connection, id.as_str()).await?;
    let found = match number.map(i64::try_from) {
        Some(number) => versions::find(&mut connection, id.as_str(), number.unwrap_or(-1)).await?,
        None => versions::find_newest(&mut connection, id.as_str(), None).await?,
    };
    found
        .filter(|version| version.share_id.as_deref() == Some(opened.share.id.as_str()))
        .ok_or_else(|| Error::not_found("upload"))
}

/// Returns the file as its uploader may see it: relative to the shared directory, without the owner's paths.
async fn seen(app: &App, opened: &Opened, file: File) -> Result<File> {
    let mut connection = app.db.read().await?;
    present::received(&mut connection, &opened.entry, file).await
}
