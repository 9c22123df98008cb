//! The database's half of beginning an upload: its directories, its file, its version, its quota.

use hulk_proto::{
    Category, CreateFile, ErrorCode, ExpirationPolicy, IfExists, Permission, RemotePath, Timestamp,
    limits::MAX_LABELS_BYTES,
};
use sqlx::AnyConnection;

use super::{
    begin_upload::Report,
    destination::Destination,
    discard::discard,
    known::Known,
    new_version::{Labels, new_version},
    present,
    shares::{intake, name},
    upload_only, validate,
};
use crate::{
    app::App,
    db::{
        contents,
        entries::{self, DIRECTORY, EntryRow, FILE, FileChange},
        files::{self, FileRow},
        trash, uploads, users,
        versions::{self, NewVersion, VersionRow},
    },
    error::{Error, Result},
};

/// Unfinished uploads to one path: each has a row, and may have no bytes.
const MAX_UNFINISHED: usize = 16;
/// Each has labels of its own, which no quota counts.
const MAX_UNFINISHED_LABELS_BYTES: usize = 3 * MAX_LABELS_BYTES;

/// An upload with its space set aside.
pub(super) struct Planned {
    /// As it is shown; it may still have the version before.
    pub(super) file: FileRow,
    pub(super) version: VersionRow,
    /// Whether these very bytes are the file already.
    pub(super) is_unchanged: bool,
    /// A finished version of the user's with these bytes.
    pub(super) stored: Option<VersionRow>,
    /// The version before, if its parts are on the same layout and known.
    pub(super) previous: Option<VersionRow>,
    pub(super) may_be_stored: bool,
}

/// # Errors
/// `FILE_EXISTS`, `DIRECTORY_EXISTS`, `QUOTA_EXCEEDED`; `FORBIDDEN` for what a key that may only upload
/// would change. The caller's transaction is then to be rolled back.
pub(super) async fn plan(
    app: &App,
    connection: &mut AnyConnection,
    destination: &Destination<'_>,
    request: &CreateFile,
    report: Report,
    known: &mut Known,
) -> Result<Planned> {
    let (entry, is_new) = file_entry(connection, destination, request, known).await?;
    let all = match is_new {
        true => Vec::new(),
        false => versions::all_of(connection, &entry.id).await?,
    };
    let current = current_of(&all, &entry);
    let is_there = current.is_some_and(|version| !version.is_over(Timestamp::now()));
    if request.if_exists == IfExists::Fail && is_there {
        return Err(file_exists(&request.path));
    }
    upload_only::check(destination, request, &entry, &all, current)?;
    upload_only::check_unseen(connection, destination, request, &entry, &all).await?;
    let takes_over = destination.may_read() && upload_only::are_all(&all);
    let said = current.filter(|_| !takes_over);
    let policy = policy(connection, &entry, request, said, known).await?;
    let unchanged = current.filter(|current| {
        is_there && destination.may_reuse(current) && is_same_file(current, request, policy)
    });
    // The layout and the parts of what was there before are not for a key that may only upload.
    let before = current.filter(|_| destination.key_id.is_none());
    let (version, is_resumed) = match unchanged {
        Some(current) => {
            if policy.days().is_none() || !app.store.expires_objects() {
                renew(connection, current, policy).await?;
            }
            relabel(connection, current, request).await?;
            (current.clone(), false)
        }
        None => {
            let number = all.last().map_or(0, |version| version.number) + 1;
            let mut wanted = new_version(
                app,
                destination,
                &entry,
                request,
                report,
                (number, policy),
                before,
            )?;
            if takes_over {
                let inherited = Permission::Inherit.as_str();
                wanted.permissions.get_or_insert(inherited);
            }
            reserve(app, connection, destination, &all, wanted).await?
        }
    };
    if current.is_none() && !is_resumed {
        let category = Category::of(&entry.name, &version.mime_type).as_str();
        entries::set_version(connection, &entry.id, version.number, category).await?;
    }
    let file = files::find(connection, &entry.id).await?;
    // A digest alone must not bring bytes to somebody who never had them.
    let may_reuse = report == Report::Client && destination.may_read();
    let (stored, may_be_stored) = match may_reuse && unchanged.is_none() {
        true => reusable(connection, &version).await?,
        false => (None, false),
    };
    let is_alike =
        |current: &&VersionRow| current.has_digests == 1 && current.part_size == version.part_size;
    Ok(Planned {
        file: file.ok_or_else(|| Error::internal("a planned file is missing"))?,
        is_unchanged: unchanged.is_some(),
        previous: before.filter(is_alike).cloned(),
        version,
        stored,
        may_be_stored,
    })
}

