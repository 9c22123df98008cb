//! Links that sign a browser in: for whoever is logged in to the command, and never asks where the key is.

use std::time::Duration;

use hulk_proto::{
    ApiKeySecret, ErrorCode, Right, Timestamp,
    session::{LoggedIn, LoginLink},
};

use super::{
    session_tokens::until,
    sessions::{Proof, begin, no_such_link},
};
use crate::{
    app::App,
    audit::Actor,
    auth::{
        Caller, Client, Credential, check_active, keys,
        tokens::{Token, TokenPrefix},
    },
    db::{
        Write, api_keys,
        login_links::{self, LoginLinkRow},
        sessions, users,
    },
    error::{Error, Result},
    ops::transaction::transaction,
};

const LIFE: Duration = Duration::from_secs(60);

/// Creates a link that works once and leads to a page of this server. Its session permits as much as the
/// caller's credential, and ends with the same key; the link itself ends with the credential.
///
/// # Errors
/// `FORBIDDEN` for a credential that is neither a key nor a session, and for one that may not read.
pub async fn create(app: &App, caller: &Caller, next_path: &str) -> Result<LoginLink> {
    caller.require(Right::Read)?;
    let (token, now) = (Token::random(TokenPrefix::Once), Timestamp::now());
    transaction!(&app.db, Actor::from(caller), async |tx| {
        let maker = Maker::of(tx, &caller.credential).await?;
        let link = LoginLinkRow {
            token_hash: token.hash(),
            user_id: caller.user.id.clone(),
            session_id: maker.session_id,
            key_id: maker.key_id,
            next_path: next_path.to_owned(),
            expires_at: until(now, LIFE, maker.ends_at),
        };
        Ok(login_links::insert(tx, &link).await?)
    })?;
    let (server, token) = (&app.settings.public_url, token.reveal());
    Ok(LoginLink {
        url: format!("{server}/login/once?token={token}"),
        expires_in: LIFE.as_secs(),
    })
}

/// Creates a link to the start page with an API key.
///
/// # Errors
/// Those of the key, and `FORBIDDEN` for one that may not read.
pub async fn create_with_key(app: &App, secret: &ApiKeySecret) -> Result<LoginLink> {
    let caller = keys::authenticate(&app.db, secret).await?;
    create(app, &caller, "/").await
}

/// The credential with which a link is made.
struct Maker {
    session_id: Option<String>,
    /// The key, or that of the session.
    key_id: Option<String>,
    /// When the key expires.
    ends_at: Option<i64>,
}

impl Maker {
    async fn of(transaction: &mut Write, credential: &Credential) -> Result<Self> {
        match credential {
            Credential::ApiKey(key) => Ok(Self {
                session_id: None,
                key_id: Some(key.id.clone()),
                ends_at: key.expires_at,
            }),
            Credential::Session { id, .. } => {
                let session = sessions::find(transaction, id.as_str()).await?;
                let session = session.ok_or_else(ended)?;
                Ok(Self {
                    session_id: Some(session.id),
                    key_id: session.key_id,
                    ends_at: session.ends_at,
                })
            }
            Credential::Oidc { .. } | Credential::Root => Err(Error::new(
                ErrorCode::Forbidden,
                "only the API key or the session of a user makes a link that signs in",
            )),
        }
    }
}

fn ended() -> Error {
    Error::new(
        ErrorCode::AuthInvalidCredentials,
        "this session has ended; log in again",
    )
}

/// Begins a session by the token of a link, which is then used up. Also returns the path of its page.
///
/// # Errors
/// `AUTH_INVALID_CREDENTIALS` alike for a token that is unknown, used or expired, `ACCOUNT_DISABLED`.
pub async fn log_in(app: &App, client: &Client, text: &str) -> Result<(LoggedIn, String)> {
    let token = Token::parse(TokenPrefix::Once, text).ok_or_else(no_such_link)?;
    let mut connection = app.db.read().await?;
    let link = login_links::find(&mut connection, &token.hash(), Timestamp::now()).await?;
    let link = link.ok_or_else(no_such_link)?;
    let user = users::find(&mut connection, &link.user_id).await?;
    let key = match &link.key_id {
        // Without its key, the link is gone too.
        Some(id) => {
            let key = api_keys::find(&mut connection, id).await?;
            Some(Box::new(key.ok_or_else(no_such_link)?))
        }
        None => None,
    };
    drop(connection);
    let user = user.ok_or_else(no_such_link)?;
    check_active(&user)?;
    let session = begin(app, client, user, Proof::Link(link.token_hash, key)).await?;
    Ok((session, link.next_path))
}
