//! Part URLs, signed when they are needed; a part that an earlier version has is copied instead.

use std::collections::HashSet;

use futures_util::{StreamExt, stream};
use hulk_proto::{
    CreateFile, ErrorCode, Id, PartDigest, PartLayout,
    limits::{MAX_BATCH, MAX_PARTS, PART_BYTES},
    upload::{ReceivedPart, SignParts, SignedPart, SignedParts, UploadState, WantedPart},
};

use super::{
    destination::Destination, find_upload, plan_upload::quota_exceeded, shares::intake,
    show_upload_file,
};
use crate::{
    app::App,
    db::{
        contents, uploads, users,
        versions::{self, VersionRow},
    },
    error::{Error, Result},
    store::{PartToSign, StoreError},
};

/// Requests to the store at a time, of one request to the server.
pub(super) const IN_FLIGHT: usize = 8;
/// An upload that goes on is not stale; that is written this often.
const TOUCH_AFTER_MILLIS: i64 = 60 * 60 * 1000;

/// # Errors
/// `NOT_FOUND` if nothing is being uploaded in parts, `VALIDATION_ERROR` for a part that the file
/// does not have, `QUOTA_EXCEEDED` or `PAYLOAD_TOO_LARGE` for one that an upload of unknown length
/// may not have.
pub async fn sign_parts(
    app: &App,
    destination: &Destination<'_>,
    id: &Id,
    request: &SignParts,
) -> Result<SignedParts> {
    let version = find_unfinished(app, destination, id, request.version).await?;
    let version = set_aside(app, destination, version, &request.parts).await?;
    let layout = version.layout().ok_or_else(no_parts)?;
    check(&request.parts, layout)?;
    let len = |part: &WantedPart| part.size_bytes.unwrap_or_else(|| layout.len(part.number));
    let wanted: Vec<(u32, u64, &str)> = request
        .parts
        .iter()
        .filter_map(|part| Some((part.number, len(part), part.digest.as_deref()?)))
        .collect();
    // Which parts are equal would tell a key that may only upload what is stored.
    let previous = match wanted.is_empty() || destination.key_id.is_some() {
        true => None,
        false => find_previous(app, &version).await?,
    };
    let reused = match &previous {
        Some(previous) => reuse(app, &version, previous, &wanted).await?,
        None => Reused::default(),
    };
    let mut parts = Vec::new();
    for part in &request.parts {
        if reused
            .parts
            .iter()
            .any(|reused| reused.number == part.number)
        {
            continue;
        }
        let crc32c = part.crc32c.as_deref();
        parts.push(sign(app, &version, part.number, len(part), crc32c)?);
    }
    Ok(SignedParts {
        parts,
        reused: reused.parts,
        cannot_copy: reused.cannot_copy,
    })
}

/// What the store has of the newest unfinished upload.
///
/// # Errors
/// `NOT_FOUND` if nothing is being uploaded.
pub async fn show_upload(app: &App, destination: &Destination<'_>, id: &Id) -> Result<UploadState> {
    let version = find_unfinished(app, destination, id, None).await?;
    let mut file = show_upload_file(app, destination, &version).await?;
    file.version = u64::try_from(version.number).unwrap_or(0);
    let received = match &version.upload_id {
        Some(upload_id) => app.store.list_parts(&version.object_key, upload_id).await?,
        None => None,
    };
    let received = received.unwrap_or_default();
    let layout = version.layout();
    let count = layout.map_or(0, PartLayout::part_count);
    let missing = (1..=count).filter(|number| !received.iter().any(|part| part.number == *number));
    Ok(UploadState {
        part_size: layout.map(PartLayout::part_size),
        part_count: layout
            .filter(|_| !version.is_open_ended())
            .map(PartLayout::part_count),
        missing: missing.collect(),
        received,
        file,
    })
}

/// Whether anything of an unfinished version has come into the store.
pub(crate) async fn has_bytes(app: &App, version: &VersionRow) -> Result<bool> {
    Ok(match &version.upload_id {
        Some(upload_id) => {
            let parts = app.store.list_parts(&version.object_key, upload_id).await?;
            parts.is_some_and(|parts| parts.iter().any(|part| part.size_bytes > 0))
        }
        None => app.store.inspect(&version.upload_key).await?.is_some(),
    })
}

