//! Whose files a request puts, below which directory, and with what right.

use crate::db::{shares::ShareRow, users::UserRow, versions::VersionRow};

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
    /// The key, if it may upload and nothing else: whoever has it neither learns nor changes what is
    /// there, and resumes and ends the uploads of this key alone.
    pub key_id: Option<&'a str>,
}

impl<'a> From<&'a UserRow> for Destination<'a> {
    fn from(user: &'a UserRow) -> Self {
        Self {
            user,
            root_id: &user.root_id,
            share: None,
            address: None,
            key_id: None,
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
            key_id: None,
        }
    }

    /// For a key that may upload and nothing else.
    pub fn of_upload_key(user: &'a UserRow, key_id: &'a str) -> Self {
        Self {
            key_id: Some(key_id),
            ..Self::from(user)
        }
    }

    /// The largest file that may be put.
    pub(super) fn max_file_bytes(&self, most: u64) -> u64 {
        let cap = self.share.and_then(|share| share.max_file_bytes);
        cap.and_then(|cap| u64::try_from(cap).ok())
            .map_or(most, |cap| cap.min(most))
    }

    /// Whether the client may learn what the user has stored.
    pub(super) fn may_read(&self) -> bool {
        self.share.is_none() && self.key_id.is_none()
    }

    /// Whether the client may resume, end or cancel this upload.
    pub(super) fn may_continue(&self, version: &VersionRow) -> bool {
        self.key_id.is_none() || self.key_id == version.key_id.as_deref()
    }

    /// Whether a stored version may stand for bytes of which the client has told no more than a digest.
    /// An upload key would read by it what it never had; and a digest that such a key declared is no
    /// proof to others, as no store compares the SHA-256 of an upload in parts.
    pub(super) fn may_reuse(&self, stored: &VersionRow) -> bool {
        self.key_id.is_none() && stored.key_id.is_none()
    }

    pub(super) fn share_id(&self) -> Option<&'a str> {
        self.share.map(|share| share.id.as_str())
    }
}
