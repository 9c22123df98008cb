//! Tiers as users see them, and their requests for another one.

use hulk_proto::{
    ErrorCode, Id, ListQuery, Page, Timestamp,
    limits::UNLIMITED_QUOTA_BYTES,
    tier::{RequestTier, Tier, TierRequest},
};
use serde_json::json;

use crate::{
    app::App,
    audit::{self, Action, Actor},
    auth::Caller,
    db::{
        Write,
        lists::{self, Conditions},
        tiers::{self, RequestRow, TierRow},
    },
    error::{Error, Result},
    ops::{page::plain_page, present, transaction::transaction},
};

/// Longest reason or note, in bytes.
const MAX_TEXT: usize = 1024;

/// Returns the tier with this name or id.
///
/// # Errors
/// `VALIDATION_ERROR` if there is none.
pub(crate) async fn find_tier(transaction: &mut Write, id_or_name: &str) -> Result<TierRow> {
    if id_or_name.contains('\0') {
        return Err(no_tier(id_or_name));
    }
    let tier = tiers::find(transaction, id_or_name).await?;
    tier.ok_or_else(|| no_tier(id_or_name))
}

fn no_tier(name: &str) -> Error {
    let shown = name.chars().filter(|character| !character.is_control());
    let shown: String = shown.take(64).collect();
    Error::validation("tier", format!("there is no tier '{shown}'"))
}

/// Returns the quota that goes with a tier, in bytes.
pub(crate) fn quota_of(tier: &TierRow) -> i64 {
    tier.storage_bytes
        .unwrap_or_else(|| i64::try_from(UNLIMITED_QUOTA_BYTES).unwrap_or(i64::MAX))
}

/// Checks a text that others will read.
///
/// # Errors
/// `VALIDATION_ERROR`
pub(crate) fn check_text(field: &str, text: &str) -> Result<()> {
    match text.len() <= MAX_TEXT && !text.contains('\0') {
        true => Ok(()),
        false => Err(Error::validation(
            field,
            format!("expected at most {MAX_TEXT} bytes, without NUL"),
        )),
    }
}

/// Lists the tiers that users may ask for; all, if `is_whole`.
///
/// # Errors
/// `VALIDATION_ERROR` for what the list does not support.
pub async fn list_tiers(app: &App, query: &ListQuery, is_whole: bool) -> Result<Page<Tier>> {
    let of = plain_page(query, "tiers are only paged by limit and offset")?;
    let mut conditions = Conditions::default();
    if !is_whole {
        conditions.is("is_public = 1");
    }
    let mut connection = app.db.read().await?;
    let (rows, total) = lists::page(&mut connection, tiers::LIST, &conditions, of).await?;
    let rows: Vec<TierRow> = rows;
    let items = rows.into_iter().map(present::tier);
    Ok(Page {
        items: items.collect::<Result<_>>()?,
        total: u64::try_from(total).unwrap_or(0),
        next_cursor: None,
    })
}

/// Lists the caller's requests, newest first.
///
/// # Errors
/// `VALIDATION_ERROR` for what the list does not support.
pub async fn list_own_requests(
    app: &App,
    caller: &Caller,
    query: &ListQuery,
) -> Result<Page<TierRequest>> {
    let of = plain_page(
        query,
        "requests come newest first, paged by limit and offset",
    )?;
    let mut conditions = Conditions::default();
    conditions.equals("r.user_id", &caller.user.id);
    let mut connection = app.db.read().await?;
    let (rows, total) = lists::page(&mut connection, tiers::REQUESTS, &conditions, of).await?;
    let rows: Vec<RequestRow> = rows;
    let items = rows.into_iter().map(present::tier_request);
    Ok(Page {
        items: items.collect::<Result<_>>()?,
        total: u64::try_from(total).unwrap_or(0),
        next_cursor: None,
    })
}

/// Asks for another tier.
///
/// # Errors
/// `VALIDATION_ERROR` for a tier that is not public, `CONFLICT` for the one that the user has, or while another
/// request waits.
pub async fn request_tier(app: &App, caller: &Caller, request: RequestTier) -> Result<TierRequest> {
    check_text("reason", &request.reason)?;
    let user_id = caller.user.id.as_str();
    let actor = Actor::from(caller);
    let row = transaction!(&app.db, actor, async |tx| {
        let tier = find_tier(tx, &request.tier).await?;
        if !tier.is_public {
            return Err(no_tier(&request.tier));
        }
        if tier.id == caller.user.tier_id {
            return Err(Error::new(
                ErrorCode::Conflict,
                format!("this account has the tier '{}' already", tier.name),
            ));
        }
        let row = RequestRow {
            id: Id::random().to_string(),
            user_id: user_id.to_owned(),
            tier_id: tier.id,
            tier: tier.name,
            reason: request.reason.clone(),
            state: "pending".to_owned(),
            note: None,
            created_at: Timestamp::now().unix_millis(),
            decided_at: None,
        };
        if !tiers::insert_request(tx, &row).await? {
            return Err(Error::new(
                ErrorCode::Conflict,
                "another request of yours waits for a decision",
            ));
        }
        let details = json!({ "tier": row.tier });
        audit::record_with(tx, actor, Action::TierRequest, &row.id, details).await?;
        Ok(row)
    })?;
    present::tier_request(row)
}
