//! Creates, lists and revokes share links.

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
    audit::{self, Action, Actor},
    auth::{
        Caller,
        scope::{Scope, reaches},
    },
    db::{
        entries::{self, EntryRow},
        shares::{self, NewShare},
        tree,
        users::UserRow,
    },
    error::{Error, Result},
    ops::{page::plain_page, present, transaction::transaction},
};

/// How many unrevoked links one user may have: whoever has a link that grants it may create others.
const MAX_SHARES: i64 = 10_000;
/// How many links may be created from one link.
const MAX_BELOW: usize = 100;

/// # Errors
/// `NOT_FOUND` for an entry that is not the user's or out of reach, `VALIDATION_ERROR`, `QUOTA_EXCEEDED` for too
/// many links.
pub async fn create_share(app: &App, caller: &Caller, request: CreateShare) -> Result<Share> {
    let user = &caller.user;
    let mut connection = app.db.read().await?;
    let entry = find_target(&mut connection, caller.into(), &user.root_id, &request).await?;
    drop(connection);
    let target = Target {
        owner: user,
        entry: &entry,
        parent: None,
    };
    insert(app, caller.into(), target, request).await
}

/// Creates a further link for a visitor who has one, to its entry or to something in it.
///
/// # Errors
/// The errors of `create_share`; `FORBIDDEN` for a right that the first link does not grant.
pub async fn share_on(app: &App, opened: &Opened, mut request: CreateShare) -> Result<Share> {
    let mut connection = app.db.read().await?;
    let is_named =
        request.file_id.is_some() || request.directory_id.is_some() || request.path.is_some();
    let entry = match is_named {
        false => opened.entry.clone(),
        true => {
            let scope = Scope::whole(&opened.owner);
            find_target(&mut connection, scope, &opened.entry.id, &request).await?
        }
    };
    opened.check_within(&mut connection, &entry.id).await?;
    drop(connection);
    if opened.above.len() + 2 > MAX_CHAIN {
        return Err(Error::new(
            ErrorCode::Forbidden,
            "too many links were created one from another; ask the owner for a link",
        ));
    }
    let grants = request.permissions.unwrap_or(Grants::DOWNLOAD);
    if !opened.share.grants().covers(grants) {
        return Err(Error::new(
            ErrorCode::Forbidden,
            "a link cannot grant more than the link that it is created from",
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

/// Finds the file or directory that the request names, relative to the directory `root_id`.
async fn find_target(
    connection: &mut AnyConnection,
    scope: Scope<'_>,
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
                "give exactly one of file_id, directory_id and path",
            ));
        }
    };
    let found = found.ok_or_else(not_found)?;
    let is_seen = scope.sees(connection, &found.user_id, &found.id);
    match is_seen.await? {
        true => Ok(found),
        false => Err(not_found()),
    }
}

/// The target of a new link.
#[derive(Clone, Copy)]
struct Target<'a> {
    owner: &'a UserRow,
    entry: &'a EntryRow,
    /// The link that it is created from.
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
        // Passing a link on does not remove its password.
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
        root_id: actor.bound_to(),
    };
    transaction!(&app.db, actor, async |tx| {
        check_counts(tx, target).await?;
        // It may have been deleted permanently meanwhile, or moved out of reach.
        if entries::find(tx, &target.entry.id).await?.is_none()
            || !reaches(tx, actor.bound_to(), &target.entry.id).await?
        {
            return Err(Error::not_found("file or directory"));
        }
        let row = shares::insert(tx, share.clone()).await?;
        audit::record(tx, actor, Action::ShareCreate, &row.id).await?;
        present::share(app, tx, row).await
    })
}

/// # Errors
/// `QUOTA_EXCEEDED` if the limit of links is reached.
async fn check_counts(connection: &mut AnyConnection, target: Target<'_>) -> Result<()> {
    if shares::count(connection, &target.entry.user_id).await? >= MAX_SHARES {
        return Err(Error::new(
            ErrorCode::QuotaExceeded,
            format!("the limit of {MAX_SHARES} links is reached; revoke one first (hulk share rm)"),
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
            format!(
                "{MAX_BELOW} links were already created from this one; ask its owner for another"
            ),
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
        let message = "only a directory can receive files; share a directory instead";
        return invalid("permissions", message);
    }
    if request.expires_at.is_some_and(|at| at <= Timestamp::now()) {
        return invalid("expires_at", "is in the past");
    }
    if request.max_downloads == Some(0) {
        return invalid("max_downloads", "must be at least 1");
    }
    if request.max_downloads.is_some() && !grants.can_download {
        let message = "this link would not allow downloads";
        return invalid("max_downloads", message);
    }
    for (field, ceiling) in [
        ("max_file_bytes", request.max_file_bytes),
        ("max_total_bytes", request.max_total_bytes),
        ("max_files", request.max_files),
    ] {
        if ceiling.is_some() && !grants.can_upload {
            return invalid(field, "this link would not allow uploads");
        }
    }
    if request.max_total_bytes == Some(0) || request.max_files == Some(0) {
        let message = "a link for uploads must accept at least one file of one byte";
        return invalid("max_total_bytes", message);
    }
    Ok(())
}

/// Lists the user's links that were not revoked, newest first.
///
/// # Errors
/// `VALIDATION_ERROR` for an order, a filter or a cursor, which this list does not support.
pub async fn list_shares(app: &App, user: &UserRow, query: &ListQuery) -> Result<Page<Share>> {
    let why = "shares are listed newest first; only limit and offset are supported";
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

/// Revokes a link. It answers 410 from now on, as do those that were created from it.
///
/// # Errors
/// `NOT_FOUND` also for another user's link.
pub async fn revoke_share(app: &App, caller: &Caller, id: &Id) -> Result<()> {
    let user = &caller.user;
    let actor = Actor::from(caller);
    transaction!(&app.db, actor, async |tx| {
        find_own(tx, user, id).await?;
        audit::record(tx, actor, Action::ShareDelete, id.as_str()).await?;
        cancel_all(tx, id, "its link was revoked").await?;
        match shares::revoke(tx, &user.id, id.as_str()).await? {
            true => Ok(()),
            false => Err(Error::not_found("share")),
        }
    })?;
    app.garbage.notify_one();
    Ok(())
}
