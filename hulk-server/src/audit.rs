//! On whose behalf something changes.

use crate::{
    auth::{Caller, Credential},
    db::{shares::ShareRow, users::UserRow},
};

/// On whose behalf a transaction changes what belongs to a user.
#[derive(Clone, Copy)]
pub enum Actor<'a> {
    /// The user, by a credential of theirs.
    User {
        user: &'a UserRow,
        credential: &'a Credential,
    },
    /// Whoever has a link of the user's.
    Visitor {
        owner: &'a UserRow,
        share: &'a ShareRow,
        /// Of the visitor's client.
        address: &'a str,
    },
    /// The server itself: a sweep, or the completion of an upload that no client reports.
    Server { user_id: &'a str },
}

impl<'a> Actor<'a> {
    /// The user whose things are changed.
    pub(crate) fn user_id(self) -> &'a str {
        match self {
            Self::User { user, .. } | Self::Visitor { owner: user, .. } => &user.id,
            Self::Server { user_id } => user_id,
        }
    }

    /// The share that a visitor has come through.
    pub(crate) fn share(self) -> Option<&'a ShareRow> {
        match self {
            Self::Visitor { share, .. } => Some(share),
            _ => None,
        }
    }

    /// The address of a visitor's client.
    pub(crate) fn address(self) -> Option<&'a str> {
        match self {
            Self::Visitor { address, .. } => Some(address),
            _ => None,
        }
    }

    /// As [`Credential::upload_key_id`].
    pub(crate) fn upload_key_id(self) -> Option<&'a str> {
        match self {
            Self::User { credential, .. } => credential.upload_key_id(),
            _ => None,
        }
    }
}

impl<'a> From<&'a Caller> for Actor<'a> {
    fn from(caller: &'a Caller) -> Self {
        Self::User {
            user: &caller.user,
            credential: &caller.credential,
        }
    }
}
