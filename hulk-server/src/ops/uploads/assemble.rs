//! Assembles the parts of an upload.

use hulk_proto::{ErrorCode, PartLayout, ReportUpload, limits::MAX_PARTS};

use super::{refusals::overtaken, release::abandon};
use crate::{
    app::App,
    audit::Actor,
    db::versions::VersionRow,
    error::{Error, Result},
    store::{Attested, Completed},
};

/// Returns the object at `object_key`, and the digests of its parts.
///
/// The parts are named by their ETags, so that the store itself ensures that of two clients that send
/// different bytes to one upload, only one can complete it. After a crash, the same report recognizes the
/// finished object by its ETag.
pub(crate) async fn assemble(
    app: &App,
    actor: Actor<'_>,
    version: &VersionRow,
    report: &ReportUpload,
) -> Result<(Attested, Option<String>)> {
    let upload_id = version.upload_id.as_deref().ok_or_else(incomplete)?;
    let key = &version.object_key;
    let etags = match &report.part_etags {
        Some(etags) => Some(etags.clone()),
        None => received(app, version, upload_id).await?,
    };
    let layout = version.layout().ok_or_else(incomplete)?;
    if let Some(etags) = &etags {
        check(version, layout, etags)?;
        match app.store.complete_multipart(key, upload_id, etags).await? {
            Completed::Done => {
                let attested = app.store.inspect(key).await?.ok_or_else(incomplete)?;
                return Ok((attested, digests(app, etags)));
            }
            Completed::PartMissing => return Err(incomplete()),
            Completed::UploadMissing => {}
        }
    }
    let Some(attested) = app.store.inspect(key).await? else {
        abandon(app, actor, version, "the store no longer has it").await?;
        return Err(incomplete());
    };
    let Some(etags) = etags else {
        return Ok((attested, None));
    };
    match app.store.etag_of_parts(&etags) {
        Some(etag) if etag != attested.etag => Err(overtaken()),
        _ => Ok((attested, digests(app, &etags))),
    }
}

/// Returns the ETags of all parts that the store has; `None` if it has no such upload.
async fn received(app: &App, version: &VersionRow, upload_id: &str) -> Result<Option<Vec<String>>> {
    let parts = app.store.list_parts(&version.object_key, upload_id).await?;
    let Some(parts) = parts else { return Ok(None) };
    match (1..)
        .zip(&parts)
        .all(|(number, part)| number == part.number)
    {
        true => Ok(Some(parts.into_iter().map(|part| part.etag).collect())),
        false => Err(incomplete()),
    }
}

fn check(version: &VersionRow, layout: PartLayout, etags: &[String]) -> Result<()> {
    let is_whole = version.is_open_ended() || etags.len() as u64 == u64::from(layout.part_count());
    let are_etags = etags
        .iter()
        .all(|etag| (1..=64).contains(&etag.len()) && etag.bytes().all(|b| b.is_ascii_graphic()));
    match is_whole && !etags.is_empty() && etags.len() <= MAX_PARTS && are_etags {
        true => Ok(()),
        false => Err(incomplete()),
    }
}

/// Returns the digests as they are stored, if all ETags are digests of the kind that the store attests.
fn digests(app: &App, etags: &[String]) -> Option<String> {
    app.store.etag_of_parts(etags).map(|_| etags.concat())
}

fn incomplete() -> Error {
    Error::new(
        ErrorCode::UploadIncomplete,
        "the store has not received all parts, or has other parts than were reported; \
         GET /files/:id/upload lists those that it has",
    )
}
