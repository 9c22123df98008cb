//! Resolves links to URLs of the store.

use http::Method;
use hulk_proto::{
    ErrorCode, FileStatus, Id, Permission, RemotePath, Sha256, Timestamp,
    download::{LinkedFile, PartDigests},
};
use sqlx::AnyConnection;

use crate::{
    app::App,
    auth::{scope::Scope, suspended},
    db::{
        contents,
        files::{self, FileRow},
        tree, users, versions,
    },
    error::{Error, Result},
    ops::{
        shares::{
            claim,
            link::{Opened, ShareCredentials},
        },
        uploads::finish::settle,
    },
    store::{Disposition, Presigned},
};

/// The file that a link names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Link {
    Id(Id),
    Path { user_id: Id, path: RemotePath },
}

/// The client that follows a link.
#[derive(Clone, Copy, Default)]
pub struct Follower<'a> {
    /// What the caller may see of their own files.
    pub scope: Option<Scope<'a>>,
    /// With the token of a share: the opened share, and the credentials of the visitor.
    pub share: Option<(&'a Opened, &'a ShareCredentials)>,
    /// Whether the file is to be saved, not shown.
    pub saves: bool,
    /// Whether the limit of the owner's month does not bind it.
    pub is_root: bool,
}

impl<'a> Follower<'a> {
    pub fn of(scope: Scope<'a>) -> Self {
        Self {
            scope: Some(scope),
            ..Self::default()
        }
    }
}

/// The longest attribute that is returned; a mode or a time is shorter.
const MAX_ATTRIBUTE_BYTES: usize = 64;

/// A download that may begin.
pub struct Resolved {
    pub presigned: Presigned,
    pub sha256: Option<Sha256>,
    /// The claim of this download, if its share counts downloads.
    pub claim: Option<String>,
    file: FileRow,
}

impl Resolved {
    /// Returns the value of this name in the file's metadata, if it is a short text.
    pub(crate) fn attribute(&self, name: &str) -> Option<String> {
        let metadata: serde_json::Map<_, _> = serde_json::from_str(&self.file.metadata).ok()?;
        let text = metadata.get(name)?.as_str()?;
        (text.len() <= MAX_ATTRIBUTE_BYTES).then(|| text.to_owned())
    }
}

/// Signs `method` for the file, if it is public, `follower` is its owner, or it was shared with `follower`.
/// Signs an older `version` only for the owner.
///
/// # Errors
/// `NOT_FOUND` for a file that does not exist, is not finished or is not allowed; `FILE_EXPIRED`;
/// `SHARE_EXPIRED` for a share that has reached its limit of downloads; `TRANSFER_EXCEEDED` if the owner's month
/// has no room for the file.
pub async fn resolve_link(
    app: &App,
    link: &Link,
    follower: Follower<'_>,
    method: &Method,
    version: Option<u64>,
) -> Result<Resolved> {
    let file = find_seen(app, link, follower, version).await?;
    check_state(&file)?;
    let is_counted = method == Method::GET && !follower.is_root;
    if is_counted {
        app.transfers
            .take(&app.db, &file.user_id, file.size_bytes)
            .await?;
    }
    let signed = sign(app, &file, follower, method).await;
    if signed.is_err() && is_counted {
        app.transfers.give_back(&file.user_id, file.size_bytes);
    }
    let (presigned, claim) = signed?;
    if method == Method::GET {
        app.downloads.count(&file.id);
    }
    Ok(Resolved {
        presigned,
        sha256: file.sha256.as_ref().and_then(|sha256| sha256.parse().ok()),
        claim,
        file,
    })
}

/// Returns the signed URL, and the claim if its share counts downloads.
async fn sign(
    app: &App,
    file: &FileRow,
    follower: Follower<'_>,
    method: &Method,
) -> Result<(Presigned, Option<String>)> {
    let claim = match follower.share {
        Some((opened, credentials)) if method == Method::GET => {
            claim::begin(app, opened, &file.id, credentials).await?
        }
        Some((opened, credentials)) => {
            claim::check_left(app, opened, &file.id, credentials).await?;
            None
        }
        None => None,
    };
    let disposition = Disposition {
        filename: &file.name,
        mime_type: &file.mime_type,
        is_saved: follower.saves,
    };
    let presigned =
        app.store
            .presign_get(method, &file.object_key, &disposition, claim.as_deref())?;
    Ok((presigned, claim))
}

