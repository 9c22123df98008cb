//! Drafts a version before it has a row: its keys, its parts, and what the request says about it.

use hulk_proto::{
    ExpirationPolicy, IfExists, PartLayout,
    limits::{MAX_PART_BYTES, OPEN_PART_BYTES, PART_BYTES},
    parts::InvalidPartSize,
};

use super::{
    destination::{Completion, Destination},
    new_file::NewFile,
};
use crate::{
    app::App,
    db::{
        entries::EntryRow,
        versions::{NewVersion, VersionRow},
    },
    error::{Error, Result},
    store::object_key::{ObjectKey, VersionOf},
};

/// The place of a new version among the versions of its file.
#[derive(Clone, Copy)]
pub(super) struct Slot<'a> {
    pub(super) number: i64,
    pub(super) policy: ExpirationPolicy,
    /// The previous version, if the client may know its parts.
    pub(super) before: Option<&'a VersionRow>,
}

/// Returns the version that an upload of `new` to `entry` creates.
///
/// # Errors
/// `VALIDATION_ERROR` for a part size that does not suit the file.
pub(super) fn draft<'a>(
    app: &App,
    destination: &Destination<'a>,
    entry: &'a EntryRow,
    new: &'a NewFile,
    slot: Slot<'_>,
) -> Result<NewVersion<'a>> {
    let env = &app.settings.env_name;
    let of = VersionOf {
        user_id: &entry.user_id,
        file_id: &entry.id,
        number: slot.number,
    };
    let part_size = part_size(new, slot.before)?;
    let md5 = new.md5();
    let is_direct = new.completion == Completion::Observed;
    let is_guarded = !is_direct && (app.store.capabilities().puts_once || md5.is_some());
    let is_in_place = part_size.is_some() || is_guarded;
    let object_key = ObjectKey::object(env, slot.policy, of).map_err(Error::internal)?;
    let object_key = object_key.to_string();
    Ok(NewVersion {
        file_id: &entry.id,
        user_id: &entry.user_id,
        number: slot.number,
        size_bytes: new.size_bytes.unwrap_or(0),
        mime_type: mime_type(new, &entry.name),
        sha256: new.sha256.clone(),
        md5,
        head_md5: new.head_md5(),
        part_size,
        open_ended: new.size_bytes.is_none(),
        direct: is_direct,
        if_exists: new.if_exists,
        upload_key: match is_in_place {
            true => object_key.clone(),
            false => ObjectKey::upload(env, of)
                .map_err(Error::internal)?
                .to_string(),
        },
        object_key,
        expiration_policy: slot.policy,
        permissions: new.permissions,
        tags: new.tags.as_deref(),
        description: new.description.as_deref(),
        metadata: new.metadata.as_deref(),
        share_id: destination.share_id(),
        address: destination.actor.address(),
        key_id: destination.upload_key_id(),
        root_id: destination.actor.bound_to(),
    })
}

/// Returns an older version as the next version of its file.
///
/// # Errors
/// Only if an id in the database is malformed.
pub(crate) fn draft_again<'a>(
    app: &App,
    stored: &'a VersionRow,
    number: i64,
) -> Result<NewVersion<'a>> {
    let policy = stored.expiration_policy;
    let of = VersionOf {
        user_id: &stored.user_id,
        file_id: &stored.file_id,
        number,
    };
    let object_key = ObjectKey::object(&app.settings.env_name, policy, of);
    let object_key = object_key.map_err(Error::internal)?.to_string();
    Ok(NewVersion {
        file_id: &stored.file_id,
        user_id: &stored.user_id,
        number,
        size_bytes: stored.size_bytes,
        mime_type: stored.mime_type.clone(),
        sha256: stored.sha256.clone(),
        md5: stored.md5.clone(),
        head_md5: stored.head_md5.clone(),
        part_size: stored.part_size,
        open_ended: false,
        direct: false,
        if_exists: IfExists::Version,
        upload_key: object_key.clone(),
        object_key,
        expiration_policy: policy,
        permissions: None,
        tags: None,
        description: None,
        metadata: None,
        share_id: None,
        address: None,
        key_id: None,
        root_id: None,
    })
}

/// Returns the size of the parts; `None` for an upload in one request. Keeps the part size of the previous
/// version where possible, so that equal parts are found.
fn part_size(new: &NewFile, before: Option<&VersionRow>) -> Result<Option<i64>> {
    if new.completion == Completion::Observed {
        return Ok(None);
    }
    let invalid = |error: InvalidPartSize| Error::validation("part_size", error.to_string());
    let asked = new.part_size;
    if asked.is_some_and(|asked| asked > MAX_PART_BYTES) {
        return Err(invalid(InvalidPartSize));
    }
    let size_bytes = new.size_bytes.map(u64::try_from).transpose();
    let layout = match size_bytes.map_err(Error::internal)? {
        None => PartLayout::new(0, asked.unwrap_or(OPEN_PART_BYTES)).map_err(invalid)?,
        Some(size) if size <= asked.unwrap_or(PART_BYTES) => return Ok(None),
        Some(size) => {
            let before = before.and_then(VersionRow::layout);
            let same = before.and_then(|before| PartLayout::new(size, before.part_size()).ok());
            match (asked, same) {
                (Some(asked), _) => PartLayout::new(size, asked).map_err(invalid)?,
                (None, Some(same)) => same,
                (None, None) => PartLayout::choose(size),
            }
        }
    };
    let part_size = i64::try_from(layout.part_size());
    part_size.map(Some).map_err(Error::internal)
}

fn mime_type(new: &NewFile, name: &str) -> String {
    new.mime_type.clone().unwrap_or_else(|| {
        mime_guess::from_path(name)
            .first_or_octet_stream()
            .essence_str()
            .to_owned()
    })
}
