//! Whose files a request puts, below which directory, and with what right.

use crate::db::{shares::ShareRow, users::UserRow};

/// The owner's root, or a directory that a share takes files into.
#[derive(Clone, Copy)]
pub struct Destination<'a> {
    pub user: &'a UserRow,
    /// Paths are relative to it.
    pub root_id: &'a str,
    /// Who puts through a share neither replaces nor learns what is there.
    pub share: Option<&'a ShareRow>,
    /// Of the client that puts through a share.
    pub address: Option<&'a str>,
}

impl<'a> From<&'a UserRow> for Destination<'a> {
    fn from(user: &'a UserRow) -> Self {
        Self {
            user,
            root_id: &user.root_id,
            share: None,
            address: None,
        }
    }
}

impl<'a> Destination<'a> {
    pub fn of_share(owner: &'a UserRow, share: &'a ShareRow, address: &'a str) -> Self {
        Self {
            user: owner,
            root_id: &share.entry_id,
            share: Some(share),
            address: Some(address),
        }
    }

    /// The largest file that may be put.
    pub(super) fn max_file_bytes(&self, most: u64) -> u64 {
        let cap = self.share.and_then(|share| share.max_file_bytes);
        cap.and_then(|cap| u64::try_from(cap).ok())
            .map_or(most, |cap| cap.min(most))
    }

    pub(super) fn share_id(&self) -> Option<&'a str> {
        self.share.map(|share| share.id.as_str())
    }
}
