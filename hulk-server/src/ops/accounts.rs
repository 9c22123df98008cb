//! Users and their API keys.

use hulk_proto::{
    ApiKey, ApiKeySecret, CreateApiKey, CreatedApiKey, ErrorCode, Id, ListQuery, Me, Page, Role,
    Timestamp, user::User,
};

use super::{present, shares::Passwords, validate};
use crate::{
    caller::{Caller, secret_hash},
    db::{
        Db,
        api_keys::{self, NewApiKey},
        entries,
        users::{self, NewUser, UserRow},
    },
    error::{Error, Result},
};

const MIN_PASSWORD_CHARS: usize = 8;
/// Keys of one user.
const MAX_KEYS: i64 = 1000;

/// A user to be.
pub struct CreateUser {
    pub email: String,
    pub password: String,
    pub role: Role,
    pub is_email_verified: bool,
}

/// Makes a user with a root directory.
///
/// # Errors
/// `AUTH_EMAIL_EXISTS`, or `VALIDATION_ERROR` for what is not an email or too short a password.
pub async fn create_user(db: &Db, quota_bytes: u64, request: CreateUser) -> Result<User> {
    let email = request.email.trim().to_lowercase();
    if !is_email(&email) {
        return Err(Error::validation("email", "expected NAME@HOST"));
    }
    if request.password.chars().count() < MIN_PASSWORD_CHARS {
        return Err(Error::validation(
            "password",
            format!("a password has at least {MIN_PASSWORD_CHARS} characters"),
        ));
    }
    let password_hash = Passwords::default().hash(request.password).await?;
    let (id, root_id) = (Id::random(), Id::random());
    let mut transaction = db.write().await?;
    let user = NewUser {
        id: id.as_str(),
        email: &email,
        password_hash: &password_hash,
        role: request.role.as_str(),
        is_email_verified: request.is_email_verified,
        root_id: root_id.as_str(),
        quota_bytes: i64::try_from(quota_bytes).unwrap_or(i64::MAX),
    };
    if !users::insert(&mut transaction, user).await? {
        return Err(Error::new(
            ErrorCode::AuthEmailExists,
            "there is a user with this email already",
        ));
    }
    entries::insert_root(&mut transaction, root_id.as_str(), id.as_str()).await?;
    let row = users::find(&mut transaction, id.as_str()).await?;
    transaction.commit().await?;
    present::user(row.ok_or_else(|| Error::internal("a new user is missing"))?)
}

fn is_email(text: &str) -> bool {
    text.len() <= 254
        && !text
            .chars()
            .any(|character| character.is_control() || character.is_whitespace())
        && text
            .split_once('@')
            .is_some_and(|(name, host)| !name.is_empty() && !host.is_empty() && !host.contains('@'))
}

/// The user with this email.
///
/// # Errors
/// `NOT_FOUND`.
pub async fn find_user(db: &Db, email: &str) -> Result<UserRow> {
    let mut connection = db.read().await?;
    users::find_by_email(&mut connection, &email.trim().to_lowercase())
        .await?
        .ok_or_else(|| Error::not_found("user"))
}

/// Makes a key; the answer is the only place where its secret is ever told.
///
/// # Errors
/// `VALIDATION_ERROR` for a bad label or an expiry in the past, `QUOTA_EXCEEDED` for too many keys.
pub async fn create_key(db: &Db, user: &UserRow, request: CreateApiKey) -> Result<CreatedApiKey> {
    validate::label(&request.label).map_err(|message| Error::validation("label", message))?;
    if request
        .expires_at
        .is_some_and(|expires_at| expires_at <= Timestamp::now())
    {
        return Err(Error::validation("expires_at", "is in the past"));
    }
    let secret = ApiKeySecret::random();
    let mut transaction = db.write().await?;
    let (_, count) = api_keys::list(&mut transaction, &user.id, 0, 0).await?;
    if count >= MAX_KEYS {
        return Err(Error::new(
            ErrorCode::QuotaExceeded,
            format!("you have {MAX_KEYS} keys; revoke one first (hulk keys rm)"),
        ));
    }
    let key = NewApiKey {
        id: secret.id().as_str(),
        user_id: &user.id,
        label: &request.label,
        secret_hash: &secret_hash(&secret),
        permissions: request.permissions.as_str(),
        expires_at: request.expires_at.map(Timestamp::unix_millis),
    };
    let row = api_keys::insert(&mut transaction, key).await?;
    transaction.commit().await?;
    Ok(CreatedApiKey {
        api_key: present::api_key(row)?,
        key: secret.reveal(),
    })
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

/// The user's keys, newest first.
///
/// # Errors
/// `VALIDATION_ERROR` for an order or filter, which this list has not.
pub async fn list_keys(db: &Db, user: &UserRow, query: &ListQuery) -> Result<Page<ApiKey>> {
    let (limit, offset) = super::plain_page(query, "keys are listed newest first, by offset")?;
    let mut connection = db.read().await?;
    let (rows, total) = api_keys::list(&mut connection, &user.id, limit, offset).await?;
    Ok(Page {
        items: rows
            .into_iter()
            .map(present::api_key)
            .collect::<Result<_>>()?,
        total: u64::try_from(total).unwrap_or(0),
        next_cursor: None,
    })
}

/// # Errors
/// `NOT_FOUND` also for another user's.
pub async fn delete_key(db: &Db, user: &UserRow, id: &Id) -> Result<()> {
    let mut transaction = db.write().await?;
    let deleted = api_keys::delete(&mut transaction, &user.id, id.as_str()).await?;
    transaction.commit().await?;
    deleted.then_some(()).ok_or_else(|| Error::not_found("key"))
}

/// Who calls, and with which key.
///
/// # Errors
/// Only if the database holds what it cannot.
pub fn me(caller: Caller) -> Result<Me> {
    Ok(Me {
        user: present::user(caller.user)?,
        api_key: present::api_key(caller.key)?,
    })
}
