//! Users.

use hulk_proto::{
    Credential, ErrorCode, Id, Me, Role,
    share::Password,
    user::{User, UserLimits},
};

use crate::{
    app::App,
    auth::{self, Caller, passwords::Passwords},
    db::{
        Db, entries,
        users::{self, NewUser, UserRow},
    },
    error::{Error, Result},
    limits::Limits,
    ops::present,
};

const MIN_PASSWORD_CHARS: usize = 8;

/// The request to create a user.
pub struct CreateUser {
    pub email: String,
    pub password: String,
    pub role: Role,
    pub is_email_verified: bool,
}

/// Creates a user with a root directory.
///
/// # Errors
/// `AUTH_EMAIL_EXISTS`, or `VALIDATION_ERROR` for an invalid email address or a password that is too short.
pub async fn create_user(db: &Db, quota_bytes: u64, request: CreateUser) -> Result<User> {
    let email = request.email.trim().to_lowercase();
    if !is_email(&email) {
        return Err(Error::validation("email", "expected NAME@HOST"));
    }
    if request.password.chars().count() < MIN_PASSWORD_CHARS {
        return Err(Error::validation(
            "password",
            format!("a password needs at least {MIN_PASSWORD_CHARS} characters"),
        ));
    }
    // The operator's command has no server, and so no thread for passwords.
    let password = Password(request.password);
    let password_hash = Passwords::default().hash(password).await?;
    let (id, root_id) = (Id::random(), Id::random());
    // Not through `ops::transaction`: the user has no row yet that could be locked.
    let mut transaction = db.write().await?;
    let user = NewUser {
        id: id.as_str(),
        email: &email,
        password_hash: &password_hash,
        role: request.role,
        is_email_verified: request.is_email_verified,
        root_id: root_id.as_str(),
        quota_bytes: i64::try_from(quota_bytes).unwrap_or(i64::MAX),
    };
    if !users::insert(&mut transaction, user).await? {
        return Err(Error::new(
            ErrorCode::AuthEmailExists,
            "a user with this email address already exists",
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

/// Returns the user with this email.
///
/// # Errors
/// `NOT_FOUND`.
pub async fn find_user(db: &Db, email: &str) -> Result<UserRow> {
    let mut connection = db.read().await?;
    users::find_by_email(&mut connection, &email.trim().to_lowercase())
        .await?
        .ok_or_else(|| Error::not_found("user"))
}

/// Returns the calling user, with their credential and limits.
///
/// # Errors
/// Only if the database holds a malformed value.
pub fn me(app: &App, caller: Caller) -> Result<Me> {
    let limits = Limits::of(&app.settings.limits, &caller.user);
    Ok(Me {
        user: present::user(caller.user)?,
        credential: credential(caller.credential)?,
        limits: UserLimits {
            storage_bytes: limits.storage_bytes,
            object_count: u64::try_from(limits.max_objects).unwrap_or(0),
            max_file_size: limits.max_file_bytes,
        },
    })
}

fn credential(credential: auth::Credential) -> Result<Credential> {
    Ok(match credential {
        auth::Credential::ApiKey(key) => Credential::ApiKey(present::api_key(key)?),
        auth::Credential::Session { id } => Credential::Session { id },
        auth::Credential::Oidc { permissions, .. } => Credential::Oidc { permissions },
        auth::Credential::Root => Credential::Root,
    })
}
