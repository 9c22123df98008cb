//! Log-ins: sessions are created, listed and ended. `db::sessions` has the table of states.

use hulk_proto::{
    ApiKeySecret, ErrorCode, Id, KeyPermission, ListQuery, Page, Right, Timestamp,
    session::{LogIn, LoggedIn, Session},
};

use super::{
    session_tokens::{ACCESS_LIFE, REFRESH_LIFE, Tokens, until},
    sign_up,
};
use crate::{
    app::App,
    audit::{self, Action, Actor},
    auth::{
        Caller, Client, Credential, check_active, keys,
        tokens::{Token, TokenPrefix},
    },
    db::{
        api_keys::ApiKeyRow,
        login_links,
        sessions::{self, SessionRow},
        users::{self, UserRow},
    },
    error::{Error, Result},
    limits::attempts::Attempt,
    ops::{page::plain_page, present, transaction::transaction},
};

/// How many sessions a user may have; the longest unused end first.
const MAX_SESSIONS: i64 = 100;

/// # Errors
/// `AUTH_INVALID_CREDENTIALS` alike for an unknown address and a wrong password, `ACCOUNT_DISABLED`,
/// `TOO_MANY_REQUESTS`.
pub async fn log_in(app: &App, client: &Client, request: LogIn) -> Result<LoggedIn> {
    // What is no address belongs to no account, and takes as long.
    let email = sign_up::email(&request.email).unwrap_or_default();
    Attempt::Login
        .count(
            &app.db,
            &app.settings.rate_limits,
            client.address,
            Some(&email),
        )
        .await?;
    let mut connection = app.db.read().await?;
    let user = users::find_by_email(&mut connection, &email).await?;
    let hash = match &user {
        Some(user) => users::password_hash(&mut connection, &user.id).await?,
        None => None,
    };
    drop(connection);
    let is_right = app.passwords.is_of_user(hash.as_deref(), &request.password);
    let (true, Some(user)) = (is_right.await?, user.clone()) else {
        refuse(app, client, user).await?;
        return Err(no_such_account());
    };
    check_active(&user)?;
    begin(app, client, user, Proof::Password(hash.unwrap_or_default())).await
}

/// Records a wrong log-in; also of an unknown account, so that it takes as long.
async fn refuse(app: &App, client: &Client, user: Option<UserRow>) -> Result<()> {
    let user_id = user.as_ref().map(|user| user.id.as_str());
    // Not through `ops::transaction`: it changes nothing of a user's.
    let mut transaction = app.db.write().await?;
    audit::record_refused(&mut transaction, client, user_id, Action::SessionCreate).await?;
    Ok(transaction.commit().await?)
}

fn no_such_account() -> Error {
    Error::new(
        ErrorCode::AuthInvalidCredentials,
        "no account has this email address and password",
    )
}

/// Error for a link that signs nobody in, alike for all reasons.
pub(super) fn no_such_link() -> Error {
    Error::new(
        ErrorCode::AuthInvalidCredentials,
        "this link was used before, or has expired: each works once, for a minute; 'hulk open' makes another",
    )
}

/// How a user who begins a session proved who they are.
pub(super) enum Proof {
    /// By a password with this hash, which must still be the user's when the session begins.
    Password(String),
    Key(Box<ApiKeyRow>),
    /// By a link, of whose token this is the digest, and which is used up. Its session is begun with the key,
    /// if there is one.
    Link(String, Option<Box<ApiKeyRow>>),
}

/// Begins a session with an API key, which permits as much as the key and ends with it.
///
/// # Errors
/// Those of the key, and `FORBIDDEN` for one that may not read.
pub async fn log_in_with_key(
    app: &App,
    client: &Client,
    secret: &ApiKeySecret,
) -> Result<LoggedIn> {
    let caller = keys::authenticate(&app.db, secret).await?;
    caller.require(Right::Read)?;
    match caller.credential {
        Credential::ApiKey(key) => begin(app, client, caller.user, Proof::Key(Box::new(key))).await,
        _ => Err(no_such_account()),
    }
}

