//! The actors on whose behalf something changes, and the record of what they did.

mod action;

use std::net::IpAddr;

use hulk_proto::{
    Id, Timestamp,
    audit::{ActorKind, AuditOutcome},
};
use serde_json::{Value, json};
use sqlx::AnyConnection;

pub(crate) use action::Action;

use crate::{
    auth::{Caller, Client, Credential, staff::Staff},
    db::{
        audit::{self, NewEvent},
        shares::ShareRow,
        users::UserRow,
    },
};

/// The actor on whose behalf a transaction changes a user's data.
#[derive(Clone, Copy)]
pub enum Actor<'a> {
    /// The user, by a credential of theirs; or root, for the user.
    User(&'a Caller),
    /// Whoever proved by a password or by a link in a mail to be the user.
    Owner {
        user_id: &'a str,
        client: &'a Client,
    },
    /// A moderator, an admin or root, with an account that may be another user's.
    Staff { staff: &'a Staff, user_id: &'a str },
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
            Self::User(caller) => &caller.user.id,
            Self::Visitor { owner, .. } => &owner.id,
            Self::Owner { user_id, .. }
            | Self::Staff { user_id, .. }
            | Self::Server { user_id } => user_id,
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
            Self::User(caller) => caller.credential.upload_key_id(),
            _ => None,
        }
    }

    /// Returns the id of the directory that the actor is bound to, if any (`auth::scope`): by the key, or by the
    /// key of whoever created the link.
    pub(crate) fn bound_to(self) -> Option<&'a str> {
        match self {
            Self::User(caller) => caller.credential.root_id(),
            Self::Visitor { share, .. } => share.root_id.as_deref(),
            Self::Owner { .. } | Self::Staff { .. } | Self::Server { .. } => None,
        }
    }

    /// Whether the user's quota does not bind the actor.
    pub(crate) fn is_root(self) -> bool {
        matches!(self, Self::User(caller) if caller.is_root())
    }

    /// Returns who it is, as it is recorded.
    fn who(self) -> Who {
        match self {
            Self::User(caller) => {
                Who::of(&caller.credential, Some(&caller.user.id), caller.address)
            }
            Self::Staff { staff, .. } => Who::of_staff(staff),
            Self::Owner { user_id, client } => Who {
                kind: ActorKind::User,
                id: Some(user_id.to_owned()),
                user_id: Some(user_id.to_owned()),
                address: Some(client.address.to_string()),
            },
            Self::Visitor { share, address, .. } => Who {
                kind: ActorKind::Visitor,
                id: Some(share.id.clone()),
                user_id: None,
                address: Some(address.to_owned()),
            },
            Self::Server { .. } => Who::nobody(ActorKind::Server),
        }
    }
}

impl<'a> From<&'a Caller> for Actor<'a> {
    fn from(caller: &'a Caller) -> Self {
        Self::User(caller)
    }
}

/// Who did something.
struct Who {
    kind: ActorKind,
    id: Option<String>,
    user_id: Option<String>,
    address: Option<String>,
}

impl Who {
    fn of(credential: &Credential, user_id: Option<&str>, address: Option<IpAddr>) -> Self {
        let (kind, id) = match credential {
            Credential::ApiKey(key) => (ActorKind::ApiKey, Some(key.id.clone())),
            Credential::Session { id, .. } => (ActorKind::Session, Some(id.to_string())),
            Credential::Oidc { id, .. } => (ActorKind::Oidc, Some(id.to_string())),
            Credential::Root => (ActorKind::Root, None),
        };
        Self {
            kind,
            id,
            // Root acts for a user, and is none.
            user_id: user_id
                .filter(|_| kind != ActorKind::Root)
                .map(str::to_owned),
            address: address.map(|address| address.to_string()),
        }
    }

    fn of_staff(staff: &Staff) -> Self {
        let user = staff.user.as_ref();
        let user_id = user.map(|user| user.id.as_str());
        Self::of(&staff.credential, user_id, staff.address)
    }

    fn nobody(kind: ActorKind) -> Self {
        Self {
            kind,
            id: None,
            user_id: None,
            address: None,
        }
    }
}

/// Records what an actor did to `target`, in the transaction that does it.
pub(crate) async fn record(
    connection: &mut AnyConnection,
    actor: Actor<'_>,
    action: Action,
    target: &str,
) -> sqlx::Result<()> {
    record_with(connection, actor, action, target, json!({})).await
}

/// Like `record`, with details, which must have no secret.
pub(crate) async fn record_with(
    connection: &mut AnyConnection,
    actor: Actor<'_>,
    action: Action,
    target: &str,
    details: Value,
) -> sqlx::Result<()> {
    let event = (action, Some(target), AuditOutcome::Done);
    insert(
        connection,
        actor.who(),
        Some(actor.user_id()),
        event,
        details,
    )
    .await
}

/// Like `record`, for what belongs to no user.
pub(crate) async fn record_by_staff(
    connection: &mut AnyConnection,
    staff: &Staff,
    (action, target): (Action, &str),
    details: Value,
) -> sqlx::Result<()> {
    let event = (action, Some(target), AuditOutcome::Done);
    insert(connection, Who::of_staff(staff), None, event, details).await
}

/// Records that a stranger was refused something of a user, if it is known whose it is.
pub(crate) async fn record_refused(
    connection: &mut AnyConnection,
    client: &Client,
    user_id: Option<&str>,
    action: Action,
) -> sqlx::Result<()> {
    let who = Who {
        address: Some(client.address.to_string()),
        ..Who::nobody(ActorKind::Anonymous)
    };
    let event = (action, user_id, AuditOutcome::Refused);
    insert(connection, who, user_id, event, json!({})).await
}

/// Returns the details of a change: the path and the permissions as they are set, and the names of what else is.
/// Texts and labels may be long, and private.
pub(crate) fn changed(change: &Value) -> Value {
    let fields = change.as_object().into_iter().flatten();
    let fields = fields.filter(|(_, value)| !value.is_null());
    let is_shown =
        |name: &str| name == "path" || name.ends_with("permissions") || name.ends_with("policy");
    fields
        .map(|(name, value)| match is_shown(name) {
            true => (name.clone(), value.clone()),
            false => (name.clone(), Value::Null),
        })
        .collect()
}

async fn insert(
    connection: &mut AnyConnection,
    who: Who,
    owner_id: Option<&str>,
    (action, target, outcome): (Action, Option<&str>, AuditOutcome),
    details: Value,
) -> sqlx::Result<()> {
    let id = Id::random();
    let event = NewEvent {
        id: id.as_str(),
        at: Timestamp::now().unix_millis(),
        actor_kind: who.kind.as_str(),
        actor_id: who.id.as_deref(),
        user_id: who.user_id.as_deref(),
        owner_id,
        address: who.address.as_deref(),
        action: action.as_str(),
        target,
        outcome: outcome.as_str(),
        details: &details.to_string(),
    };
    audit::insert(connection, &event).await
}
