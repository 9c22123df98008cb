//! Tells a client how to send a planned upload: the URLs, and the parts that the store already has.

use hulk_proto::{Multipart, Upload, upload::ReceivedPart};

use super::{new_file::NewFile, parts::sign, plan::Planned, reuse::reuse_declared};
use crate::{
    app::App,
    audit::Actor,
    db::{
        uploads,
        versions::{self, VersionRow},
    },
    error::{Error, Result},
    ops::transaction::transaction,
    store::Guard,
};

/// How many parts are signed with the plan.
const FIRST_PARTS: usize = 4;

/// Returns `None` if the upload has ended meanwhile.
pub(super) async fn transfer(
    app: &App,
    actor: Actor<'_>,
    new: &NewFile,
    planned: &Planned,
) -> Result<Option<Upload>> {
    match planned.version.part_size {
        None => single(app, &planned.version).map(Some),
        Some(_) => multipart(app, actor, new, planned).await,
    }
}

fn single(app: &App, version: &VersionRow) -> Result<Upload> {
    let capabilities = app.store.capabilities();
    let size_bytes = u64::try_from(version.size_bytes).map_err(Error::internal)?;
    let md5 = version.md5.as_ref().and_then(|md5| md5.parse().ok());
    let guard = match (version.is_in_place(), capabilities.puts_once, md5) {
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
        store_digest: capabilities.digest,
    })
}

async fn multipart(
    app: &App,
    actor: Actor<'_>,
    new: &NewFile,
    planned: &Planned,
) -> Result<Option<Upload>> {
    let Some((version, mut received)) = open_multipart(app, actor, planned).await? else {
        return Ok(None);
    };
    let layout = version
        .layout()
        .ok_or_else(|| Error::internal("an upload in parts has no part size"))?;
    let part_count = (!version.is_open_ended()).then(|| layout.part_count());
    let mut reused = reuse_declared(app, &version, planned.previous.as_ref(), new).await?;
    reused.retain(|part| !received.iter().any(|had| had.number == part.number));
    let numbers = reused.iter().map(|part| part.number).collect();
    received.extend(reused);
    received.sort_by_key(|part| part.number);
    let missing = (1..=part_count.unwrap_or(0))
        .filter(|number| !received.iter().any(|part| part.number == *number));
    let parts = missing
        .take(FIRST_PARTS)
        .map(|number| sign(app, &version, number, layout.len(number), None))
        .collect::<Result<_>>()?;
    Ok(Some(Upload::Multipart(Multipart {
        part_size: layout.part_size(),
        part_count,
        parts,
        reused: numbers,
        received,
        checksum: app.store.part_checksum(&app.settings.env_name).await?,
        part_digest: app.store.capabilities().part_digest,
        has_previous: planned.previous.is_some(),
        may_be_stored: planned.may_be_stored,
    })))
}

/// Returns the version with its upload in the store, and the parts that the store has received; `None` if the
/// upload has ended meanwhile.
async fn open_multipart(
    app: &App,
    actor: Actor<'_>,
    planned: &Planned,
) -> Result<Option<(VersionRow, Vec<ReceivedPart>)>> {
    let version = &planned.version;
    if let Some(upload_id) = &version.upload_id
        && let Some(parts) = app.store.list_parts(&version.object_key, upload_id).await?
    {
        return Ok(Some((version.clone(), parts)));
    }
    // Never begun in the store, or ended there by a lifecycle rule.
    let upload_id = app.store.create_multipart(&version.object_key).await?;
    let set = transaction!(&app.db, actor, async |tx| {
        let is_first = uploads::set_upload_id(tx, version, &upload_id).await?;
        let now = versions::find(tx, &version.file_id, version.number).await?;
        Ok((is_first, now))
    });
    let (is_first, now) = set?;
    if !is_first {
        app.store
            .abort_multipart(&version.object_key, &upload_id)
            .await?;
    }
    let now = now.filter(VersionRow::is_unfinished);
    Ok(now.map(|now| (now, Vec::new())))
}
