//! Users.

use hulk_proto::{
    Credential, Me, Password, Role,
    user::{User, UserLimits},
};

use super::{
    keys,
    sign_up::{self, Names, NewAccount, insert},
};
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
    /// Name or id of a tier.
    pub tier: String,
    /// That of the tier, if it is missing.
    pub quota_bytes: Option<u64>,
    /// Whether the password needs letters of both cases and a digit.
    pub has_password_recipe: bool,
}

/// Creates a user with a root directory.
///
/// # Errors
/// `AUTH_EMAIL_EXISTS`, or `VALIDATION_ERROR` for an invalid email address or a password that is easy to guess.
pub async fn create_user(db: &Db, request: CreateUser) -> Result<User> {
    let email = sign_up::email(&request.email)?;
    // The operator's command has no server, and so no thread for passwords.
    let password = Password(request.password);
    let about = vec![email.clone()];
    let password_hash = Passwords::default()
        .hash_of_user("password", password, request.has_password_recipe, about)
        .await?;
    let new = NewAccount {
        email,
        password_hash,
        role: request.role,
        is_email_verified: request.is_email_verified,
        tier: request.tier,
        quota_bytes: request.quota_bytes,
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

/// Returns the calling user, with their credential and limits. To a caller who is bound to a directory, it does
/// not say how much is stored.
///
/// # Errors
/// Only if the database does not answer, or holds a malformed value.
pub async fn me(app: &App, caller: Caller) -> Result<Me> {
    let limits = Limits::of(&app.settings.limits, &caller.user);
    let mut user = present::user(caller.user)?;
    if caller.credential.root_id().is_some() {
        user.used_bytes = 0;
    }
    Ok(Me {
        user,
        credential: credential(app, caller.credential).await?,
        limits: UserLimits {
            storage_bytes: limits.storage_bytes,
            object_count: u64::try_from(limits.max_objects).unwrap_or(0),
            max_file_size: limits.max_file_bytes,
            monthly_download_bytes: limits.month_bytes,
        },
    })
}

async fn credential(app: &App, credential: auth::Credential) -> Result<Credential> {
    let mut connection = app.db.read().await?;
    Ok(match credential {
        auth::Credential::ApiKey(key) => {
            Credential::ApiKey(keys::shown(&mut connection, key).await?)
        }
        auth::Credential::Session { id, key, .. } => Credential::Session {
            id,
            path: match key {
                Some(key) => keys::shown(&mut connection, *key).await?.path,
                None => None,
            },
        },
        auth::Credential::Oidc { permissions, .. } => Credential::Oidc { permissions },
        auth::Credential::Root => Credential::Root,
    })
}
