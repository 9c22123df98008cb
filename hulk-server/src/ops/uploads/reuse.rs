//! Copies parts of an earlier version of the file inside the store, so that they are not sent again.

use futures_util::{StreamExt, stream};
use hulk_proto::{PartDigest, limits::PART_BYTES, upload::ReceivedPart};

use super::{new_file::NewFile, refusals::not_in_parts};
use crate::{
    app::App,
    db::{
        contents,
        versions::{self, VersionRow},
    },
    error::Result,
    ops::batch::IN_FLIGHT,
    store::{SourceRange, StoreErrorKind},
};

/// A part that a client has, by its digest.
#[derive(Clone, Copy)]
pub(super) struct DigestedPart<'a> {
    pub(super) number: u32,
    pub(super) len: u64,
    pub(super) digest: &'a str,
}

/// Parts that the client need not send.
#[derive(Default)]
pub(super) struct Reused {
    pub(super) parts: Vec<ReceivedPart>,
    /// Whether the store cannot copy parts at all.
    pub(super) cannot_copy: bool,
}

impl Reused {
    pub(super) fn has(&self, number: u32) -> bool {
        self.parts.iter().any(|part| part.number == number)
    }
}

/// Copies the parts that have the same digest in the newest finished version of the same layout.
pub(super) async fn reuse_previous(
    app: &App,
    version: &VersionRow,
    wanted: &[DigestedPart<'_>],
) -> Result<Reused> {
    match find_previous(app, version).await? {
        Some(previous) => reuse(app, version, &previous, wanted).await,
        None => Ok(Reused::default()),
    }
}

async fn find_previous(app: &App, version: &VersionRow) -> Result<Option<VersionRow>> {
    let mut connection = app.db.read().await?;
    let all = versions::all_of(&mut connection, &version.file_id).await?;
    Ok(all.into_iter().rev().find(|other| {
        other.state == hulk_proto::FileStatus::Validated
            && other.has_digests
            && other.part_size == version.part_size
    }))
}

/// Copies the parts whose MD5s in the request for the upload are those of the previous version, if the parts
/// have the size that `part_md5s` is defined for and the store's digests are MD5s.
pub(super) async fn reuse_declared(
    app: &App,
    version: &VersionRow,
    previous: Option<&VersionRow>,
    new: &NewFile,
) -> Result<Vec<ReceivedPart>> {
    let is_comparable = app.store.capabilities().part_digest == PartDigest::Md5
        && version.part_size == i64::try_from(PART_BYTES).ok()
        && new.part_md5s.len() > 1;
    let Some(previous) = previous.filter(|_| is_comparable) else {
        return Ok(Vec::new());
    };
    let digests: Vec<String> = new.part_md5s.iter().map(ToString::to_string).collect();
    let layout = version.layout().ok_or_else(not_in_parts)?;
    let wanted: Vec<DigestedPart<'_>> = (1..)
        .zip(&digests)
        .map(|(number, digest)| DigestedPart {
            number,
            len: layout.len(number),
            digest,
        })
        .collect();
    Ok(reuse(app, version, previous, &wanted).await?.parts)
}

async fn reuse(
    app: &App,
    version: &VersionRow,
    previous: &VersionRow,
    wanted: &[DigestedPart<'_>],
) -> Result<Reused> {
    let upload_id = version.upload_id.as_deref().ok_or_else(not_in_parts)?;
    let layout = previous.layout().ok_or_else(not_in_parts)?;
    let equal = equal_parts(app, previous, wanted).await?;
    let copies = equal.into_iter().map(async |(number, len)| {
        let source = SourceRange {
            key: &previous.object_key,
            start: layout.offset(number),
            len,
        };
        let copied = app
            .store
            .copy_part(source, &version.object_key, upload_id, number);
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
            Err(error) if error.kind == StoreErrorKind::Missing => {}
            Err(error) if error.kind == StoreErrorKind::Unsupported => reused.cannot_copy = true,
            Err(error) => return Err(error.into()),
        }
    }
    Ok(reused)
}

/// Returns `(number, length)` of the parts that `previous` has with the same digest.
async fn equal_parts(
    app: &App,
    previous: &VersionRow,
    wanted: &[DigestedPart<'_>],
) -> Result<Vec<(u32, u64)>> {
    let layout = previous.layout().ok_or_else(not_in_parts)?;
    let width = app.store.capabilities().part_digest.hex_digits() as i64;
    let mut equal = Vec::new();
    let mut connection = app.db.read().await?;
    for part in wanted {
        if part.len == 0 || part.len != layout.len(part.number) {
            continue;
        }
        let known = contents::part_digest(&mut connection, previous, part.number, width).await?;
        if known.as_deref() == Some(part.digest) {
            equal.push((part.number, part.len));
        }
    }
    Ok(equal)
}