/// The file at the request's path, made with the directories above it if need be, and whether it
/// was made.
async fn file_entry(
    connection: &mut AnyConnection,
    destination: &Destination<'_>,
    request: &CreateFile,
    known: &mut Known,
) -> Result<(EntryRow, bool)> {
    let (directory, name) = validate::file_path(&request.path)?;
    if destination.share.is_some() {
        name::check_length(connection, destination.root_id, &request.path).await?;
    }
    let parent = known.directory(connection, destination, &directory).await?;
    let name = match destination.share {
        Some(_) => name::received_name(connection, destination, &parent, &name, request).await?,
        None => name,
    };
    let user_id = &destination.user.id;
    let (entry, is_new) = entries::ensure(connection, user_id, &parent.id, &name, FILE).await?;
    if is_new {
        count_object(connection, user_id, known.max_objects).await?;
    }
    match entry.is_directory() {
        false => Ok((entry, is_new)),
        true => Err(Error::new(
            ErrorCode::DirectoryExists,
            format!(
                "there is a directory at '{}'; put the file into it or name it otherwise",
                request.path
            ),
        )),
    }
}

/// What the user has stored of these bytes: a finished version, or one that begins alike.
async fn reusable(
    connection: &mut AnyConnection,
    version: &VersionRow,
) -> Result<(Option<VersionRow>, bool)> {
    let (user_id, size_bytes) = (&version.user_id, version.size_bytes);
    Ok(match (&version.sha256, &version.head_md5) {
        (Some(sha256), _) => {
            let stored = contents::find_stored(connection, user_id, size_bytes, sha256);
            (stored.await?, false)
        }
        (None, Some(head_md5)) if version.part_size.is_some() && !version.is_open_ended() => {
            let may_be = contents::may_be_stored(connection, user_id, size_bytes, head_md5);
            (None, may_be.await?)
        }
        _ => (None, false),
    })
}

/// The directory at `path`, made with those above it if need be.
pub(super) async fn ensure_directories(
    connection: &mut AnyConnection,
    destination: &Destination<'_>,
    path: &RemotePath,
    max_objects: i64,
) -> Result<EntryRow> {
    let root = entries::find(connection, destination.root_id).await?;
    let mut directory = root.ok_or_else(|| Error::not_found("directory"))?;
    let user_id = &destination.user.id;
    for name in path.names() {
        let above = directory;
        let is_new;
        (directory, is_new) =
            entries::ensure(connection, user_id, &above.id, name, DIRECTORY).await?;
        if is_new {
            count_object(connection, user_id, max_objects).await?;
        }
        if !directory.is_directory() {
            return Err(Error::new(
                ErrorCode::FileExists,
                format!("'{name}' in '{path}' is a file, not a directory"),
            ));
        }
    }
    Ok(directory)
}

/// One file or directory more.
///
/// # Errors
/// `QUOTA_EXCEEDED` if the user has as many as they may.
pub(super) async fn count_object(
    connection: &mut AnyConnection,
    user_id: &str,
    max_objects: i64,
) -> Result<()> {
    match users::add_object(connection, user_id, max_objects).await? {
        true => Ok(()),
        false => Err(Error::new(
            ErrorCode::QuotaExceeded,
            format!(
                "{max_objects} files and directories are as many as you may have; delete some \
                 for good first (hulk trash empty, or DELETE /api/v1/trash)"
            ),
        )),
    }
}

/// The version that stands for the file, if it is finished.
pub(super) fn current_of<'a>(all: &'a [VersionRow], entry: &EntryRow) -> Option<&'a VersionRow> {
    all.iter()
        .find(|version| version.number == entry.version && version.state == versions::VALIDATED)
}

/// Whether the file is what the request wants it to be.
fn is_same_file(current: &VersionRow, request: &CreateFile, policy: ExpirationPolicy) -> bool {
    let sha256 = request.sha256.map(|sha256| sha256.to_string());
    sha256.is_some()
        && sha256 == current.sha256
        && request.size_bytes == u64::try_from(current.size_bytes).ok()
        && current.expiration_policy == policy.as_str()
}

/// Put again without a change, a file keeps its version, and its time starts anew. Where the store
/// goes by the age of the object, that takes a new object, and `begin_upload` does it.
async fn renew(
    connection: &mut AnyConnection,
    current: &VersionRow,
    policy: ExpirationPolicy,
) -> Result<()> {
    let expires_at = policy.expires_at(Timestamp::now());
    let expires_at = expires_at.map(Timestamp::unix_millis);
    let key = &current.object_key;
    versions::set_expiration(connection, current, policy.as_str(), expires_at, key).await?;
    Ok(())
}

/// What else the request says of a file that is there holds.
async fn relabel(
    connection: &mut AnyConnection,
    current: &VersionRow,
    request: &CreateFile,
) -> Result<()> {
    let labels = Labels::of(request)?;
    let change = FileChange {
        permissions: request.permissions.map(Permission::as_str),
        tags: labels.tags.as_deref(),
        description: request.description.as_deref(),
        metadata: labels.metadata.as_deref(),
    };
    Ok(entries::change_file(connection, &current.file_id, change).await?)
}

