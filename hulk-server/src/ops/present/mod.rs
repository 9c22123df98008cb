//! Converts rows to the types of the API.

mod accounts;
mod values;

use std::collections::HashMap;

use hulk_proto::{
    Directory, File, FileStatus, RemotePath, Share, Timestamp, directory::DirectoryListing,
    file::Version, trash::EntryKind,
};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use sqlx::AnyConnection;

pub(super) use accounts::{account, api_key, event, job, session, tier, tier_request, user};
pub(super) use values::time;
use values::{id, unsigned};

use crate::{
    app::App,
    db::{
        entries::{self, EntryRow},
        files::FileRow,
        shares::ShareRow,
        tree,
        users::UserRow,
        versions::VersionRow,
    },
    error::{Error, Result},
};

/// Characters of names that links percent-encode: all except those that RFC 3986 allows in a path and no
/// shell interprets, since `curl -O` names the file by the link as it is written.
const NAME: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~')
    .remove(b'+')
    .remove(b',')
    .remove(b'=')
    .remove(b'@')
    .remove(b':');

pub(super) async fn file(app: &App, connection: &mut AnyConnection, row: FileRow) -> Result<File> {
    let mut files = files(app, connection, vec![row]).await?;
    files
        .pop()
        .ok_or_else(|| Error::internal("a file is missing from its own list"))
}

/// Converts rows to files. Looks up the path of each directory once.
pub(super) async fn files(
    app: &App,
    connection: &mut AnyConnection,
    rows: Vec<FileRow>,
) -> Result<Vec<File>> {
    let rows = rows.into_iter().map(Ok).collect();
    let files = outcomes(app, connection, rows).await?;
    files.into_iter().collect()
}

/// Like `files`, for rows of which some are errors; these stay in their places.
pub(super) async fn outcomes(
    app: &App,
    connection: &mut AnyConnection,
    rows: Vec<Result<FileRow>>,
) -> Result<Vec<Result<File>>> {
    let mut paths: HashMap<String, String> = HashMap::new();
    let mut files = Vec::with_capacity(rows.len());
    for row in rows {
        let row = match row {
            Ok(row) => row,
            Err(error) => {
                files.push(Err(error));
                continue;
            }
        };
        if !paths.contains_key(&row.parent_id) {
            let path = tree::path_of(connection, &row.parent_id).await?;
            paths.insert(row.parent_id.clone(), path);
        }
        let path = paths.get(&row.parent_id).map(String::as_str);
        files.push(file_in(app, row, path.unwrap_or_default()));
    }
    Ok(files)
}

/// Converts the row of a file in the directory at this path.
pub(super) fn file_in(app: &App, row: FileRow, directory: &str) -> Result<File> {
    let now = Timestamp::now();
    let path = match directory {
        "" => row.name.clone(),
        directory => format!("{directory}/{}", row.name),
    };
    let expires_at = row.expires_at.map(time).transpose()?;
    let pending = app.downloads.pending(&row.id);
    let name = utf8_percent_encode(&row.name, NAME);
    Ok(File {
        url: format!("{}/d/{}/{name}", app.settings.public_url, row.id),
        id: id(&row.id)?,
        path: path.parse().map_err(Error::internal)?,
        directory_id: id(&row.parent_id)?,
        status: status(row.state, expires_at, now),
        size_bytes: unsigned(row.size_bytes),
        mime_type: row.mime_type,
        sha256: row
            .sha256
            .map(|sha256| sha256.parse().map_err(Error::internal))
            .transpose()?,
        permissions: row.permissions,
        expiration_policy: row.expiration_policy,
        expires_at,
        tags: serde_json::from_str(&row.tags).map_err(Error::internal)?,
        description: row.description,
        metadata: serde_json::from_str(&row.metadata).map_err(Error::internal)?,
        version: unsigned(row.version),
        download_count: unsigned(row.download_count + pending.count),
        last_downloaded_at: row
            .last_download_at
            .max(pending.last_at)
            .map(time)
            .transpose()?,
        created_at: time(row.created_at)?,
        updated_at: time(row.updated_at)?,
        filename: row.name,
    })
}

