//! Tiers as admins change them, and requests as they decide them.

use hulk_proto::{
    ErrorCode, Id, ListQuery, Page, Timestamp,
    tier::{DecideTierRequest, SetTier, Tier, TierRequest},
};
use serde_json::json;

use super::{page, page_and_conditions};
use crate::{
    app::App,
    audit::{self, Action, Actor},
    auth::staff::Staff,
    db::{
        Write, lists,
        queue::{self, Work},
        tiers::{self, RequestRow, TierRow},
        users,
    },
    error::{Error, Result},
    ops::{
        accounts::tiers::{check_text, quota_of},
        present,
        transaction::transaction,
    },
};

const MAX_NAME: usize = 64;

/// Creates a tier.
///
/// # Errors
/// `VALIDATION_ERROR`, `CONFLICT` for a name that is in use.
pub async fn create_tier(app: &App, staff: &Staff, request: SetTier) -> Result<Tier> {
    let details = json!(request);
    let now = Timestamp::now().unix_millis();
    let row = row(Id::random().to_string(), request, (now, now))?;
    // Not through `ops::transaction`, like all changes of tiers: a tier is of no user.
    let mut transaction = app.db.write().await?;
    put(&mut transaction, &row).await?;
    let what = (Action::TierCreate, row.id.as_str());
    audit::record_by_staff(&mut transaction, staff, what, details).await?;
    transaction.commit().await?;
    present::tier(row)
}

/// Replaces a tier. Users of it who have its quota get the new one, by queued work: no other request waits for
/// all of them, and a crash leaves none with the old one.
///
/// # Errors
/// `NOT_FOUND`, `VALIDATION_ERROR`, `CONFLICT` for a name that is in use.
pub async fn change_tier(app: &App, staff: &Staff, id: &Id, request: SetTier) -> Result<Tier> {
    let details = json!(request);
    let now = Timestamp::now().unix_millis();
    let row = row(id.to_string(), request, (0, now))?;
    let mut transaction = app.db.write().await?;
    // Two changes run one after another, so that each knows the quota that the other has set.
    if !tiers::touch(&mut transaction, id.as_str(), now).await? {
        return Err(Error::not_found("tier"));
    }
    let before = tiers::find(&mut transaction, id.as_str()).await?;
    let before = before.ok_or_else(|| Error::not_found("tier"))?;
    let row = TierRow {
        created_at: before.created_at,
        ..row
    };
    put(&mut transaction, &row).await?;
    let what = (Action::TierChange, row.id.as_str());
    audit::record_by_staff(&mut transaction, staff, what, details).await?;
    if quota_of(&before) != quota_of(&row) {
        let work = Work::TierQuota {
            tier_id: row.id.clone(),
            from: quota_of(&before),
        };
        queue::insert(&mut transaction, Id::random().as_str(), None, work).await?;
    }
    transaction.commit().await?;
    app.queue.notify_one();
    present::tier(row)
}

/// Gives the users of a tier who have the quota `from` the one that the tier has now, whatever was changed since:
/// such work may be done in any order, and more than once.
pub(crate) async fn move_quotas(app: &App, tier_id: &str, from: i64) -> Result<()> {
    let mut after = String::new();
    loop {
        let mut connection = app.db.read().await?;
        let users = tiers::users_of(&mut connection, tier_id, &after).await?;
        drop(connection);
        let Some(last) = users.last() else {
            return Ok(());
        };
        after.clone_from(last);
        for user_id in &users {
            transaction!(&app.db, Actor::Server { user_id }, async |tx| {
                let Some(tier) = tiers::find(tx, tier_id).await? else {
                    return Ok(());
                };
                let quotas = (from, quota_of(&tier));
                Ok(tiers::move_quota(tx, user_id, tier_id, quotas).await?)
            })?;
        }
    }
}

fn row(id: String, request: SetTier, (created_at, updated_at): (i64, i64)) -> Result<TierRow> {
    let name = request.name;
    let is_name = (1..=MAX_NAME).contains(&name.len())
        && name.starts_with(|first: char| first.is_ascii_alphanumeric())
        && name
            .chars()
            .all(|character| character.is_ascii_alphanumeric() || "._-".contains(character));
    if !is_name {
        return Err(Error::validation(
            "name",
            "expected 1 to 64 letters, digits, '.', '_' and '-', a letter or digit first",
        ));
    }
    if let Some(price) = &request.price {
        check_text("price", price)?;
        if price.len() > MAX_NAME {
            return Err(Error::validation("price", "expected at most 64 bytes"));
        }
    }
    let number = |field: &str, number: Option<u64>| {
        let number = number.map(i64::try_from).transpose();
        number.map_err(|_| Error::validation(field, "is too large"))
    };
    Ok(TierRow {
        id,
        name,
        storage_bytes: number("storage_bytes", request.storage_bytes)?,
        object_count: number("object_count", request.object_count)?,
        monthly_download_bytes: number("monthly_download_bytes", request.monthly_download_bytes)?,
        max_file_size: number("max_file_size", request.max_file_size)?,
        is_public: request.is_public,
        price: request.price,
        created_at,
        updated_at,
    })
}

