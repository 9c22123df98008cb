//! The actor on whose behalf something changes.

use crate::{
    auth::{Caller, Credential},
    db::{shares::ShareRow, users::UserRow},
};

/// The actor on whose behalf a transaction changes a user's data.
#[derive(Clone, Copy)]
pub enum Actor<'a> {
    /// The user, by a credential of theirs.
    User {
        user: &'a UserRow,
        credential: &'a Credential,
    },
    /// A visitor who has one of the user's links.
    Visitor {
        owner: &'a UserRow,
        share: &'a ShareRow,
        /// The address of the visitor's client.
        address: &'a str,
    },
    /// The server itself: a sweep, or the completion of an upload that no client reports.
    Server { user_id: &'a str },
}

impl<'a> Actor<'a> {
    /// Returns the user whose data is changed.
    pub(crate) fn user_id(self) -> &'a str {
        match self {
            Self::User { user, .. } | Self::Visitor { owner: user, .. } => &user.id,
            Self::Server { user_id } => user_id,
        }
    }

    /// Returns the share whose link a visitor has.
    pub(crate) fn share(self) -> Option<&'a ShareRow> {
        match self {
            Self::Visitor { share, .. } => Some(share),
            _ => None,
        }
    }

    /// Returns the address of a visitor's client.
    pub(crate) fn address(self) -> Option<&'a str> {
        match self {
            Self::Visitor { address, .. } => Some(address),
            _ => None,
        }
    }

    /// Like [`Credential::upload_key_id`].
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
