//! A share link: the credentials of its visitor, and what it opens.

use std::net::IpAddr;

use hulk_proto::{ErrorCode, Id, Password, ShareToken, Timestamp, share::ShareAction};
use sqlx::AnyConnection;

use crate::{
    app::App,
    audit::Actor,
    auth::{check_active, scope::reaches},
    db::{
        entries::{self, EntryRow},
        shares::{self, ShareRow},
        tree,
        users::{self, UserRow},
    },
    error::{Error, Result},
};

/// Credentials that a visitor sends besides the token.
#[derive(Clone, Default)]
pub struct ShareCredentials {
    /// Passes for passwords that were given before.
    pub passes: Vec<String>,
    pub password: Option<Password>,
    /// The address of the client.
    pub address: Option<IpAddr>,
    /// The claim of a download that is continued.
    pub claim: Option<Id>,
}

/// A share that is open to its visitor.
#[derive(Clone)]
pub struct Opened {
    pub share: ShareRow,
    pub owner: UserRow,
    pub(crate) entry: EntryRow,
    /// The address of the visitor's client.
    pub(super) address: String,
    /// The shares that it was created from, nearest first.
    pub(super) above: Vec<ShareRow>,
}

impl Opened {
    /// Returns the visitor, acting on the owner's data.
    pub fn actor(&self) -> Actor<'_> {
        Actor::Visitor {
            owner: &self.owner,
            share: &self.share,
            address: &self.address,
        }
    }

    /// Whether downloads are counted.
    pub fn is_counted(&self) -> bool {
        self.chain().any(|share| share.max_downloads.is_some())
    }

    /// Returns the share and those above it.
    pub(super) fn chain(&self) -> impl Iterator<Item = &ShareRow> {
        std::iter::once(&self.share).chain(&self.above)
    }

    pub(crate) async fn check_within(
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

fn refusal(action: ShareAction) -> &'static str {
    match action {
        ShareAction::List | ShareAction::Download => "this link does not allow downloads",
        ShareAction::Upload => "this link does not allow uploads",
        ShareAction::Share => "this link does not allow creating other links",
        ShareAction::Delete => "this link does not allow deleting",
    }
}

/// Finds a share that is neither revoked nor expired, without checking its password.
pub(super) async fn find(app: &App, token: &ShareToken) -> Result<Opened> {
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
    // A link reaches no further than the key of its creator.
    if !reaches(&mut connection, share.root_id.as_deref(), &entry.id).await? {
        return Err(not_found());
    }
    for share in &above {
        // An entry that was moved out of a share is out of reach of the links created from that share.
        if !tree::is_within(&mut connection, &entry.id, &share.entry_id).await? {
            return Err(not_found());
        }
    }
    let owner = users::find(&mut connection, &share.user_id).await?;
    let owner = owner.ok_or_else(not_found)?;
    check_active(&owner)?;
    Ok(Opened {
        owner,
        entry,
        share,
        address: String::new(),
        above,
    })
}

pub(super) async fn above(
    connection: &mut AnyConnection,
    share: &ShareRow,
) -> Result<Vec<ShareRow>> {
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

pub(super) fn check_open(share: &ShareRow) -> Result<()> {
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

/// Returns how many downloads may still begin; `None` if they are not counted.
pub(super) fn downloads_left<'a>(chain: impl Iterator<Item = &'a ShareRow>) -> Option<u64> {
    let left = |share: &ShareRow| Some((share.max_downloads? - share.claim_count).max(0));
    let least = chain.filter_map(left).min()?;
    u64::try_from(least).ok()
}