/// Writes a tier.
async fn put(transaction: &mut Write, tier: &TierRow) -> Result<()> {
    match tiers::put(transaction, tier).await? {
        true => Ok(()),
        false => Err(Error::new(
            ErrorCode::Conflict,
            format!("a tier '{}' exists already", tier.name),
        )),
    }
}

/// Deletes a tier.
///
/// # Errors
/// `NOT_FOUND`, `CONFLICT` while a user has it or has asked for it, or new users get it.
pub async fn delete_tier(app: &App, staff: &Staff, id: &Id) -> Result<()> {
    let mut transaction = app.db.write().await?;
    let tier = tiers::find(&mut transaction, id.as_str()).await?;
    let tier = tier.filter(|tier| tier.id == id.as_str());
    let tier = tier.ok_or_else(|| Error::not_found("tier"))?;
    let of_new = &app.settings.new_user_tier;
    let is_default = *of_new == tier.name || *of_new == tier.id;
    if is_default || !tiers::delete(&mut transaction, &tier.id).await? {
        return Err(Error::new(
            ErrorCode::Conflict,
            "this tier is in use: by users, by their requests, or as the tier of new users",
        ));
    }
    let what = (Action::TierDelete, tier.id.as_str());
    audit::record_by_staff(&mut transaction, staff, what, json!({ "name": tier.name })).await?;
    Ok(transaction.commit().await?)
}

/// Lists requests of all users, newest first.
///
/// # Errors
/// `VALIDATION_ERROR` for what the list does not support.
pub async fn list_requests(app: &App, query: &ListQuery) -> Result<Page<TierRequest>> {
    let (of, conditions) = page_and_conditions(query, |conditions, property, value| {
        match (property, value) {
            ("state", "pending" | "approved" | "refused") => conditions.equals("r.state", value),
            ("user_id", _) => conditions.equals("r.user_id", value),
            _ => return Ok(false),
        }
        Ok(true)
    })?;
    let mut connection = app.db.read().await?;
    let (rows, total) = lists::page(&mut connection, tiers::REQUESTS, &conditions, of).await?;
    let rows: Vec<RequestRow> = rows;
    let items = rows.into_iter().map(present::tier_request);
    Ok(page(items.collect::<Result<_>>()?, total))
}

/// Decides a request. One that is approved gives its user the tier at once, with its quota.
///
/// # Errors
/// `NOT_FOUND`, `FORBIDDEN` for a request of somebody above the caller, `CONFLICT` if it was decided otherwise
/// before: the same decision may be sent again.
pub async fn decide_request(
    app: &App,
    staff: &Staff,
    id: &Id,
    request: DecideTierRequest,
) -> Result<TierRequest> {
    if let Some(note) = &request.note {
        check_text("note", note)?;
    }
    let found = find_request(app, id).await?;
    let (state, note) = (
        if request.approved {
            "approved"
        } else {
            "refused"
        },
        request.note.as_deref(),
    );
    let user_id = found.user_id.as_str();
    let actor = Actor::Staff { staff, user_id };
    let action = match request.approved {
        true => Action::TierApprove,
        false => Action::TierRefuse,
    };
    transaction!(&app.db, actor, async |tx| {
        let user = users::find(tx, user_id).await?;
        let user = user.ok_or_else(|| Error::not_found("request"))?;
        staff.check_over(user.role)?;
        let now = Timestamp::now().unix_millis();
        if !tiers::decide(tx, id.as_str(), state, note, now).await? {
            let now = tiers::find_request(tx, id.as_str()).await?;
            return match now.is_some_and(|now| now.state == state) {
                true => Ok(()),
                false => Err(Error::new(
                    ErrorCode::Conflict,
                    "this request was decided otherwise before",
                )),
            };
        }
        if request.approved {
            let tier = tiers::find(tx, &found.tier_id).await?;
            let tier = tier.ok_or_else(|| Error::not_found("tier"))?;
            tiers::assign(tx, user_id, &tier.id, quota_of(&tier)).await?;
        }
        let details = json!({ "request": found.id, "tier": found.tier });
        Ok(audit::record_with(tx, actor, action, user_id, details).await?)
    })?;
    present::tier_request(find_request(app, id).await?)
}

async fn find_request(app: &App, id: &Id) -> Result<RequestRow> {
    let mut connection = app.db.read().await?;
    let row = tiers::find_request(&mut connection, id.as_str()).await?;
    row.ok_or_else(|| Error::not_found("request"))
}