/// Returns a file as a key that may only upload sees it: the version that it uploaded, without earlier
/// versions and later changes of the file. The directory is always the root, since the id of a directory is
/// the link to its listing.
pub(super) fn uploaded(
    app: &App,
    root_id: &str,
    path: RemotePath,
    version: &VersionRow,
) -> Result<File> {
    let expires_at = version.expires_at.map(time).transpose()?;
    let filename = path.split().map_or("", |(_, name)| name).to_owned();
    let name = utf8_percent_encode(&filename, NAME);
    let tags = version.tags.as_deref().map(serde_json::from_str);
    let metadata = version.metadata.as_deref().map(serde_json::from_str);
    Ok(File {
        url: format!("{}/d/{}/{name}", app.settings.public_url, version.file_id),
        id: id(&version.file_id)?,
        path,
        filename,
        directory_id: id(root_id)?,
        status: status(version.state, expires_at, Timestamp::now()),
        size_bytes: unsigned(version.size_bytes),
        mime_type: version.mime_type.clone(),
        sha256: version
            .sha256
            .as_ref()
            .map(|sha256| sha256.parse().map_err(Error::internal))
            .transpose()?,
        permissions: version.permissions.unwrap_or_default(),
        expiration_policy: version.expiration_policy,
        expires_at,
        tags: tags
            .transpose()
            .map_err(Error::internal)?
            .unwrap_or_default(),
        description: version.description.clone(),
        metadata: metadata
            .transpose()
            .map_err(Error::internal)?
            .unwrap_or_default(),
        version: unsigned(version.number),
        download_count: 0,
        last_downloaded_at: None,
        created_at: time(version.created_at)?,
        updated_at: time(version.updated_at)?,
    })
}

/// Returns the status to show: a validated file is expired from `expires_at` on, even before the sweep.
fn status(status: FileStatus, expires_at: Option<Timestamp>, now: Timestamp) -> FileStatus {
    let is_expired = expires_at.is_some_and(|expires_at| expires_at <= now);
    match status {
        FileStatus::Validated if is_expired => FileStatus::Expired,
        status => status,
    }
}

pub(super) async fn directory(
    app: &App,
    connection: &mut AnyConnection,
    row: EntryRow,
) -> Result<Directory> {
    let path = tree::path_of(connection, &row.id).await?;
    directory_at(app, row, path.parse().map_err(Error::internal)?)
}

/// Like `directory`, if its path is known.
pub(super) fn directory_at(app: &App, row: EntryRow, path: RemotePath) -> Result<Directory> {
    let parent_id = match row.parent_id.as_str() {
        "" => None,
        parent => Some(id(parent)?),
    };
    Ok(Directory {
        url: format!("{}/b/{}", app.settings.public_url, row.id),
        id: id(&row.id)?,
        path,
        parent_id,
        default_permissions: row.permissions,
        default_expiration_policy: row.expiration_policy,
        metadata: serde_json::from_str(&row.metadata).map_err(Error::internal)?,
        created_at: time(row.created_at)?,
        updated_at: time(row.updated_at)?,
    })
}

pub(super) fn version(file: &File, row: &VersionRow) -> Result<Version> {
    let version = unsigned(row.number);
    Ok(Version {
        version,
        is_current: version == file.version,
        size_bytes: unsigned(row.size_bytes),
        mime_type: row.mime_type.clone(),
        sha256: row
            .sha256
            .as_ref()
            .map(|sha256| sha256.parse().map_err(Error::internal))
            .transpose()?,
        expires_at: row.expires_at.map(time).transpose()?,
        created_at: time(row.created_at)?,
        url: format!("{}?version={version}", file.url),
    })
}

