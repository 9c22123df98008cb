//! A version to be: its keys, its layout, and what the request says of it.

use hulk_proto::{
    CreateFile, ExpirationPolicy, IfExists, PartLayout, Permission,
    limits::{MAX_PART_BYTES, OPEN_PART_BYTES, PART_BYTES},
};

use super::{begin_upload::Report, destination::Destination, object_key, present};
use crate::{
    app::App,
    db::{
        entries::EntryRow,
        versions::{NewVersion, VersionRow},
    },
    error::{Error, Result},
};

pub(super) fn new_version<'a>(
    app: &App,
    destination: &Destination<'a>,
    entry: &'a EntryRow,
    request: &'a CreateFile,
    report: Report,
    (number, policy): (i64, ExpirationPolicy),
    current: Option<&VersionRow>,
) -> Result<NewVersion<'a>> {
    let env = &app.settings.env_name;
    let version = (entry.user_id.as_str(), entry.id.as_str(), number);
    let part_size = part_size(request, report, current)?;
    let object_key = object_key::object(env, policy, version);
    let is_direct = report == Report::Nobody;
    let md5 = whole_md5(request);
    let is_guarded = !is_direct && (app.store.puts_once() || md5.is_some());
    let in_place = part_size.is_some() || is_guarded;
    let labels = Labels::of(request)?;
    Ok(NewVersion {
        file_id: &entry.id,
        user_id: &entry.user_id,
        number,
        size_bytes: i64::try_from(request.size_bytes.unwrap_or(0)).map_err(Error::internal)?,
        mime_type: mime_type(request, &entry.name),
        sha256: request.sha256.map(|sha256| sha256.to_string()),
        md5,
        head_md5: request.part_md5s.first().map(ToString::to_string),
        part_size,
        open_ended: request.size_bytes.is_none(),
        direct: is_direct,
        if_exists: if_exists(request.if_exists),
        upload_key: match in_place {
            true => object_key.clone(),
            false => object_key::upload(env, version),
        },
        object_key,
        expiration_policy: policy.as_str(),
        permissions: request.permissions.map(Permission::as_str),
        tags: labels.tags,
        description: request.description.as_deref(),
        metadata: labels.metadata,
        share_id: destination.share_id(),
        address: destination.address,
        key_id: destination.key_id,
    })
}

/// An older version once more, as the next one of its file.
pub(super) fn restored_version<'a>(
    app: &App,
    stored: &'a VersionRow,
    number: i64,
) -> Result<NewVersion<'a>> {
    let policy = present::policy(&stored.expiration_policy)?;
    let (user_id, file_id) = (&stored.user_id, &stored.file_id);
    let object_key = object_key::object(&app.settings.env_name, policy, (user_id, file_id, number));
    Ok(NewVersion {
        file_id,
        user_id,
        number,
        size_bytes: stored.size_bytes,
        mime_type: stored.mime_type.clone(),
        sha256: stored.sha256.clone(),
        md5: stored.md5.clone(),
        head_md5: stored.head_md5.clone(),
        part_size: stored.part_size,
        open_ended: false,
        direct: false,
        if_exists: if_exists(IfExists::Version),
        upload_key: object_key.clone(),
        object_key,
        expiration_policy: policy.as_str(),
        permissions: None,
        tags: None,
        description: None,
        metadata: None,
        share_id: None,
        address: None,
        key_id: None,
    })
}

/// `None` for an upload in one request. The layout of the version before is kept where it can be, so
/// that equal parts can be told.
fn part_size(
    request: &CreateFile,
    report: Report,
    current: Option<&VersionRow>,
) -> Result<Option<i64>> {
    if report == Report::Nobody {
        return Ok(None);
    }
    let asked = request.part_size;
    if asked.is_some_and(|asked| asked > MAX_PART_BYTES) {
        return Err(Error::validation(
            "part_size",
            hulk_proto::parts::InvalidPartSize.to_string(),
        ));
    }
    let invalid = |error: hulk_proto::parts::InvalidPartSize| {
        Error::validation("part_size", error.to_string())
    };
    let part_size = match request.size_bytes {
        None => {
            let part_size = asked.unwrap_or(OPEN_PART_BYTES);
            PartLayout::new(0, part_size).map_err(invalid)?.part_size()
        }
        Some(size) if size <= asked.unwrap_or(PART_BYTES) => return Ok(None),
        Some(size) => {
            let before = current.and_then(|current| current.layout());
            let kept = before.and_then(|before| PartLayout::new(size, before.part_size()).ok());
            match (asked, kept) {
                (Some(asked), _) => PartLayout::new(size, asked).map_err(invalid)?.part_size(),
                (None, Some(kept)) => kept.part_size(),
                (None, None) => PartLayout::choose(size).part_size(),
            }
        }
    };
    i64::try_from(part_size).map(Some).map_err(Error::internal)
}

/// As the database keeps them.
pub(super) struct Labels {
    pub(super) tags: Option<String>,
    pub(super) metadata: Option<String>,
}

impl Labels {
    pub(super) fn of(request: &CreateFile) -> Result<Self> {
        let json =
            |value: Option<serde_json::Result<String>>| value.transpose().map_err(Error::internal);
        Ok(Self {
            tags: json(request.tags.as_ref().map(serde_json::to_string))?,
            metadata: json(request.metadata.as_ref().map(serde_json::to_string))?,
        })
    }
}

fn if_exists(if_exists: IfExists) -> &'static str {
    match if_exists {
        IfExists::Version => "version",
        IfExists::Fail => "fail",
    }
}

/// Of a file of one part, the part's.
fn whole_md5(request: &CreateFile) -> Option<String> {
    let first = request
        .part_md5s
        .first()
        .filter(|_| request.size_bytes.is_some_and(|size| size <= PART_BYTES));
    first.map(ToString::to_string)
}

fn mime_type(request: &CreateFile, name: &str) -> String {
    request.mime_type.clone().unwrap_or_else(|| {
        mime_guess::from_path(name)
            .first_or_octet_stream()
            .essence_str()
            .to_owned()
    })
}
