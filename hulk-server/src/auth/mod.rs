//! Callers, and what their credentials permit. Nothing here knows HTTP.

pub(crate) mod key_uses;
pub(crate) mod keys;
pub(crate) mod passwords;
pub(crate) mod scope;
pub(crate) mod sessions;
pub(crate) mod staff;
pub(crate) mod strength;
pub(crate) mod tokens;

use std::net::IpAddr;

use hulk_proto::{ErrorCode, Id, KeyPermission, Right};

use crate::{
    db::{api_keys::ApiKeyRow, users::UserRow},
    error::{Error, Result},
};

/// A user, and how they proved who they are.
#[derive(Clone)]
pub struct Caller {
    pub user: UserRow,
    pub credential: Credential,
    /// Address of the caller's client.
    pub address: Option<IpAddr>,
}

/// Whoever sent a request, as it is recorded.
#[derive(Clone, Debug)]
pub struct Client {
    pub address: IpAddr,
    /// What the program calls itself.
    pub name: String,
}

/// How a caller proved who they are.
#[derive(Clone)]
pub enum Credential {
    ApiKey(ApiKeyRow),
    /// A session of the web page, or a token of one.
    Session {
        id: Id,
        /// Of the key that it was begun with; all, if with a password.
        permissions: KeyPermission,
        /// That key.
        key: Option<Box<ApiKeyRow>>,
    },
    /// A token that a trusted publisher exchanged.
    Oidc {
        id: Id,
        permissions: KeyPermission,
    },
    /// The operator's key, which acts for any user.
    Root,
}

impl Credential {
    /// Returns what the credential permits at most.
    pub fn permissions(&self) -> KeyPermission {
        match self {
            Self::ApiKey(key) => key.permissions,
            Self::Oidc { permissions, .. } | Self::Session { permissions, .. } => *permissions,
            Self::Root => KeyPermission::All,
        }
    }

    /// Returns the id of the key, session or token; the operator's key has none.
    pub fn id(&self) -> Option<&str> {
        match self {
            Self::ApiKey(key) => Some(key.id.as_str()),
            Self::Session { id, .. } | Self::Oidc { id, .. } => Some(id.as_str()),
            Self::Root => None,
        }
    }

    /// Fails unless the credential grants a right.
    ///
    /// # Errors
    /// `FORBIDDEN`, naming what is granted and what is needed.
    pub fn require(&self, right: Right) -> Result<()> {
        match self.permissions().grants(right) {
            true => Ok(()),
            false => Err(Error::new(ErrorCode::Forbidden, refusal(self, right))),
        }
    }

    /// Returns the id of a key or token that may upload and nothing else: its holder neither sees nor changes
    /// what exists, and resumes and completes only the uploads of this key.
    pub fn upload_key_id(&self) -> Option<&str> {
        self.id()
            .filter(|_| !self.permissions().grants(Right::Read))
    }

    /// Returns the id of the directory that it is bound to, if any: outside of it, its holder neither sees nor
    /// changes anything (`scope`).
    pub fn root_id(&self) -> Option<&str> {
        self.key()?.root_id.as_deref()
    }

    /// Returns the key that it is, or that its session was begun with.
    pub(crate) fn key(&self) -> Option<&ApiKeyRow> {
        match self {
            Self::ApiKey(key) => Some(key),
            Self::Session { key, .. } => key.as_deref(),
            Self::Oidc { .. } | Self::Root => None,
        }
    }

    /// Fails for a credential that is bound to a directory.
    ///
    /// # Errors
    /// `FORBIDDEN`.
    pub fn check_unbound(&self) -> Result<()> {
        match self.root_id() {
            None => Ok(()),
            Some(_) => Err(Error::new(
                ErrorCode::Forbidden,
                format!(
                    "this {} is bound to a path, and may not do this, which is not about files in there; \
                     use a key that is not bound to a path",
                    self.noun()
                ),
            )),
        }
    }

    /// Returns the id of the session, if it is one.
    pub fn session_id(&self) -> Option<&Id> {
        match self {
            Self::Session { id, .. } => Some(id),
            _ => None,
        }
    }

    /// What a refusal calls it.
    fn noun(&self) -> &'static str {
        match self {
            Self::ApiKey(_) | Self::Root => "API key",
            Self::Session { .. } => "session",
            Self::Oidc { .. } => "token",
        }
    }
}

impl Caller {
    /// Whether it is root, who acts for the user.
    pub fn is_root(&self) -> bool {
        matches!(self.credential, Credential::Root)
    }

    pub fn may(&self, right: Right) -> bool {
        self.credential.permissions().grants(right)
    }

    /// Fails unless the credential grants a right.
    ///
    /// # Errors
    /// `FORBIDDEN`, naming what is granted and what is needed.
    pub fn require(&self, right: Right) -> Result<()> {
        self.credential.require(right)
    }
}

fn refusal(credential: &Credential, right: Right) -> String {
    let granted = match credential.permissions() {
        KeyPermission::Read => "read, and nothing else",
        KeyPermission::Upload => "upload, and nothing else",
        KeyPermission::Write => "read, upload, change and move to the trash, and nothing else",
        KeyPermission::All => "do everything",
    };
    let wanted = match right {
        Right::Read => "reading",
        Right::Upload => "uploading",
        Right::Change => "changing what exists",
        Right::Purge => "deleting permanently",
        Right::Manage => "managing keys and shares",
    };
    let needed = right.least_permission();
    let noun = credential.noun();
    format!("this {noun} may {granted}; {wanted} needs a key with '{needed}'")
}

/// Whether an account may be used: by its credentials, and by whoever has one of its links.
///
/// # Errors
/// `ACCOUNT_DISABLED` for a suspended account.
pub(crate) fn check_active(user: &UserRow) -> Result<()> {
    match user.is_active {
        true => Ok(()),
        false => Err(suspended()),
    }
}

pub(crate) fn suspended() -> Error {
    Error::new(
        ErrorCode::AccountDisabled,
        "this account is suspended; ask the server's operator",
    )
}