/// Begins a session of a user who proved who they are.
pub(super) async fn begin(
    app: &App,
    client: &Client,
    user: UserRow,
    proof: Proof,
) -> Result<LoggedIn> {
    let now = Timestamp::now();
    let (key, hash, link) = match proof {
        Proof::Key(key) => (Some(*key), None, None),
        Proof::Password(hash) => (None, Some(hash), None),
        Proof::Link(link, key) => (key.map(|key| *key), None, Some(link)),
    };
    let ends_at = key.as_ref().and_then(|key| key.expires_at);
    let session = SessionRow {
        id: Id::random().to_string(),
        user_id: user.id.clone(),
        client: client.name.clone(),
        address: client.address.to_string(),
        permissions: key
            .as_ref()
            .map_or(KeyPermission::All, |key| key.permissions),
        key_id: key.map(|key| key.id),
        ends_at,
        token_key: Token::random(TokenPrefix::Refresh).reveal().to_owned(),
        created_at: now.unix_millis(),
        last_used_at: now.unix_millis(),
        expires_at: until(now, REFRESH_LIFE, ends_at),
    };
    let tokens = Tokens::of(&session, Token::random(TokenPrefix::Refresh))?;
    let user_id = user.id.as_str();
    let actor = Actor::Owner { user_id, client };
    transaction!(&app.db, actor, async |tx| {
        let now_hash = users::password_hash(tx, &user.id).await?;
        if hash.is_some() && hash != now_hash {
            return Err(no_such_account());
        }
        if let Some(link) = &link
            && !login_links::delete(tx, link).await?
        {
            return Err(no_such_link());
        }
        let key_id = session.key_id.as_deref();
        sessions::delete_oldest(tx, &user.id, key_id, MAX_SESSIONS - 1).await?;
        sessions::insert(tx, &session).await?;
        audit::record(tx, actor, Action::SessionCreate, &session.id).await?;
        tokens.insert(tx, &session, now).await
    })?;
    tokens.answer(user, ACCESS_LIFE)
}

/// Ends the session of a refresh token, whatever state the token is in.
///
/// # Errors
/// If the database does not answer.
pub async fn log_out(app: &App, client: &Client, text: &str) -> Result<()> {
    let Some(token) = Token::parse(TokenPrefix::Refresh, text) else {
        return Ok(());
    };
    let mut connection = app.db.read().await?;
    let Some(found) = sessions::find_token(&mut connection, &token.hash()).await? else {
        return Ok(());
    };
    let session = sessions::find(&mut connection, &found.session_id).await?;
    drop(connection);
    if let Some(session) = session {
        let user_id = session.user_id.as_str();
        let actor = Actor::Owner { user_id, client };
        transaction!(&app.db, actor, async |tx| {
            if sessions::delete(tx, user_id, &session.id).await? {
                audit::record(tx, actor, Action::SessionDelete, &session.id).await?;
            }
            Ok(())
        })?;
    }
    Ok(())
}

/// Lists the user's sessions, newest first.
///
/// # Errors
/// `VALIDATION_ERROR` for an order, a filter or a cursor, which this list does not support.
pub async fn list_sessions(app: &App, caller: &Caller, query: &ListQuery) -> Result<Page<Session>> {
    let page = plain_page(
        query,
        "sessions are listed newest first; only limit and offset are supported",
    )?;
    let mut connection = app.db.read().await?;
    let (rows, total) = sessions::list(&mut connection, &caller.user.id, page).await?;
    let current = caller.credential.session_id();
    Ok(Page {
        items: rows
            .into_iter()
            .map(|row| present::session(row, current))
            .collect::<Result<_>>()?,
        total: u64::try_from(total).unwrap_or(0),
        next_cursor: None,
    })
}

/// Ends a session of the caller's user, with all its tokens.
///
/// # Errors
/// `NOT_FOUND` also for another user's session.
pub async fn end_session(app: &App, caller: &Caller, id: &Id) -> Result<()> {
    let user_id = &caller.user.id;
    let actor = Actor::from(caller);
    transaction!(&app.db, actor, async |tx| {
        if !sessions::delete(tx, user_id, id.as_str()).await? {
            return Err(Error::not_found("session"));
        }
        Ok(audit::record(tx, actor, Action::SessionDelete, id.as_str()).await?)
    })
}

/// Ends the session of this request.
///
/// # Errors
/// `BAD_REQUEST` for a credential that is no session.
pub async fn end_current(app: &App, caller: &Caller) -> Result<()> {
    match caller.credential.session_id() {
        Some(id) => end_session(app, caller, id).await,
        None => Err(Error::new(
            ErrorCode::BadRequest,
            "this request has an API key and no session; DELETE /api-keys/ID revokes a key",
        )),
    }
}
