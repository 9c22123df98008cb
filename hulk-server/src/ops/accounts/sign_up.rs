//! New accounts: by people who sign up, and by the operator.

use hulk_proto::{
    ApiKeySecret, CreateApiKey, ErrorCode, Id, KeyPermission, Password, Role,
    account::{SignUp, SignedUp},
    limits::MAX_LABEL_BYTES,
};
use sha2::{Digest, Sha256};

use super::{
    keys::insert_key,
    tiers::{find_tier, quota_of},
};
use crate::{
    app::{App, Signup},
    audit::{self, Action, Actor},
    auth::Client,
    db::{
        Write, entries,
        queue::{self, Mail},
        users::{self, NewUser, UserRow},
    },
    error::{Error, Result},
    limits::attempts::Attempt,
    ops::{present, validate},
};

/// Longest user name, in characters.
const MAX_USERNAME: usize = 64;

/// Creates an account with its root directory and its first key, and queues the mail that verifies its
/// address.
///
/// # Errors
/// `SIGNUP_CLOSED`, `INVITE_REQUIRED`, `TOO_MANY_REQUESTS`, `VALIDATION_ERROR`, `AUTH_EMAIL_EXISTS`, or
/// `CONFLICT` for a user name that is in use.
pub async fn sign_up(app: &App, client: &Client, request: SignUp) -> Result<SignedUp> {
    let code = match &app.settings.signup {
        Signup::Open => None,
        Signup::Invite(code) => Some(code.as_str()),
        Signup::Closed => {
            return Err(Error::new(
                ErrorCode::SignupClosed,
                "this server takes no new accounts; ask its operator for one",
            ));
        }
    };
    let email = email(&request.email)?;
    Attempt::Signup
        .count(
            &app.db,
            &app.settings.rate_limits,
            client.address,
            Some(&email),
        )
        .await?;
    if let Some(code) = code {
        check_invitation(code, request.invite_code.as_ref())?;
    }
    let new = new_account(app, email, request).await?;
    let secret = ApiKeySecret::random();
    // Not through `ops::transaction`: the user has no row yet that could be locked.
    let mut transaction = app.db.write().await?;
    let user = insert(&mut transaction, &new).await?;
    let key = CreateApiKey {
        label: "default".to_owned(),
        permissions: KeyPermission::All,
        expires_at: None,
        path: None,
    };
    insert_key(&mut transaction, &user.id, &secret, &key, None).await?;
    let user_id = user.id.as_str();
    let actor = Actor::Owner { user_id, client };
    audit::record(&mut transaction, actor, Action::UserCreate, user_id).await?;
    let work = Mail::Verification;
    queue::insert(
        &mut transaction,
        Id::random().as_str(),
        Some(&user.id),
        work,
    )
    .await?;
    transaction.commit().await?;
    app.queue.notify_one();
    Ok(SignedUp {
        user: present::user(user)?,
        api_key: secret.reveal(),
    })
}

/// Checks what an account is called and its password.
async fn new_account(app: &App, email: String, request: SignUp) -> Result<NewAccount> {
    let names = Names {
        first_name: name("first_name", request.first_name.as_deref())?,
        last_name: name("last_name", request.last_name.as_deref())?,
        username: username(request.username.as_deref())?,
    };
    let about = [Some(email.clone()), names.first_name.clone()];
    let about = about.into_iter().flatten().collect();
    let has_recipe = app.settings.has_password_recipe;
    let password_hash = app
        .passwords
        .hash_of_user("password", request.password, has_recipe, about)
        .await?;
    Ok(NewAccount {
        email,
        password_hash,
        role: Role::User,
        is_email_verified: false,
        tier: app.settings.new_user_tier.clone(),
        quota_bytes: app.settings.new_user_quota,
        names,
    })
}

/// Digests are compared, so that the time does not reveal how much of a code is right.
fn check_invitation(code: &str, given: Option<&Password>) -> Result<()> {
    let refused = |message| Err(Error::new(ErrorCode::InviteRequired, message));
    match given {
        Some(given) if Sha256::digest(&given.0) == Sha256::digest(code) => Ok(()),
        Some(_) => refused("this invite code is wrong"),
        None => refused("this server needs an invite code for a new account"),
    }
}

