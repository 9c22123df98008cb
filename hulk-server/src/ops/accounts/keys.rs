//! A user's API keys.

use hulk_proto::{
    ApiKey, ApiKeySecret, CreateApiKey, CreatedApiKey, ErrorCode, Id, ListQuery, Page, Timestamp,
};

use crate::{
    app::App,
    audit::{self, Action, Actor},
    auth::keys::secret_hash,
    db::{
        Db, Write,
        api_keys::{self, ApiKeyRow, NewApiKey},
        users::UserRow,
    },
    error::{Error, Result},
    ops::{page::plain_page, present, transaction::transaction, validate},
};

/// How many keys a user may have.
const MAX_KEYS: i64 = 1000;

/// Creates a key; only this answer ever has its secret.
///
/// # Errors
/// `VALIDATION_ERROR` for a bad label or an expiry in the past, `QUOTA_EXCEEDED` for too many keys.
pub async fn create_key(db: &Db, actor: Actor<'_>, request: CreateApiKey) -> Result<CreatedApiKey> {
    validate::label(&request.label).map_err(|message| Error::validation("label", message))?;
    if request
        .expires_at
        .is_some_and(|expires_at| expires_at <= Timestamp::now())
    {
        return Err(Error::validation("expires_at", "is in the past"));
    }
    let secret = ApiKeySecret::random();
    let user_id = actor.user_id();
    let row = transaction!(db, actor, async |tx| {
        check_count(tx, user_id).await?;
        audit::record(tx, actor, Action::KeyCreate, secret.id().as_str()).await?;
        insert_key(tx, user_id, &secret, &request).await
    });
    Ok(CreatedApiKey {
        api_key: present::api_key(row?)?,
        key: secret.reveal(),
    })
}

/// Fails if the user has as many keys as are allowed.
pub(super) async fn check_count(transaction: &mut Write, user_id: &str) -> Result<()> {
    let (_, count) = api_keys::list(transaction, user_id, 0, 0).await?;
    match count < MAX_KEYS {
        true => Ok(()),
        false => Err(Error::new(
            ErrorCode::QuotaExceeded,
            format!("you already have {MAX_KEYS} keys; revoke one first (hulk keys rm)"),
        )),
    }
}

/// Inserts a key of a user, whose request was checked.
pub(super) async fn insert_key(
    transaction: &mut Write,
    user_id: &str,
    secret: &ApiKeySecret,
    request: &CreateApiKey,
) -> Result<ApiKeyRow> {
    let key = NewApiKey {
        id: secret.id().as_str(),
        user_id,
        label: &request.label,
        secret_hash: &secret_hash(secret),
        permissions: request.permissions,
        expires_at: request.expires_at.map(Timestamp::unix_millis),
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
    Ok(Page {
        items: rows
            .into_iter()
            .map(|row| present::api_key(app.key_uses.complete(row)))
            .collect::<Result<_>>()?,
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