async fn find_unfinished(
    app: &App,
    destination: &Destination<'_>,
    id: &Id,
    number: Option<u64>,
) -> Result<VersionRow> {
    let found = find_upload(app, destination, id, number).await?;
    match found.is_unfinished() {
        true => Ok(found),
        false => Err(Error::not_found("unfinished upload")),
    }
}

fn no_parts() -> Error {
    Error::new(
        ErrorCode::BadRequest,
        "this file is uploaded in one request, not in parts",
    )
}

fn check(parts: &[WantedPart], layout: PartLayout) -> Result<()> {
    let invalid = |message: String| Err(Error::validation("parts", message));
    if parts.is_empty() || parts.len() > MAX_BATCH {
        return invalid(format!("expected 1 to {MAX_BATCH} parts"));
    }
    let mut seen = HashSet::new();
    for part in parts {
        let number = part.number;
        if number == 0 || number > layout.part_count() {
            return invalid(format!("the file has parts 1 to {}", layout.part_count()));
        }
        if part
            .size_bytes
            .is_some_and(|size| size > layout.part_size())
        {
            return invalid(format!("part {number} is larger than a part of this file"));
        }
        if !seen.insert(number) {
            return invalid(format!("part {number} is named twice"));
        }
        let is_base64 =
            |text: &String| text.len() == 8 && text.bytes().all(|byte| byte.is_ascii_graphic());
        if part.crc32c.as_ref().is_some_and(|text| !is_base64(text)) {
            return invalid(format!(
                "the crc32c of part {number} is not base64 of 4 bytes"
            ));
        }
    }
    Ok(())
}

/// Space for parts of an upload whose length is not known. Others have theirs; that they go on is
/// noted now and then.
async fn set_aside(
    app: &App,
    destination: &Destination<'_>,
    mut version: VersionRow,
    parts: &[WantedPart],
) -> Result<VersionRow> {
    let user = destination.user;
    if !version.is_open_ended() {
        let untouched = hulk_proto::Timestamp::now().unix_millis() - version.updated_at;
        // Who has but a link keeps what is set aside for bytes, not for the wish to send some.
        let is_going_on = untouched > TOUCH_AFTER_MILLIS
            && (destination.share.is_none() || has_bytes(app, &version).await?);
        if is_going_on {
            let mut transaction = app.db.write_for(&user.id).await?;
            uploads::touch(&mut transaction, &version).await?;
            transaction.commit().await?;
        }
        return Ok(version);
    }
    let part_size = u64::try_from(version.part_size.unwrap_or(0)).unwrap_or(0);
    if parts.iter().any(|part| part.number as usize > MAX_PARTS) {
        return Err(Error::new(
            ErrorCode::PayloadTooLarge,
            format!("the upload has more than {MAX_PARTS} parts; begin it with a larger part_size"),
        ));
    }
    let end = |part: &WantedPart| {
        let before = u64::from(part.number.saturating_sub(1)) * part_size;
        before + part.size_bytes.unwrap_or(part_size).min(part_size)
    };
    let needed = parts.iter().map(end).max().unwrap_or(0);
    let most = destination.max_file_bytes(app.settings.max_file_bytes);
    if needed > most {
        return Err(super::validate::too_large(needed, most));
    }
    let needed = i64::try_from(needed).map_err(Error::internal)?;
    while version.size_bytes < needed {
        let mut transaction = app.db.write_for(&user.id).await?;
        let more = needed - version.size_bytes;
        if uploads::extend(&mut transaction, &version, needed).await? {
            if !users::reserve(&mut transaction, &user.id, more).await? {
                return Err(quota_exceeded(&mut transaction, destination, more).await?);
            }
            if let Some(share) = destination.share {
                intake::extend(&mut transaction, share, more).await?;
            }
            transaction.commit().await?;
            version.size_bytes = needed;
            break;
        }
        let now = versions::find(&mut transaction, &version.file_id, version.number).await?;
        version = now
            .filter(VersionRow::is_unfinished)
            .ok_or_else(|| Error::not_found("unfinished upload"))?;
    }
    Ok(version)
}