/// Converts the row of a share. The path is `None` while its entry is in the trash, or deleted permanently.
pub(super) async fn share(
    app: &App,
    connection: &mut AnyConnection,
    row: ShareRow,
) -> Result<Share> {
    let entry = entries::find(connection, &row.entry_id).await?;
    let path = match &entry {
        Some(entry) => Some(tree::path_of(connection, &entry.id).await?),
        None => None,
    };
    let is_directory = entry.as_ref().map(EntryRow::is_directory);
    let entry_id = id(&row.entry_id)?;
    Ok(Share {
        id: id(&row.id)?,
        url: format!("{}/s/{}", app.settings.public_url, row.token),
        token: row.token.parse().map_err(Error::internal)?,
        kind: match is_directory {
            Some(true) => EntryKind::Directory,
            _ => EntryKind::File,
        },
        file_id: (is_directory == Some(false)).then(|| entry_id.clone()),
        directory_id: (is_directory == Some(true)).then_some(entry_id),
        path: path
            .map(|path| path.parse().map_err(Error::internal))
            .transpose()?,
        permissions: row.grants(),
        has_password: row.password_hash.is_some(),
        expires_at: row.expires_at.map(time).transpose()?,
        max_downloads: row.max_downloads.map(unsigned),
        download_count: unsigned(row.download_count + app.downloads.pending_of_share(&row.id)),
        max_file_bytes: row.max_file_bytes.map(unsigned),
        max_total_bytes: row.max_total_bytes.map(unsigned),
        max_files: row.max_files.map(unsigned),
        received_bytes: unsigned(row.received_bytes),
        received_files: unsigned(row.received_files),
        unfinished_files: unsigned(row.unfinished_files),
        created_at: time(row.created_at)?,
    })
}

/// Returns the name of a file or directory; for the root, which has none, the email address of its owner.
pub(super) fn entry_name(entry: &EntryRow, owner: &UserRow) -> String {
    match entry.parent_id.is_empty() {
        true => owner.email.clone(),
        false => entry.name.clone(),
    }
}

/// Returns the listing of a shared directory as its visitors see it: paths begin with the directory, and
/// links have the token.
pub(super) async fn through_share(
    connection: &mut AnyConnection,
    entry: &EntryRow,
    token: &str,
    mut listing: DirectoryListing,
) -> Result<DirectoryListing> {
    let link = |url: &mut String| url.push_str(&format!("?token={token}"));
    let directories = listing.directories.iter_mut();
    for directory in directories.chain([&mut listing.directory]) {
        link(&mut directory.url);
    }
    listing
        .files
        .iter_mut()
        .for_each(|file| link(&mut file.url));
    from_below(connection, entry, listing).await
}

/// Returns the listing of a directory, or of one in it, as others see it: paths begin with `entry`, without
/// the directories above it, whose names may be private.
pub(super) async fn from_below(
    connection: &mut AnyConnection,
    entry: &EntryRow,
    mut listing: DirectoryListing,
) -> Result<DirectoryListing> {
    let above = tree::path_of(connection, &entry.parent_id).await?;
    let directories = listing.directories.iter_mut();
    for directory in directories.chain([&mut listing.directory]) {
        directory.path = below(&above, &directory.path)?;
    }
    for file in &mut listing.files {
        file.path = below(&above, &file.path)?;
    }
    if listing.directory.id.as_str() == entry.id {
        listing.directory.parent_id = None;
    }
    Ok(listing)
}

/// Returns a file that was uploaded into a shared directory, with its path relative to that directory.
pub(super) async fn received(
    connection: &mut AnyConnection,
    entry: &EntryRow,
    mut file: File,
) -> Result<File> {
    let above = tree::path_of(connection, &entry.id).await?;
    file.path = below(&above, &file.path)?;
    Ok(file)
}

fn below(above: &str, path: &RemotePath) -> Result<RemotePath> {
    let path = path.as_str();
    let rest = path.strip_prefix(above).unwrap_or(path);
    rest.parse().map_err(Error::internal)
}
