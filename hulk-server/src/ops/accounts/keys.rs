//! A user's API keys.

use hulk_proto::{
    ApiKey, ApiKeySecret, CreateApiKey, CreatedApiKey, ErrorCode, Id, ListQuery, Page, RemotePath,
    Timestamp,
};
use sqlx::AnyConnection;

use crate::{
    app::App,
    audit::{self, Action, Actor},
    auth::{Caller, keys::secret_hash, scope::Scope},
    db::{
        Db, Write,
        api_keys::{self, ApiKeyRow, NewApiKey},
        entries::{self, EntryRow},
        tree,
        users::{self, UserRow},
    },
    error::{Error, Result},
    limits::{Limits, reached},
    ops::{
        page::plain_page,
        present,
        transaction::transaction,
        tree::ensure::{Root, ensure_directories},
        validate,
    },
};

/// How many keys a user may have.
const MAX_KEYS: i64 = 1000;

/// Creates a key of the caller; only this answer ever has its secret.
///
/// # Errors
/// `VALIDATION_ERROR` for a bad label, an expiry in the past or the root as the path; `FILE_EXISTS` if a file is
/// at the path; `QUOTA_EXCEEDED` for too many keys, or directories.
pub async fn create_own_key(
    app: &App,
    caller: &Caller,
    request: CreateApiKey,
) -> Result<CreatedApiKey> {
    let limits = Limits::of(&app.settings.limits, &caller.user);
    create(&app.db, caller.into(), request, limits.max_objects).await
}

/// Like `create_own_key`, for the operator, who may create any number of directories.
///
/// # Errors
/// The errors of `create_own_key`.
pub async fn create_key(db: &Db, actor: Actor<'_>, request: CreateApiKey) -> Result<CreatedApiKey> {
    create(db, actor, request, i64::MAX).await
}

async fn create(
    db: &Db,
    actor: Actor<'_>,
    request: CreateApiKey,
    max_objects: i64,
) -> Result<CreatedApiKey> {
    validate::label(&request.label).map_err(|message| Error::validation("label", message))?;
    if request
        .expires_at
        .is_some_and(|expires_at| expires_at <= Timestamp::now())
    {
        return Err(Error::validation("expires_at", "is in the past"));
    }
    if request.path.as_ref().is_some_and(RemotePath::is_root) {
        let message = "is the root directory; without a path, the key reaches everything";
        return Err(Error::validation("path", message));
    }
    let secret = ApiKeySecret::random();
    let user_id = actor.user_id();
    let created = transaction!(db, actor, async |tx| {
        check_count(tx, user_id).await?;
        let mut bound_to = None;
        if let Some(path) = &request.path {
            bound_to = Some(directory(tx, actor, path, max_objects).await?.id);
        }
        audit::record(tx, actor, Action::KeyCreate, secret.id().as_str()).await?;
        let row = insert_key(tx, user_id, &secret, &request, bound_to.as_deref()).await?;
        shown(tx, row).await
    });
    Ok(CreatedApiKey {
        api_key: created?,
        key: secret.reveal(),
    })
}

/// Returns the directory that a key is bound to, created if it does not exist.
async fn directory(
    transaction: &mut Write,
    actor: Actor<'_>,
    path: &RemotePath,
    max_objects: i64,
) -> Result<EntryRow> {
    let user = users::find(transaction, actor.user_id()).await?;
    let user = user.ok_or_else(|| Error::not_found("user"))?;
    let root = Root::of(Scope::of(&user, actor.bound_to()));
    ensure_directories(transaction, root, path, max_objects).await
}

/// Returns the key as the API shows it: with the path that its directory has now, or had at first if it no
/// longer exists.
pub(super) async fn shown(connection: &mut AnyConnection, row: ApiKeyRow) -> Result<ApiKey> {
    let mut path = row.path.clone();
    if let Some(root_id) = &row.root_id
        && entries::find(connection, root_id).await?.is_some()
    {
        path = Some(tree::path_of(connection, root_id).await?);
    }
    present::api_key(ApiKeyRow { path, ..row })
}

/// Fails if the user has as many keys as are allowed.
pub(super) async fn check_count(transaction: &mut Write, user_id: &str) -> Result<()> {
    let (_, count) = api_keys::list(transaction, user_id, 0, 0).await?;
    match count < MAX_KEYS {
        true => Ok(()),
        false => Err(Error::new(
            ErrorCode::QuotaExceeded,
            format!("you already have {MAX_KEYS} keys; revoke one first (hulk keys rm)"),
        )
        .with_details(reached("api_keys"))),
    }
}

/// Inserts a key of a user, whose request was checked. A key with a path is bound to the directory `root_id`.
pub(super) async fn insert_key(
    transaction: &mut Write,
    user_id: &str,
    secret: &ApiKeySecret,
    request: &CreateApiKey,
    root_id: Option<&str>,
) -> Result<ApiKeyRow> {
    let path = request.path.as_ref().map(RemotePath::as_str);
    if path.is_some() != root_id.is_some() {
        return Err(Error::internal(
            "a key with a path is bound to a directory, and no other key is",
        ));
    }
    let key = NewApiKey {
        id: secret.id().as_str(),
        user_id,
        label: &request.label,
        secret_hash: &secret_hash(secret),
        permissions: request.permissions,
        expires_at: request.expires_at.map(Timestamp::unix_millis),
        bound_to: root_id.zip(path),
    };
    Ok(api_keys::insert(transaction, key).await?)
}

/// Whether a key is this server's, and neither revoked nor expired.
///
/// # Errors
/// If the database does not answer.
pub async fn knows_key(db: &Db, key: &ApiKeySecret) -> Result<bool> {
    let mut connection = db.read().await?;
    let found =
        api_keys::find_by_secret(&mut connection, key.id().as_str(), &secret_hash(key)).await?;
    let now = Timestamp::now().unix_millis();
    Ok(found.is_some_and(|key| key.expires_at.is_none_or(|expires_at| expires_at > now)))
}

/// Lists the user's keys, newest first.
///
/// # Errors
/// `VALIDATION_ERROR` for an order, a filter or a cursor, which this list does not support.
pub async fn list_keys(app: &App, user: &UserRow, query: &ListQuery) -> Result<Page<ApiKey>> {
    let (limit, offset) = plain_page(
        query,
        "keys are listed newest first; only limit and offset are supported",
    )?;
    let mut connection = app.db.read().await?;
    let (rows, total) = api_keys::list(&mut connection, &user.id, limit, offset).await?;
    let mut items = Vec::with_capacity(rows.len());
    for row in rows {
        items.push(shown(&mut connection, app.key_uses.complete(row)).await?);
    }
    Ok(Page {
        items,
        total: u64::try_from(total).unwrap_or(0),
        next_cursor: None,
    })
}

/// # Errors
/// `NOT_FOUND` also for another user's key.
pub async fn delete_key(db: &Db, actor: Actor<'_>, id: &Id) -> Result<()> {
    transaction!(db, actor, async |tx| {
        if !api_keys::delete(tx, actor.user_id(), id.as_str()).await? {
            return Err(Error::not_found("key"));
        }
        Ok(audit::record(tx, actor, Action::KeyDelete, id.as_str()).await?)
    })
}
