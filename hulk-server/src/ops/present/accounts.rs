//! Accounts, their credentials, and what is recorded of them.

use hulk_proto::{
    ApiKey,
    admin::Account,
    audit::{AuditActor, AuditEvent},
    job::Job,
    session::Session,
    tier::{Tier, TierRequest},
    user::User,
};

use super::values::{id, time, unsigned};
use crate::{
    db::{
        api_keys::ApiKeyRow,
        audit::EventRow,
        queue::JobRow,
        sessions::SessionRow,
        tiers::{RequestRow, TierRow},
        users::UserRow,
    },
    error::{Error, Result},
};

pub(crate) fn user(row: UserRow) -> Result<User> {
    Ok(User {
        id: id(&row.id)?,
        email: row.email,
        first_name: row.first_name,
        last_name: row.last_name,
        username: row.username,
        role: row.role,
        tier: row.tier,
        is_email_verified: row.email_verified_at.is_some(),
        quota_bytes: unsigned(row.quota_bytes),
        used_bytes: unsigned(row.used_bytes),
        created_at: time(row.created_at)?,
        updated_at: time(row.updated_at)?,
    })
}

pub(crate) fn account(row: UserRow) -> Result<Account> {
    Ok(Account {
        is_active: row.is_active,
        file_count: unsigned(row.file_count),
        object_count: unsigned(row.object_count),
        user: user(row)?,
    })
}

pub(crate) fn event(row: EventRow) -> Result<AuditEvent> {
    let text = |text: String| serde_json::Value::String(text);
    let of = |text: Option<String>| text.map(|text| id(&text)).transpose();
    let owner = row
        .on_behalf_of
        .filter(|owner| Some(owner) != row.user_id.as_ref());
    Ok(AuditEvent {
        id: id(&row.id)?,
        at: time(row.at)?,
        actor: AuditActor {
            kind: serde_json::from_value(text(row.actor_kind)).map_err(Error::internal)?,
            id: row.actor_id,
            on_behalf_of: of(owner)?,
            user_id: of(row.user_id)?,
        },
        address: row.address,
        action: row.action,
        target: row.target,
        outcome: serde_json::from_value(text(row.outcome)).map_err(Error::internal)?,
        details: serde_json::from_str(&row.details).map_err(Error::internal)?,
    })
}

pub(crate) fn job(row: JobRow) -> Result<Job> {
    let state = serde_json::Value::String(row.state);
    Ok(Job {
        id: id(&row.id)?,
        kind: row.kind,
        user_id: row.user_id.map(|user| id(&user)).transpose()?,
        state: serde_json::from_value(state).map_err(Error::internal)?,
        attempts: unsigned(row.attempts),
        run_at: time(row.run_at)?,
        error: row.error,
        created_at: time(row.created_at)?,
        updated_at: time(row.updated_at)?,
    })
}

pub(crate) fn tier(row: TierRow) -> Result<Tier> {
    Ok(Tier {
        id: id(&row.id)?,
        name: row.name,
        storage_bytes: row.storage_bytes.map(unsigned),
        object_count: row.object_count.map(unsigned),
        monthly_download_bytes: row.monthly_download_bytes.map(unsigned),
        max_file_size: row.max_file_size.map(unsigned),
        is_public: row.is_public,
        price: row.price,
        created_at: time(row.created_at)?,
        updated_at: time(row.updated_at)?,
    })
}

pub(crate) fn tier_request(row: RequestRow) -> Result<TierRequest> {
    let state = serde_json::Value::String(row.state);
    Ok(TierRequest {
        id: id(&row.id)?,
        user_id: id(&row.user_id)?,
        tier: row.tier,
        reason: row.reason,
        state: serde_json::from_value(state).map_err(Error::internal)?,
        note: row.note,
        created_at: time(row.created_at)?,
        decided_at: row.decided_at.map(time).transpose()?,
    })
}

pub(crate) fn api_key(row: ApiKeyRow) -> Result<ApiKey> {
    Ok(ApiKey {
        id: id(&row.id)?,
        label: row.label,
        permissions: row.permissions,
        expires_at: row.expires_at.map(time).transpose()?,
        last_used_at: row.last_used_at.map(time).transpose()?,
        last_used_from: row.last_used_from,
        path: row
            .path
            .map(|path| path.parse().map_err(Error::internal))
            .transpose()?,
        created_at: time(row.created_at)?,
    })
}

pub(crate) fn session(row: SessionRow, current: Option<&hulk_proto::Id>) -> Result<Session> {
    Ok(Session {
        is_current: current.is_some_and(|current| current.as_str() == row.id),
        id: id(&row.id)?,
        client: row.client,
        address: row.address,
        created_at: time(row.created_at)?,
        last_used_at: time(row.last_used_at)?,
        expires_at: time(row.expires_at)?,
    })
}
