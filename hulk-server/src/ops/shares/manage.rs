//! Makes, lists and revokes share links.

use hulk_proto::{
    ErrorCode, Grants, Id, ListQuery, Page, Share, ShareToken, Timestamp, limits::SHARE_FILES,
    share::CreateShare,
};
use sqlx::AnyConnection;

use super::{
    MAX_CHAIN,
    link::Opened,
    unfinished::{cancel_all, find_own},
};
use crate::{
    app::App,
    audit::Actor,
    auth::Caller,
    db::{
        entries::{self, EntryRow},
        shares::{self, NewShare},
        tree,
        users::UserRow,
    },
    error::{Error, Result},
    ops::{page::plain_page, present, transaction::transaction},
};

/// Links of one user that are not revoked: who has one that grants it may make others.
const MAX_SHARES: i64 = 10_000;
/// Links that were made with one.
const MAX_BELOW: usize = 100;

/// # Errors
/// `NOT_FOUND` for what is not the user's, `VALIDATION_ERROR`, `QUOTA_EXCEEDED` for too many links.
pub async fn create_share(app: &App, caller: &Caller, request: CreateShare) -> Result<Share> {
    let user = &caller.user;
    let mut connection = app.db.read().await?;
    let entry = find_target(&mut connection, user, &user.root_id, &request).await?;
    drop(connection);
    let target = Target {
        owner: user,
        entry: &entry,
        parent: None,
    };
    insert(app, caller.into(), target, request).await
}

/// A further link by somebody who has one, of what that one opens or of something in it.
///
/// # Errors
/// As `create_share`; `FORBIDDEN` for what the first link does not grant.
pub async fn share_on(app: &App, opened: &Opened, mut request: CreateShare) -> Result<Share> {
    let mut connection = app.db.read().await?;
    let is_named =
        request.file_id.is_some() || request.directory_id.is_some() || request.path.is_some();
    let entry = match is_named {
        false => opened.entry.clone(),
        true => find_target(&mut connection, &opened.owner, &opened.entry.id, &request).await?,
    };
    opened.check_within(&mut connection, &entry.id).await?;
    drop(connection);
    if opened.above.len() + 2 > MAX_CHAIN {
        return Err(Error::new(
            ErrorCode::Forbidden,
            "too many links were made one with the other",
        ));
    }
    let grants = request.permissions.unwrap_or(Grants::DOWNLOAD);
    if !opened.share.grants().covers(grants) {
        return Err(Error::new(
            ErrorCode::Forbidden,
            "a link cannot grant more than the one that it is made with",
        ));
    }
    let ends = [
        request.expires_at.map(Timestamp::unix_millis),
        opened.share.expires_at,
    ];
    let ends_at = ends.into_iter().flatten().min();
    request.expires_at = ends_at
        .map(Timestamp::from_unix_millis)
        .transpose()
        .map_err(Error::internal)?;
    let cap = opened
        .share
        .max_file_bytes
        .and_then(|cap| u64::try_from(cap).ok());
    request.max_file_bytes = [request.max_file_bytes, cap].into_iter().flatten().min();
    let target = Target {
        owner: &opened.owner,
        entry: &entry,
        parent: Some(opened),
    };
    insert(app, opened.actor(), target, request).await
}

/// The file or directory that the request names, from the directory `root_id`.
async fn find_target(
    connection: &mut AnyConnection,
    user: &UserRow,
    root_id: &str,
    request: &CreateShare,
) -> Result<EntryRow> {
    let not_found = || Error::not_found("file or directory");
    let found = match (&request.file_id, &request.directory_id, &request.path) {
        (Some(id), None, None) => entries::find(connection, id.as_str())
            .await?
            .filter(|entry| !entry.is_directory()),
        (None, Some(id), None) => entries::find(connection, id.as_str())
            .await?
            .filter(EntryRow::is_directory),
        (None, None, Some(path)) => tree::find_by_path(connection, root_id, path).await?,
        _ => {
            return Err(Error::validation(
                "path",
                "name one of file_id, directory_id and path",
            ));
        }
    };
    found
        .filter(|entry| entry.user_id == user.id)
        .ok_or_else(not_found)
}

/// What a new link is to open.
#[derive(Clone, Copy)]
struct Target<'a> {
    owner: &'a UserRow,
    entry: &'a EntryRow,
    /// The link that it is made with.
    parent: Option<&'a Opened>,
}