/// What a user is called, besides the email address.
#[derive(Clone, Debug, Default)]
pub(crate) struct Names {
    pub(crate) first_name: Option<String>,
    pub(crate) last_name: Option<String>,
    pub(crate) username: Option<String>,
}

/// An account whose fields have been checked.
pub(crate) struct NewAccount {
    pub(crate) email: String,
    pub(crate) password_hash: String,
    pub(crate) role: Role,
    pub(crate) is_email_verified: bool,
    /// Name or id of a tier.
    pub(crate) tier: String,
    /// That of the tier, if it is missing.
    pub(crate) quota_bytes: Option<u64>,
    pub(crate) names: Names,
}

/// Inserts an account with its root directory.
pub(crate) async fn insert(transaction: &mut Write, new: &NewAccount) -> Result<UserRow> {
    let (id, root_id) = (Id::random(), Id::random());
    check_username(transaction, id.as_str(), new.names.username.as_deref()).await?;
    let tier = find_tier(transaction, &new.tier).await?;
    let quota_bytes = match new.quota_bytes {
        Some(bytes) => i64::try_from(bytes).unwrap_or(i64::MAX),
        None => quota_of(&tier),
    };
    let user = NewUser {
        id: id.as_str(),
        email: &new.email,
        password_hash: &new.password_hash,
        role: new.role,
        is_email_verified: new.is_email_verified,
        root_id: root_id.as_str(),
        quota_bytes,
        tier_id: &tier.id,
        first_name: new.names.first_name.as_deref(),
        last_name: new.names.last_name.as_deref(),
        username: new.names.username.as_deref(),
    };
    if !users::insert(transaction, user).await? {
        return Err(Error::new(
            ErrorCode::AuthEmailExists,
            "a user with this email address already exists",
        ));
    }
    entries::insert_root(transaction, root_id.as_str(), id.as_str()).await?;
    let row = users::find(transaction, id.as_str()).await?;
    row.ok_or_else(|| Error::internal("a new user is missing"))
}

/// Fails if another user has the name.
pub(super) async fn check_username(
    transaction: &mut Write,
    user_id: &str,
    username: Option<&str>,
) -> Result<()> {
    let Some(username) = username else {
        return Ok(());
    };
    let holder = users::id_of_username(transaction, username).await?;
    match holder.is_none_or(|holder| holder == user_id) {
        true => Ok(()),
        false => Err(Error::new(
            ErrorCode::Conflict,
            "another user has this user name; choose another one",
        )),
    }
}

/// Returns an email address as it is stored.
///
/// # Errors
/// `VALIDATION_ERROR`.
pub(crate) fn email(text: &str) -> Result<String> {
    let email = text.trim().to_lowercase();
    let plain = email.len() <= 254
        && !email
            .chars()
            .any(|character| character.is_control() || character.is_whitespace());
    let has_parts = email
        .split_once('@')
        .is_some_and(|(name, host)| !name.is_empty() && !host.is_empty() && !host.contains('@'));
    match plain && has_parts {
        true => Ok(email),
        false => Err(Error::validation("email", "expected NAME@HOST")),
    }
}

/// Returns a first or last name as it is stored; `None` for an empty one.
pub(super) fn name(field: &str, text: Option<&str>) -> Result<Option<String>> {
    let text = text.map(str::trim).filter(|text| !text.is_empty());
    if let Some(text) = text {
        validate::label(text).map_err(|message| Error::validation(field, message))?;
    }
    Ok(text.map(str::to_owned))
}

/// Returns a user name as it is stored: lower case, since names that differ by case alone would be confused.
pub(super) fn username(text: Option<&str>) -> Result<Option<String>> {
    let Some(text) = text.filter(|text| !text.is_empty()) else {
        return Ok(None);
    };
    let is_plain = |character: char| character.is_ascii_alphanumeric() || "._-".contains(character);
    match text.len() <= MAX_USERNAME.min(MAX_LABEL_BYTES) && text.chars().all(is_plain) {
        true => Ok(Some(text.to_ascii_lowercase())),
        false => Err(Error::validation(
            "username",
            format!("expected 1 to {MAX_USERNAME} letters, digits, '.', '-' or '_'"),
        )),
    }
}
