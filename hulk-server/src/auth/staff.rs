//! Moderators, admins and root.

use std::net::IpAddr;

use hulk_proto::{ErrorCode, Role};

use super::{Caller, Credential};
use crate::{
    db::{
        Db,
        users::{self, UserRow},
    },
    error::{Error, Result},
};

/// How far somebody's power goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Rank {
    User,
    /// Sees users and files, and deletes files.
    Moderator,
    /// May do everything but what root alone may.
    Admin,
    /// The operator.
    Root,
}

impl From<Role> for Rank {
    fn from(role: Role) -> Self {
        match role {
            Role::User => Self::User,
            Role::Moderator => Self::Moderator,
            Role::Admin => Self::Admin,
        }
    }
}

impl Rank {
    fn noun(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Moderator => "moderator",
            Self::Admin => "admin",
            Self::Root => "root",
        }
    }
}

/// Returns root as a caller who acts for a user.
///
/// # Errors
/// `NOT_FOUND` if there is no such user.
pub(crate) async fn root_for(db: &Db, user_id: &str, address: Option<IpAddr>) -> Result<Caller> {
    let mut connection = db.read().await?;
    let user = users::find(&mut connection, user_id).await?;
    Ok(Caller {
        user: user.ok_or_else(|| Error::not_found("user with the id in X-Hulk-User"))?,
        credential: Credential::Root,
        address,
    })
}

/// Somebody who asks for what only moderators, admins or root may.
pub struct Staff {
    /// `None` for root.
    pub user: Option<UserRow>,
    pub credential: Credential,
    /// Address of the client.
    pub address: Option<IpAddr>,
}

impl From<Caller> for Staff {
    fn from(caller: Caller) -> Self {
        Self {
            user: Some(caller.user),
            credential: caller.credential,
            address: caller.address,
        }
    }
}

impl Staff {
    pub(crate) fn root(address: Option<IpAddr>) -> Self {
        Self {
            user: None,
            credential: Credential::Root,
            address,
        }
    }

    fn rank(&self) -> Rank {
        self.user
            .as_ref()
            .map_or(Rank::Root, |user| user.role.into())
    }

    /// Fails unless it is at least somebody of this rank.
    ///
    /// # Errors
    /// `FORBIDDEN`.
    pub(crate) fn require(&self, rank: Rank) -> Result<()> {
        match self.rank() >= rank {
            true => Ok(()),
            false => Err(Error::new(
                ErrorCode::Forbidden,
                format!(
                    "this needs the role {}; this account has the role {}",
                    rank.noun(),
                    self.rank().noun()
                ),
            )),
        }
    }

    /// Fails if somebody with this role stands above.
    ///
    /// # Errors
    /// `FORBIDDEN`.
    pub(crate) fn check_over(&self, role: Role) -> Result<()> {
        match self.rank() >= Rank::from(role) {
            true => Ok(()),
            false => Err(Error::new(
                ErrorCode::Forbidden,
                format!(
                    "somebody with the role {} stands above this account, which has the role {}",
                    role.as_str(),
                    self.rank().noun()
                ),
            )),
        }
    }
}
