//! The directory that uploads go to, and the actor on whose behalf they do.

use crate::{
    app::App,
    audit::Actor,
    auth::{Caller, scope::Scope},
    db::{shares::ShareRow, users::UserRow, versions::VersionRow},
    limits::Limits,
    ops::tree::ensure::Root,
};

/// How an upload is completed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Completion {
    /// The client reports it, by `PUT /files/:id/status`.
    Reported,
    /// No client reports it: the first request for the file finds its object in the store.
    Observed,
}

/// A directory that takes files from an actor: the user's root, or the directory of a share.
#[derive(Clone, Copy)]
pub struct Destination<'a> {
    /// The owner of the files.
    pub user: &'a UserRow,
    /// The directory that paths are relative to.
    pub root_id: &'a str,
    pub actor: Actor<'a>,
}

impl<'a> From<&'a Caller> for Destination<'a> {
    fn from(caller: &'a Caller) -> Self {
        Self {
            user: &caller.user,
            root_id: &caller.user.root_id,
            actor: caller.into(),
        }
    }
}

impl<'a> Destination<'a> {
    /// Returns the directory of a share, for a visitor from `address`.
    pub fn of_share(owner: &'a UserRow, share: &'a ShareRow, address: &'a str) -> Self {
        Self {
            user: owner,
            root_id: &share.entry_id,
            actor: Actor::Visitor {
                owner,
                share,
                address,
            },
        }
    }

    pub(crate) fn root(&self) -> Root<'a> {
        Root {
            user_id: &self.user.id,
            directory_id: self.root_id,
            // Paths through a share begin at its directory, which was found in reach.
            bound_to: self.scope().bound_to().filter(|_| self.share().is_none()),
        }
    }

    /// Returns what of the user's files the client may see, and touch.
    pub(crate) fn scope(&self) -> Scope<'a> {
        Scope::of(self.user, self.actor.bound_to())
    }

    /// Returns the id of the topmost directory of which the client may know.
    pub(crate) fn top_id(&self) -> &'a str {
        self.actor.bound_to().unwrap_or(self.root_id)
    }

    /// Returns the limits that bind the actor.
    pub(crate) fn limits(&self, app: &App) -> Limits {
        let limits = Limits::of(&app.settings.limits, self.user);
        match self.actor.is_root() {
            true => limits.lifted(),
            false => limits,
        }
    }

    /// Returns the size of the largest file that may be uploaded.
    pub(super) fn max_file_bytes(&self, limits: &Limits) -> u64 {
        let cap = self.share().and_then(|share| share.max_file_bytes);
        cap.and_then(|cap| u64::try_from(cap).ok())
            .map_or(limits.max_file_bytes, |cap| cap.min(limits.max_file_bytes))
    }

    /// Returns the share that files are sent through, if any: a visitor neither replaces nor sees files.
    pub(crate) fn share(&self) -> Option<&'a ShareRow> {
        self.actor.share()
    }

    pub(super) fn share_id(&self) -> Option<&'a str> {
        self.share().map(|share| share.id.as_str())
    }

    /// Returns the id of the key, if it may upload and nothing else (`Credential::upload_key_id`).
    pub(crate) fn upload_key_id(&self) -> Option<&'a str> {
        self.actor.upload_key_id()
    }

    /// Whether the client may learn what the user has stored.
    pub(crate) fn may_read(&self) -> bool {
        self.share().is_none() && self.upload_key_id().is_none()
    }

    /// Whether the client may resume, complete or cancel this upload.
    pub(super) fn may_continue(&self, version: &VersionRow) -> bool {
        let key_id = self.upload_key_id();
        key_id.is_none() || key_id == version.key_id.as_deref()
    }

    /// Whether a stored version may be used for bytes of which the client has sent only a digest. An upload
    /// key could read bytes this way that it never had; and a digest that such a key declared proves nothing
    /// to others, because no store compares the SHA-256 of an upload in parts.
    pub(super) fn may_reuse(&self, stored: &VersionRow) -> bool {
        self.upload_key_id().is_none() && stored.key_id.is_none()
    }
}