/// The version that the file has now, if its parts lie on the same layout.
async fn find_previous(app: &App, version: &VersionRow) -> Result<Option<VersionRow>> {
    let mut connection = app.db.read().await?;
    let all = versions::all_of(&mut connection, &version.file_id).await?;
    Ok(all.into_iter().rev().find(|other| {
        other.state == versions::VALIDATED
            && other.has_digests == 1
            && other.part_size == version.part_size
    }))
}

/// Parts that need not be sent.
#[derive(Default)]
struct Reused {
    parts: Vec<ReceivedPart>,
    cannot_copy: bool,
}

/// Copies the parts that the version before has with the same digest.
async fn reuse(
    app: &App,
    version: &VersionRow,
    previous: &VersionRow,
    wanted: &[(u32, u64, &str)],
) -> Result<Reused> {
    let before = previous.layout().ok_or_else(no_parts)?;
    let width = app.store.part_digest().hex_digits() as i64;
    let mut equal = Vec::new();
    let mut connection = app.db.read().await?;
    for (number, len, digest) in wanted {
        if *len == 0 || *len != before.len(*number) {
            continue;
        }
        let known = contents::part_digest(&mut connection, previous, *number, width).await?;
        if known.as_deref() == Some(*digest) {
            equal.push((*number, *len));
        }
    }
    drop(connection);
    let upload_id = version.upload_id.as_deref().ok_or_else(no_parts)?;
    let copies = equal.into_iter().map(async |(number, len)| {
        let start = before.offset(number);
        let (from, to) = (&previous.object_key, &version.object_key);
        let copied = app.store.copy_part(from, start, len, to, upload_id, number);
        (number, len, copied.await)
    });
    let copies: Vec<_> = stream::iter(copies).buffered(IN_FLIGHT).collect().await;
    let mut reused = Reused::default();
    for (number, size_bytes, copied) in copies {
        match copied {
            Ok(etag) => reused.parts.push(ReceivedPart {
                number,
                size_bytes,
                etag,
            }),
            Err(StoreError::Missing) => {}
            Err(StoreError::Unsupported(_)) => reused.cannot_copy = true,
            Err(error) => return Err(error.into()),
        }
    }
    Ok(reused)
}

/// Copies what the MD5s of a request for an upload tell to be the same, where the parts are those
/// that `part_md5s` are of and the store's digests are MD5s.
pub(super) async fn reuse_declared(
    app: &App,
    version: &VersionRow,
    previous: Option<&VersionRow>,
    request: &CreateFile,
) -> Result<Vec<ReceivedPart>> {
    let is_comparable = app.store.part_digest() == PartDigest::Md5
        && version.part_size == i64::try_from(PART_BYTES).ok()
        && request.part_md5s.len() > 1;
    let Some(previous) = previous.filter(|_| is_comparable) else {
        return Ok(Vec::new());
    };
    let digests: Vec<String> = request.part_md5s.iter().map(ToString::to_string).collect();
    let layout = version.layout().ok_or_else(no_parts)?;
    let wanted: Vec<(u32, u64, &str)> = (1..)
        .zip(&digests)
        .map(|(number, digest)| (number, layout.len(number), digest.as_str()))
        .collect();
    Ok(reuse(app, version, previous, &wanted).await?.parts)
}

/// A URL for one part.
pub(super) fn sign(
    app: &App,
    version: &VersionRow,
    number: u32,
    size_bytes: u64,
    crc32c: Option<&str>,
) -> Result<SignedPart> {
    let presigned = app.store.presign_part(&PartToSign {
        key: &version.object_key,
        upload_id: version.upload_id.as_deref().ok_or_else(no_parts)?,
        number,
        size_bytes,
        crc32c,
    })?;
    Ok(SignedPart {
        number,
        url: presigned.url,
        headers: presigned.headers,
    })
}
