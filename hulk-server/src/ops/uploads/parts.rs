//! Signs part URLs when they are needed.

use std::collections::HashSet;

use hulk_proto::{
    ErrorCode, Id, PartLayout, Timestamp,
    limits::{MAX_BATCH, MAX_PARTS},
    upload::{SignParts, SignedPart, SignedParts, WantedPart},
};

use super::{
    destination::Destination,
    refusals::{not_in_parts, quota_exceeded},
    reuse::{DigestedPart, Reused, reuse_previous},
    show::{find_unfinished, has_bytes},
};
use crate::{
    app::App,
    db::{
        quota, uploads,
        versions::{self, VersionRow},
    },
    error::{Error, Result},
    ops::{shares::intake, transaction::transaction, validate},
    store::PartToSign,
};

/// How often it is recorded that an upload is continued, and so not stale.
const TOUCH_AFTER_MILLIS: i64 = 60 * 60 * 1000;

/// # Errors
/// `NOT_FOUND` if nothing is being uploaded, `BAD_REQUEST` if it is not uploaded in parts, `VALIDATION_ERROR`
/// for a part that the file does not have, `QUOTA_EXCEEDED` or `PAYLOAD_TOO_LARGE` for one that an upload of
/// unknown length may not have.
pub async fn sign_parts(
    app: &App,
    destination: &Destination<'_>,
    id: &Id,
    request: &SignParts,
) -> Result<SignedParts> {
    let version = find_unfinished(app, destination, id, request.version).await?;
    let version = match version.is_open_ended() {
        true => reserve(app, destination, version, &request.parts).await?,
        false => touch(app, destination, version).await?,
    };
    let layout = version.layout().ok_or_else(not_in_parts)?;
    check(&request.parts, layout)?;
    let len = |part: &WantedPart| part.size_bytes.unwrap_or_else(|| layout.len(part.number));
    let digested = request.parts.iter().filter_map(|part| {
        Some(DigestedPart {
            number: part.number,
            len: len(part),
            digest: part.digest.as_deref()?,
        })
    });
    let digested: Vec<DigestedPart<'_>> = digested.collect();
    // Equal parts would reveal what is stored, which a key that may only upload must not learn.
    let reused = match digested.is_empty() || destination.upload_key_id().is_some() {
        true => Reused::default(),
        false => reuse_previous(app, &version, &digested).await?,
    };
    let to_send = request.parts.iter();
    let to_send = to_send.filter(|part| !reused.has(part.number));
    let parts = to_send.map(|part| {
        let crc32c = part.crc32c.as_deref();
        sign(app, &version, part.number, len(part), crc32c)
    });
    Ok(SignedParts {
        parts: parts.collect::<Result<_>>()?,
        reused: reused.parts,
        cannot_copy: reused.cannot_copy,
    })
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
            return invalid(format!("part {number} is larger than the part size"));
        }
        if !seen.insert(number) {
            return invalid(format!("part {number} is listed twice"));
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

/// Records now and then that the upload is continued. A visitor's upload keeps its reservation only if bytes
/// have arrived, not for the intention to send some.
async fn touch(
    app: &App,
    destination: &Destination<'_>,
    version: VersionRow,
) -> Result<VersionRow> {
    let untouched = Timestamp::now().unix_millis() - version.updated_at;
    let is_continued = untouched > TOUCH_AFTER_MILLIS
        && (destination.share().is_none() || has_bytes(app, &version).await?);
    if is_continued {
        transaction!(&app.db, destination.actor, async |tx| {
            Ok(uploads::touch(tx, &version).await?)
        })?;
    }
    Ok(version)
}

/// Reserves space for parts of an upload of unknown length.
async fn reserve(
    app: &App,
    destination: &Destination<'_>,
    mut version: VersionRow,
    parts: &[WantedPart],
) -> Result<VersionRow> {
    let part_size = u64::try_from(version.part_size.unwrap_or(0)).unwrap_or(0);
    if parts.iter().any(|part| part.number as usize > MAX_PARTS) {
        return Err(Error::new(
            ErrorCode::PayloadTooLarge,
            format!(
                "an upload has at most {MAX_PARTS} parts; begin it again with a larger part_size"
            ),
        ));
    }
    let end = |part: &WantedPart| {
        let before = u64::from(part.number.saturating_sub(1)) * part_size;
        before + part.size_bytes.unwrap_or(part_size).min(part_size)
    };
    let needed = parts.iter().map(end).max().unwrap_or(0);
    let limits = destination.limits(app);
    let most = destination.max_file_bytes(&limits);
    if needed > most {
        return Err(validate::too_large(app, &limits, needed, most));
    }
    let needed = i64::try_from(needed).map_err(Error::internal)?;
    while version.size_bytes < needed {
        version = extend(app, destination, version, needed).await?;
    }
    Ok(version)
}

/// Reserves `needed` bytes in all; returns the version as it is now, which another request may have extended
/// meanwhile.
async fn extend(
    app: &App,
    destination: &Destination<'_>,
    version: VersionRow,
    needed: i64,
) -> Result<VersionRow> {
    let more = needed - version.size_bytes;
    transaction!(&app.db, destination.actor, async |tx| {
        if !uploads::extend(tx, &version, needed).await? {
            let now = versions::find(tx, &version.file_id, version.number).await?;
            return now
                .filter(VersionRow::is_unfinished)
                .ok_or_else(|| Error::not_found("unfinished upload"));
        }
        if !quota::reserve(tx, &destination.user.id, more, destination.actor.is_root()).await? {
            return Err(quota_exceeded(tx, destination, more).await?);
        }
        if let Some(share) = destination.share() {
            intake::extend(tx, share, more).await?;
        }
        Ok(VersionRow {
            size_bytes: needed,
            ..version.clone()
        })
    })
}

/// Signs a URL for one part.
pub(super) fn sign(
    app: &App,
    version: &VersionRow,
    number: u32,
    size_bytes: u64,
    crc32c: Option<&str>,
) -> Result<SignedPart> {
    let presigned = app.store.presign_part(&PartToSign {
        key: &version.object_key,
        upload_id: version.upload_id.as_deref().ok_or_else(not_in_parts)?,
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
