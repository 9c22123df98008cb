//! Users.

use hulk_proto::{
    Credential, Me, Password, Role,
    user::{User, UserLimits},
};

use super::sign_up::{self, Names, NewAccount, insert};
use crate::{
    app::App,
    audit::{self, Action, Actor},
    auth::{self, Caller, passwords::Passwords},
    db::{
        Db,
        users::{self, UserRow},
    },
    error::{Error, Result},
    limits::Limits,
    ops::present,
};

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
/// `AUTH_EMAIL_EXISTS`, or `VALIDATION_ERROR` for an invalid email address or a password that is easy to guess.
pub async fn create_user(db: &Db, quota_bytes: u64, request: CreateUser) -> Result<User> {
    let email = sign_up::email(&request.email)?;
    // The operator's command has no server, and so no thread for passwords.
    let password = Password(request.password);
    let about = vec![email.clone()];
    let password_hash = Passwords::default()
        .hash_of_user("password", password, false, about)
        .await?;
    let new = NewAccount {
        email,
        password_hash,
        role: request.role,
        is_email_verified: request.is_email_verified,
        quota_bytes,
        names: Names::default(),
    };
    // Not through `ops::transaction`: the user has no row yet that could be locked.
    let mut transaction = db.write().await?;
    let row = insert(&mut transaction, &new).await?;
    let actor = Actor::Server { user_id: &row.id };
    audit::record(&mut transaction, actor, Action::UserCreate, &row.id).await?;
    transaction.commit().await?;
    present::user(row)
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
        auth::Credential::Session { id, .. } => Credential::Session { id },
        auth::Credential::Oidc { permissions, .. } => Credential::Oidc { permissions },
        auth::Credential::Root => Credential::Root,
    })
}