async fn insert(
    app: &App,
    actor: Actor<'_>,
    target: Target<'_>,
    request: CreateShare,
) -> Result<Share> {
    let grants = request.permissions.unwrap_or(Grants::DOWNLOAD);
    check(target.entry, grants, &request)?;
    let number =
        |number: Option<u64>| number.map(|number| i64::try_from(number).unwrap_or(i64::MAX));
    let (max_total_bytes, max_files) = match grants.can_upload {
        true => (
            number(request.max_total_bytes).or(Some(target.owner.quota_bytes / 2)),
            number(Some(request.max_files.unwrap_or(SHARE_FILES))),
        ),
        false => (None, None),
    };
    let password_hash = match request.password {
        Some(password) => Some(app.passwords.hash(password).await?),
        // Who passes a link on does not take its password off.
        None => target
            .parent
            .and_then(|parent| parent.share.password_hash.clone()),
    };
    let (id, token) = (Id::random(), ShareToken::random());
    let share = NewShare {
        id: id.as_str(),
        user_id: &target.entry.user_id,
        entry_id: &target.entry.id,
        parent_id: target.parent.map(|parent| parent.share.id.as_str()),
        token: token.as_str(),
        grants,
        password_hash,
        expires_at: request.expires_at.map(Timestamp::unix_millis),
        max_file_bytes: number(request.max_file_bytes),
        max_downloads: number(request.max_downloads),
        max_total_bytes,
        max_files,
    };
    transaction!(&app.db, actor, async |tx| {
        check_counts(tx, target).await?;
        // It may have been deleted permanently meanwhile.
        if entries::find(tx, &target.entry.id).await?.is_none() {
            return Err(Error::not_found("file or directory"));
        }
        let row = shares::insert(tx, share.clone()).await?;
        present::share(app, tx, row).await
    })
}

/// # Errors
/// `QUOTA_EXCEEDED` if there are as many links as there may be.
async fn check_counts(connection: &mut AnyConnection, target: Target<'_>) -> Result<()> {
    if shares::count(connection, &target.entry.user_id).await? >= MAX_SHARES {
        return Err(Error::new(
            ErrorCode::QuotaExceeded,
            format!("there are {MAX_SHARES} links already; revoke one first (hulk share rm)"),
        ));
    }
    let Some(parent) = target.parent else {
        return Ok(());
    };
    let top = parent.chain().last().unwrap_or(&parent.share);
    let below = shares::with_those_below(connection, &top.id).await?;
    match below.len() > MAX_BELOW {
        false => Ok(()),
        true => Err(Error::new(
            ErrorCode::QuotaExceeded,
            format!("{MAX_BELOW} links were made with this one already; ask its owner for another"),
        )),
    }
}

fn check(entry: &EntryRow, grants: Grants, request: &CreateShare) -> Result<()> {
    let invalid = |field: &str, message: &str| Err(Error::validation(field, message));
    let grants_anything =
        grants.can_download || grants.can_upload || grants.can_share || grants.can_delete;
    if !grants_anything {
        return invalid("permissions", "the link would grant nothing");
    }
    if grants.can_upload && !entry.is_directory() {
        let message = "files are put into a directory; share one to take them in";
        return invalid("permissions", message);
    }
    if request.expires_at.is_some_and(|at| at <= Timestamp::now()) {
        return invalid("expires_at", "is in the past");
    }
    if request.max_downloads == Some(0) {
        return invalid("max_downloads", "is at least 1");
    }
    if request.max_downloads.is_some() && !grants.can_download {
        let message = "nothing can be downloaded through this link";
        return invalid("max_downloads", message);
    }
    for (field, ceiling) in [
        ("max_file_bytes", request.max_file_bytes),
        ("max_total_bytes", request.max_total_bytes),
        ("max_files", request.max_files),
    ] {
        if ceiling.is_some() && !grants.can_upload {
            return invalid(field, "nothing can be put through this link");
        }
    }
    if request.max_total_bytes == Some(0) || request.max_files == Some(0) {
        let message = "a link that takes files in takes at least one of one byte";
        return invalid("max_total_bytes", message);
    }
    Ok(())
}

/// The user's links that were not revoked, newest first.
///
/// # Errors
/// `VALIDATION_ERROR` for an order, a filter or a cursor, which this list has not.
pub async fn list_shares(app: &App, user: &UserRow, query: &ListQuery) -> Result<Page<Share>> {
    let why = "shares are listed newest first, by offset";
    let (limit, offset) = plain_page(query, why)?;
    let mut connection = app.db.read().await?;
    let (rows, total) = shares::list(&mut connection, &user.id, limit, offset).await?;
    let mut items = Vec::with_capacity(rows.len());
    for row in rows {
        items.push(present::share(app, &mut connection, row).await?);
    }
    Ok(Page {
        items,
        total: u64::try_from(total).unwrap_or(0),
        next_cursor: None,
    })
}

/// The link answers 410 from now on, as do those that were made with it.
///
/// # Errors
/// `NOT_FOUND` also for another user's.
pub async fn revoke_share(app: &App, caller: &Caller, id: &Id) -> Result<()> {
    let user = &caller.user;
    transaction!(&app.db, Actor::from(caller), async |tx| {
        find_own(tx, user, id).await?;
        cancel_all(tx, id, "its link was revoked").await?;
        match shares::revoke(tx, &user.id, id.as_str()).await? {
            true => Ok(()),
            false => Err(Error::not_found("share")),
        }
    })?;
    app.garbage.notify_one();
    Ok(())
}