/// Returns the file, if `follower` may see it.
async fn find_seen(
    app: &App,
    link: &Link,
    follower: Follower<'_>,
    version: Option<u64>,
) -> Result<FileRow> {
    let not_found = || Error::not_found("file");
    let mut connection = app.db.read().await?;
    let id = find_id(&mut connection, link).await?;
    let id = id.ok_or_else(not_found)?;
    drop(connection);
    settle(app, &id).await?;
    let mut connection = app.db.read().await?;
    let file = files::find(&mut connection, &id).await?;
    let mut file = file.ok_or_else(not_found)?;
    // Outside of the directory that they are bound to, callers are like anybody else.
    let is_owner = match follower.scope {
        Some(scope) => scope.sees(&mut connection, &file.user_id, &file.id).await?,
        None => false,
    };
    if let Some((opened, _)) = follower.share {
        opened.check_within(&mut connection, &file.id).await?;
    } else if !is_owner && !is_public(&mut connection, &file).await? {
        return Err(not_found());
    }
    // Only now: a private file of a suspended account looks like none.
    if !file.owner_is_active {
        return Err(suspended());
    }
    if let Some(number) = version {
        show_version(&mut connection, &mut file, number)
            .await?
            .filter(|()| is_owner)
            .ok_or_else(not_found)?;
    }
    Ok(file)
}

fn check_state(file: &FileRow) -> Result<()> {
    let now = Timestamp::now().unix_millis();
    let is_expired = file.expires_at.is_some_and(|expires_at| expires_at <= now);
    match file.state {
        FileStatus::Expired => Err(expired()),
        FileStatus::Validated if is_expired => Err(expired()),
        FileStatus::Validated => Ok(()),
        _ => Err(Error::not_found("file")),
    }
}

/// Turns the row into that of another version. Returns `None` if that version is not kept.
async fn show_version(
    connection: &mut AnyConnection,
    file: &mut FileRow,
    number: u64,
) -> Result<Option<()>> {
    let number = i64::try_from(number).unwrap_or(-1);
    let found = versions::find(connection, &file.id, number).await?;
    let found = found.filter(|version| version.state == FileStatus::Validated);
    Ok(found.map(|version| file.show_version(&version)))
}

/// Describes the file, with the digests of its parts.
pub async fn describe_link(app: &App, resolved: Resolved) -> Result<LinkedFile> {
    let file = resolved.file;
    let mut connection = app.db.read().await?;
    let version = versions::find(&mut connection, &file.id, file.version).await?;
    let parts = match version {
        Some(version) => {
            let digests = contents::part_digests(&mut connection, &version).await?;
            version.layout().zip(digests)
        }
        None => None,
    };
    let part_digest = app.store.capabilities().part_digest;
    Ok(LinkedFile {
        size_bytes: u64::try_from(file.size_bytes).unwrap_or(0),
        mime_type: file.mime_type,
        sha256: resolved.sha256,
        url: resolved.presigned.url,
        parts: parts.map(|(layout, digests)| PartDigests {
            part_size: layout.part_size(),
            part_digest,
            digests: split(&digests, part_digest.hex_digits()),
        }),
        filename: file.name,
    })
}

/// Splits the digests of parts, which are stored without gaps.
fn split(digests: &str, width: usize) -> Vec<String> {
    let starts = (0..digests.len()).step_by(width);
    starts
        .filter_map(|start| digests.get(start..start + width).map(str::to_owned))
        .collect()
}

fn expired() -> Error {
    Error::new(ErrorCode::FileExpired, "this file has expired")
}

async fn find_id(connection: &mut AnyConnection, link: &Link) -> Result<Option<String>> {
    let (user_id, path) = match link {
        Link::Id(id) => return Ok(Some(id.to_string())),
        Link::Path { user_id, path } => (user_id, path),
    };
    let Some(user) = users::find(connection, user_id.as_str()).await? else {
        return Ok(None);
    };
    let entry = tree::find_by_path(connection, &user.root_id, path).await?;
    Ok(entry.map(|entry| entry.id))
}

async fn is_public(connection: &mut AnyConnection, file: &FileRow) -> Result<bool> {
    match file.permissions {
        Permission::Public => Ok(true),
        Permission::Private => Ok(false),
        Permission::Inherit => Ok(tree::is_public(connection, &file.parent_id).await?),
    }
}