/// The version that the upload fills, and whether it was begun before: the unfinished one of the
/// same bytes, or a new one with its bytes set aside.
async fn reserve(
    app: &App,
    connection: &mut AnyConnection,
    destination: &Destination<'_>,
    all: &[VersionRow],
    wanted: NewVersion<'_>,
) -> Result<(VersionRow, bool)> {
    let unfinished = all.iter().filter(|version| version.is_unfinished()).rev();
    for same in unfinished.filter(|version| is_same_upload(version, &wanted)) {
        if same.expiration_policy == wanted.expiration_policy && same.part_size == wanted.part_size
        {
            // What else the request says may be new; one that is being checked keeps what it has.
            let number = same.number;
            let renewed = uploads::renew(
                connection,
                NewVersion {
                    number,
                    ..wanted.clone()
                },
            )
            .await?;
            return Ok((renewed.unwrap_or_else(|| same.clone()), true));
        }
        // Its key or its layout is not what is wanted now.
        if versions::mark_failed(connection, same, "it was begun anew in another way").await? {
            discard(connection, same).await?;
        }
    }
    // Counted by key, so that one that may only upload does not shut the others out.
    let is_counted = |version: &&VersionRow| {
        version.is_unfinished() && version.key_id.as_deref() == wanted.key_id
    };
    let unfinished = all.iter().filter(is_counted);
    let labels: usize = unfinished.clone().map(VersionRow::labels_bytes).sum();
    if unfinished.count() >= MAX_UNFINISHED || labels > MAX_UNFINISHED_LABELS_BYTES {
        return Err(Error::new(
            ErrorCode::TooManyRequests,
            "too many uploads to this path are unfinished; finish or cancel one first",
        ));
    }
    // Each would stay for ever, and cost nothing of the quota.
    if all
        .iter()
        .filter(|version| version.state == versions::FAILED)
        .count()
        > 1
    {
        versions::delete_failed(connection, wanted.file_id).await?;
    }
    validate::room(app, wanted.size_bytes)?;
    if let Some(share) = destination.share {
        intake::plan(connection, share, wanted.size_bytes).await?;
    }
    if !users::reserve(connection, &destination.user.id, wanted.size_bytes).await? {
        return Err(quota_exceeded(connection, destination, wanted.size_bytes).await?);
    }
    Ok((versions::insert(connection, wanted).await?, false))
}

/// Whether two requests mean the same bytes at the same path, by what both say of them.
fn is_same_upload(version: &VersionRow, wanted: &NewVersion<'_>) -> bool {
    let agrees = match (&version.sha256, &wanted.sha256) {
        (Some(one), Some(other)) => one == other,
        _ => true,
    };
    !version.is_direct()
        && !wanted.direct
        && version.key_id.as_deref() == wanted.key_id
        && version.is_open_ended() == wanted.open_ended
        && (wanted.open_ended || version.size_bytes == wanted.size_bytes)
        && version.head_md5 == wanted.head_md5
        && agrees
}

/// As the request says, else as the file has it, else as its directory.
async fn policy(
    connection: &mut AnyConnection,
    entry: &EntryRow,
    request: &CreateFile,
    current: Option<&VersionRow>,
    known: &mut Known,
) -> Result<ExpirationPolicy> {
    match (request.expiration_policy, current) {
        (Some(policy), _) => Ok(policy),
        (None, Some(current)) => present::policy(&current.expiration_policy),
        (None, None) => known.policy(connection, &entry.parent_id).await,
    }
}

pub(super) fn file_exists(path: impl std::fmt::Display) -> Error {
    Error::new(
        ErrorCode::FileExists,
        format!("there is a file at '{path}' already"),
    )
}

pub(super) async fn quota_exceeded(
    connection: &mut AnyConnection,
    destination: &Destination<'_>,
    size_bytes: i64,
) -> Result<Error> {
    let user = users::find(connection, &destination.user.id)
        .await?
        .unwrap_or_else(|| destination.user.clone());
    let way_out = match trash::bytes(connection, &user.id).await? {
        _ if destination.key_id.is_some() => {
            "its owner has to delete something first, which this API key may not".to_owned()
        }
        0 => "delete something first".to_owned(),
        bytes => format!(
            "emptying the trash gives {bytes} bytes back (hulk trash empty, or DELETE /api/v1/trash)"
        ),
    };
    Ok(Error::new(
        ErrorCode::QuotaExceeded,
        format!(
            "{size_bytes} bytes do not fit into the quota: {} of {} bytes are used; {way_out}",
            user.used_bytes, user.quota_bytes
        ),
    ))
}
