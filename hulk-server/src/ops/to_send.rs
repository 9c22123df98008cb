//! How the bytes of a planned upload are sent: the URLs, and the parts that the store has.

use hulk_proto::{CreateFile, ErrorCode, Multipart, Upload, upload::ReceivedPart};

use super::{plan_upload::Planned, sign_parts};
use crate::{
    app::App,
    db::{
        uploads,
        versions::{self, VersionRow},
    },
    error::{Error, Result},
    store::Guard,
};

/// How many parts are signed with the plan.
const FIRST_PARTS: usize = 4;

/// # Errors
/// `CONFLICT` if the upload was ended meanwhile.
pub(super) async fn to_send(app: &App, request: &CreateFile, planned: &Planned) -> Result<Upload> {
    match planned.version.part_size {
        None => single(app, &planned.version),
        Some(_) => multipart(app, request, planned).await,
    }
}

fn single(app: &App, version: &VersionRow) -> Result<Upload> {
    let size_bytes = u64::try_from(version.size_bytes).map_err(Error::internal)?;
    let md5 = version.md5.as_ref().and_then(|md5| md5.parse().ok());
    let guard = match (version.is_in_place(), app.store.puts_once(), md5) {
        (true, true, _) => Guard::OnlyNew,
        (true, false, Some(md5)) => Guard::OnlyThese(md5),
        _ => Guard::None,
    };
    let presigned = app
        .store
        .presign_put(&version.upload_key, size_bytes, guard)?;
    Ok(Upload::Single {
        method: presigned.method.to_string(),
        url: presigned.url,
        headers: presigned.headers,
        store_digest: app.store.digest(),
    })
}

async fn multipart(app: &App, request: &CreateFile, planned: &Planned) -> Result<Upload> {
    let (version, received) = open_multipart(app, planned).await?;
    let layout = version
        .layout()
        .ok_or_else(|| Error::internal("an upload in parts has no layout"))?;
    let part_count = (!version.is_open_ended()).then(|| layout.part_count());
    let mut received = received;
    let reused = sign_parts::reuse_declared(app, &version, planned.previous.as_ref(), request)
        .await?
        .into_iter()
        .filter(|part| !received.iter().any(|had| had.number == part.number))
        .collect::<Vec<_>>();
    let numbers = reused.iter().map(|part| part.number).collect();
    received.extend(reused);
    received.sort_by_key(|part| part.number);
    let missing = (1..=part_count.unwrap_or(0))
        .filter(|number| !received.iter().any(|part| part.number == *number));
    let mut parts = Vec::new();
    for number in missing.take(FIRST_PARTS) {
        parts.push(sign_parts::sign(
            app,
            &version,
            number,
            layout.len(number),
            None,
        )?);
    }
    Ok(Upload::Multipart(Multipart {
        part_size: layout.part_size(),
        part_count,
        parts,
        reused: numbers,
        received,
        checksum: app.store.part_checksum(&app.settings.env_name).await?,
        part_digest: app.store.part_digest(),
        has_previous: planned.previous.is_some(),
        may_be_stored: planned.may_be_stored,
    }))
}

/// The version with its upload in the store, and what that has received.
async fn open_multipart(app: &App, planned: &Planned) -> Result<(VersionRow, Vec<ReceivedPart>)> {
    let version = &planned.version;
    if let Some(upload_id) = &version.upload_id
        && let Some(parts) = app.store.list_parts(&version.object_key, upload_id).await?
    {
        return Ok((version.clone(), parts));
    }
    // Never begun in the store, or ended there by a lifecycle rule.
    let upload_id = app.store.create_multipart(&version.object_key).await?;
    let mut transaction = app.db.write_for(&version.user_id).await?;
    let is_first = uploads::set_upload_id(&mut transaction, version, &upload_id).await?;
    let now = versions::find(&mut transaction, &version.file_id, version.number).await?;
    transaction.commit().await?;
    if !is_first {
        app.store
            .abort_multipart(&version.object_key, &upload_id)
            .await?;
    }
    let now = now.filter(VersionRow::is_unfinished).ok_or_else(|| {
        Error::new(
            ErrorCode::Conflict,
            "the upload was ended by another request; try again",
        )
    })?;
    Ok((now, Vec::new()))
}
