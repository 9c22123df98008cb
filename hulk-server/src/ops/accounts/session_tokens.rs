//! The tokens of a session, and how long they live.

use std::time::Duration;

use hulk_proto::{
    Timestamp,
    session::{LoggedIn, TokenType},
};

use crate::{
    auth::tokens::{Token, TokenPrefix},
    db::{
        Write,
        sessions::{self, SessionRow, TokenKind},
        users::UserRow,
    },
    error::Result,
    ops::present,
};

pub(super) const ACCESS_LIFE: Duration = Duration::from_secs(15 * 60);
pub(super) const REFRESH_LIFE: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// The tokens that a client gets together.
pub(super) struct Tokens {
    pub(super) refresh: Token,
    pub(super) access: Token,
}

impl Tokens {
    pub(super) fn of(session: &SessionRow, refresh: Token) -> Result<Self> {
        let access = Token::derived(TokenPrefix::Access, &session.token_key, &refresh)?;
        Ok(Self { refresh, access })
    }

    pub(super) async fn insert(
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

    pub(super) fn answer(self, user: UserRow, expires_in: Duration) -> Result<LoggedIn> {
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
