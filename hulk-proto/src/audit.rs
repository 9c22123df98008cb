//! The audit log: who did what, to what, from where.

use serde::{Deserialize, Serialize};

use crate::{Id, Timestamp};

/// What proved who somebody is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum ActorKind {
    ApiKey,
    Session,
    /// A token that a trusted publisher obtained.
    Oidc,
    /// The operator's key.
    Root,
    /// A password, or a link in a mail.
    User,
    /// The link of a share.
    Visitor,
    /// A job, or the operator's command.
    Server,
    /// Nothing did.
    Anonymous,
}

impl ActorKind {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ApiKey => "api_key",
            Self::Session => "session",
            Self::Oidc => "oidc",
            Self::Root => "root",
            Self::User => "user",
            Self::Visitor => "visitor",
            Self::Server => "server",
            Self::Anonymous => "anonymous",
        }
    }
}

/// Whoever did something.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AuditActor {
    pub kind: ActorKind,
    /// Of the key, the session, the share, or else the user.
    pub id: Option<String>,
    /// The user whose credential it was.
    pub user_id: Option<Id>,
    /// The user whose data it was, if that is another one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_behalf_of: Option<Id>,
}

/// Whether it was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum AuditOutcome {
    Done,
    Refused,
}

impl AuditOutcome {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Refused => "refused",
        }
    }
}

/// One event. Events are never changed or deleted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AuditEvent {
    pub id: Id,
    pub at: Timestamp,
    pub actor: AuditActor,
    /// Address of the client, if there was one.
    pub address: Option<String>,
    /// What was done, such as `session.create` or `file.delete`.
    pub action: String,
    /// Id of what it was done to.
    pub target: Option<String>,
    pub outcome: AuditOutcome,
    /// More about it, by name.
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    pub details: serde_json::Value,
}
