//! Log-ins: sessions are created, refreshed, listed and ended. `db::sessions` has the table of states.

use std::time::Duration;

use hulk_proto::{
    ApiKeySecret, ErrorCode, Id, KeyPermission, ListQuery, Page, Right, Timestamp,
    session::{LogIn, LoggedIn, Session, TokenType},
};

use super::sign_up;
use crate::{
    app::App,
    audit::{self, Action, Actor},
    auth::{
        Caller, Client, Credential, check_active, keys,
        tokens::{Token, TokenPrefix},
    },
    db::{
        Write,
        api_keys::{self, ApiKeyRow},
        login_links,
        sessions::{self, SessionRow, TokenKind, TokenRow},
        users::{self, UserRow},
    },
    error::{Error, Result},
    limits::attempts::Attempt,
    ops::{page::plain_page, present, transaction::transaction},
};

const ACCESS_LIFE: Duration = Duration::from_secs(15 * 60);
const REFRESH_LIFE: Duration = Duration::from_secs(7 * 24 * 60 * 60);
/// How long the predecessor of a refresh token is accepted: its client may not have received the answer, or
/// two of its requests refreshed at once.
const GRACE: Duration = Duration::from_secs(30);
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

/// Exchanges a refresh token for new tokens.
///
/// # Errors
/// `AUTH_REFRESH_FAILED`, `ACCOUNT_DISABLED`.
pub async fn refresh(app: &App, text: &str) -> Result<LoggedIn> {
    let presented = Token::parse(TokenPrefix::Refresh, text).ok_or_else(refused)?;
    let mut connection = app.db.read().await?;
    let found = sessions::find_token(&mut connection, &presented.hash()).await?;
    let found = found.ok_or_else(refused)?;
    let session = sessions::find(&mut connection, &found.session_id).await?;
    let session = session.ok_or_else(refused)?;
    let user = users::find(&mut connection, &session.user_id).await?;
    let key = match &session.key_id {
        Some(key_id) => api_keys::find(&mut connection, key_id).await?,
        None => None,
    };
    drop(connection);
    let mut user = user.ok_or_else(refused)?;
    if key.is_some_and(|key| key.root_id.is_some()) {
        // As in `GET /me`.
        user.used_bytes = 0;
    }
    check_active(&user)?;
    let actor = Actor::Server { user_id: &user.id };
    let exchanged = transaction!(&app.db, actor, async |tx| {
        exchange(tx, &session, &presented).await
    })?;
    let (tokens, expires_in) = exchanged.ok_or_else(refused)?;
    tokens.answer(user, expires_in)
}

/// Returns the successor of a token, and how long its access token is valid; `None` if there is none. Ends
/// the session if the token was exchanged before: then somebody else has it, or has had it.
async fn exchange(
    transaction: &mut Write,
    session: &SessionRow,
    presented: &Token,
) -> Result<Option<(Tokens, Duration)>> {
    let (now, hash) = (Timestamp::now(), presented.hash());
    let found = sessions::find_token(transaction, &hash).await?;
    let is_good =
        |token: &TokenRow| token.kind == TokenKind::Refresh && token.expires_at > now.unix_millis();
    let Some(found) = found.filter(is_good) else {
        return Ok(None);
    };
    let successor = Token::derived(TokenPrefix::Refresh, &session.token_key, presented)?;
    let tokens = Tokens::of(session, successor)?;
    let Some(rotated_at) = found.rotated_at else {
        sessions::rotate(transaction, &hash, now.unix_millis()).await?;
        let expires_at = until(now, REFRESH_LIFE, session.ends_at);
        sessions::extend(transaction, &session.id, expires_at).await?;
        sessions::touch(transaction, &session.id, now.unix_millis()).await?;
        tokens.insert(transaction, session, now).await?;
        return Ok(Some((tokens, ACCESS_LIFE)));
    };
    let next = sessions::find_token(transaction, &tokens.refresh.hash()).await?;
    let is_current = next.is_some_and(|next| next.rotated_at.is_none());
    let grace = i64::try_from(GRACE.as_millis()).unwrap_or(0);
    if is_current && now.unix_millis() - rotated_at <= grace {
        let access = sessions::find_token(transaction, &tokens.access.hash()).await?;
        let left = access.map_or(0, |access| access.expires_at - now.unix_millis());
        let left = Duration::from_millis(u64::try_from(left).unwrap_or(0));
        return Ok(Some((tokens, left)));
    }
    tracing::warn!(
        session = session.id,
        "a refresh token was reused; its session ends"
    );
    sessions::delete(transaction, &session.user_id, &session.id).await?;
    Ok(None)
}

/// The tokens that a client gets together.
struct Tokens {
    refresh: Token,
    access: Token,
}

impl Tokens {
    fn of(session: &SessionRow, refresh: Token) -> Result<Self> {
        let access = Token::derived(TokenPrefix::Access, &session.token_key, &refresh)?;
        Ok(Self { refresh, access })
    }

    async fn insert(
        &self,
        transaction: &mut Write,
        session: &SessionRow,
        now: Timestamp,
    ) -> Result<()> {
        for (token, kind, life) in [
            (&self.refresh, TokenKind::Refresh, REFRESH_LIFE),
            (&self.access, TokenKind::Access, ACCESS_LIFE),
        ] {
            let expires_at = until(now, life, session.ends_at);
            let hash = token.hash();
            sessions::insert_token(transaction, &session.id, kind, &hash, expires_at).await?;
        }
        Ok(())
    }

    fn answer(self, user: UserRow, expires_in: Duration) -> Result<LoggedIn> {
        Ok(LoggedIn {
            access_token: self.access.reveal().to_owned(),
            refresh_token: self.refresh.reveal().to_owned(),
            token_type: TokenType::Bearer,
            expires_in: expires_in.as_secs(),
            user: present::user(user)?,
        })
    }
}

/// Returns when what begins now ends: after `life`, or earlier with the key that it was made with.
pub(super) fn until(now: Timestamp, life: Duration, ends_at: Option<i64>) -> i64 {
    let until = now.saturating_add(life).unix_millis();
    ends_at.map_or(until, |ends_at| ends_at.min(until))
}

fn refused() -> Error {
    Error::new(
        ErrorCode::AuthRefreshFailed,
        "this refresh token is not valid, or was used before; log in again",
    )
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
