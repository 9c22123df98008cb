//! Share links: who comes with one, and what it opens.

pub mod claim;
pub mod intake;
pub mod manage;
pub(super) mod name;
mod password;
pub mod public;
pub mod receive;

use std::net::IpAddr;

use hulk_proto::{
    ErrorCode, Id, ShareToken, Timestamp,
    share::{Password, ShareAction},
};
use sqlx::AnyConnection;

pub use password::Passwords;

use crate::{
    app::App,
    db::{
        entries::{self, EntryRow},
        shares::{self, ShareRow},
        tree,
        users::{self, UserRow},
    },
    error::{Error, Result},
};

/// How many shares may have been made one with the other.
const MAX_CHAIN: usize = 8;

/// What a visitor brings along besides the token.
#[derive(Clone, Default)]
pub struct Visit {
    /// What stands for the passwords that were given before.
    pub passes: Vec<String>,
    pub password: Option<Password>,
    /// Of the client.
    pub address: Option<IpAddr>,
    /// The claim of a download that continues.
    pub claim: Option<Id>,
}

/// A share that is open to its visitor.
#[derive(Clone)]
pub struct Opened {
    pub share: ShareRow,
    pub owner: UserRow,
    pub(crate) entry: EntryRow,
    /// Of the visitor's client.
    address: String,
    /// The shares that it was made with, nearest first.
    above: Vec<ShareRow>,
}

impl Opened {
    /// Whether downloads are counted.
    pub fn is_counted(&self) -> bool {
        self.chain().any(|share| share.max_downloads.is_some())
    }

    /// The share and those above it.
    fn chain(&self) -> impl Iterator<Item = &ShareRow> {
        std::iter::once(&self.share).chain(&self.above)
    }

    pub(in crate::ops) async fn check_within(
        &self,
        connection: &mut AnyConnection,
        id: &str,
    ) -> Result<()> {
        match tree::is_within(connection, id, &self.entry.id).await? {
            true => Ok(()),
            false => Err(Error::not_found("file")),
        }
    }

    /// # Errors
    /// `FORBIDDEN` if the share does not grant it.
    pub fn allow(&self, action: ShareAction) -> Result<()> {
        match self.share.grants().allows(action) {
            true => Ok(()),
            false => Err(Error::new(ErrorCode::Forbidden, refusal(action))),
        }
    }
}

/// # Errors
/// `NOT_FOUND` for what is not in the shared directory.
pub async fn check_within(app: &App, opened: &Opened, id: &Id) -> Result<()> {
    let mut connection = app.db.read().await?;
    opened.check_within(&mut connection, id.as_str()).await
}

fn refusal(action: ShareAction) -> &'static str {
    match action {
        ShareAction::List | ShareAction::Download => {
            "this link is not for downloading: it only takes files in"
        }
        ShareAction::Upload => "this link takes no files in",
        ShareAction::Share => "this link may not be used to make others",
        ShareAction::Delete => "this link may not be used to delete",
    }
}

/// Opens a share for one action.
///
/// # Errors
/// `NOT_FOUND`, `SHARE_EXPIRED`, `SHARE_REVOKED`; `UNAUTHORIZED` without the password,
/// `AUTH_INVALID_CREDENTIALS` with a wrong one, `TOO_MANY_REQUESTS` after too many of them;
/// `FORBIDDEN` if it does not grant the action.
pub async fn open(
    app: &App,
    token: &ShareToken,
    visit: &Visit,
    action: ShareAction,
) -> Result<Opened> {
    let mut opened = find(app, token).await?;
    opened.address = visit
        .address
        .map(|address| address.to_string())
        .unwrap_or_default();
    if !password::is_known(app, &opened.share, visit).await? {
        return Err(Error::new(
            ErrorCode::Unauthorized,
            "this link asks for a password",
        ));
    }
    opened.allow(action)?;
    Ok(opened)
}

/// A share that is still good, whatever its password.
async fn find(app: &App, token: &ShareToken) -> Result<Opened> {
    let mut connection = app.db.read().await?;
    let not_found = || Error::not_found("share");
    let share = shares::find_by_token(&mut connection, token.as_str()).await?;
    let share = share.ok_or_else(not_found)?;
    let above = above(&mut connection, &share).await?;
    for share in std::iter::once(&share).chain(&above) {
        check_open(share)?;
    }
    let entry = entries::find(&mut connection, &share.entry_id).await?;
    let entry = entry.ok_or_else(not_found)?;
    for share in &above {
        // What was moved out of reach of the one is out of reach of the other.
        if !tree::is_within(&mut connection, &entry.id, &share.entry_id).await? {
            return Err(not_found());
        }
    }
    let owner = users::find(&mut connection, &share.user_id).await?;
    Ok(Opened {
        owner: owner.ok_or_else(not_found)?,
        entry,
        share,
        address: String::new(),
        above,
    })
}

async fn above(connection: &mut AnyConnection, share: &ShareRow) -> Result<Vec<ShareRow>> {
    let mut above = Vec::new();
    let mut next = share.parent_id.clone();
    while let Some(id) = next {
        let Some(parent) = shares::find(connection, &id).await? else {
            break;
        };
        next = parent.parent_id.clone();
        above.push(parent);
    }
    Ok(above)
}

/// Whether the share and those that it was made with are neither revoked nor over.
///
/// # Errors
/// If the database does not answer.
pub(in crate::ops) async fn is_open(app: &App, id: &str) -> Result<bool> {
    let mut connection = app.db.read().await?;
    let Some(share) = shares::find(&mut connection, id).await? else {
        return Ok(false);
    };
    let above = above(&mut connection, &share).await?;
    Ok(std::iter::once(&share)
        .chain(&above)
        .all(|share| check_open(share).is_ok()))
}

fn check_open(share: &ShareRow) -> Result<()> {
    if share.revoked_at.is_some() {
        return Err(Error::new(
            ErrorCode::ShareRevoked,
            "this link was revoked by its owner",
        ));
    }
    let now = Timestamp::now().unix_millis();
    if share.expires_at.is_some_and(|expires_at| expires_at <= now) {
        return Err(Error::new(ErrorCode::ShareExpired, "this link has expired"));
    }
    Ok(())
}
