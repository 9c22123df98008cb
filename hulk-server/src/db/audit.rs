//! The audit log. Rows are only ever added.

use sqlx::AnyConnection;

use super::lists::{self, Conditions, List};

pub(crate) struct NewEvent<'a> {
    pub id: &'a str,
    pub at: i64,
    pub actor_kind: &'a str,
    pub actor_id: Option<&'a str>,
    /// The user whose credential it was.
    pub user_id: Option<&'a str>,
    /// The user whose data it was.
    pub owner_id: Option<&'a str>,
    pub address: Option<&'a str>,
    pub action: &'a str,
    pub target: Option<&'a str>,
    pub outcome: &'a str,
    /// JSON
    pub details: &'a str,
}

#[derive(sqlx::FromRow)]
pub(crate) struct EventRow {
    pub id: String,
    pub at: i64,
    pub actor_kind: String,
    pub actor_id: Option<String>,
    pub user_id: Option<String>,
    pub on_behalf_of: Option<String>,
    pub address: Option<String>,
    pub action: String,
    pub target: Option<String>,
    pub outcome: String,
    pub details: String,
}

pub(crate) async fn insert(
    connection: &mut AnyConnection,
    event: &NewEvent<'_>,
) -> sqlx::Result<()> {
    sqlx::query(
        "INSERT INTO audit (id, at, actor_kind, actor_id, user_id, on_behalf_of, address, action, target,
                            outcome, details)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
    )
    .bind(event.id)
    .bind(event.at)
    .bind(event.actor_kind)
    .bind(event.actor_id)
    .bind(event.user_id)
    .bind(event.owner_id)
    .bind(event.address)
    .bind(event.action)
    .bind(event.target)
    .bind(event.outcome)
    .bind(event.details)
    .execute(connection)
    .await
    .map(drop)
}

/// Returns the rows that match after the event `after`, given as (time, id), newest first; only those by or
/// about a user, if one is given.
pub(crate) async fn list(
    connection: &mut AnyConnection,
    (conditions, user_id): (&Conditions, Option<&str>),
    after: Option<(i64, &str)>,
    (limit, offset): (i64, i64),
) -> sqlx::Result<Vec<EventRow>> {
    let mut all: Vec<EventRow> = Vec::new();
    let lists = of_user(conditions, user_id);
    let is_one = lists.len() == 1;
    let of_each = match is_one {
        true => (limit, offset),
        false => (limit.saturating_add(offset), 0),
    };
    for mut conditions in lists {
        if let Some((at, id)) = after {
            conditions.before(("at", at), ("id", id));
        }
        all.extend(lists::rows::<EventRow>(connection, EVENTS, &conditions, of_each).await?);
    }
    if is_one {
        return Ok(all);
    }
    all.sort_by(|one, next| (next.at, &next.id).cmp(&(one.at, &one.id)));
    let (offset, limit) = (usize::try_from(offset), usize::try_from(limit));
    let page = all.into_iter().skip(offset.unwrap_or(usize::MAX));
    Ok(page.take(limit.unwrap_or(0)).collect())
}

/// Counts all rows that match.
pub(crate) async fn total(
    connection: &mut AnyConnection,
    (conditions, user_id): (&Conditions, Option<&str>),
) -> sqlx::Result<i64> {
    let mut total = 0;
    for conditions in of_user(conditions, user_id) {
        total += lists::total(connection, EVENTS, &conditions).await?;
    }
    Ok(total)
}

/// Returns the conditions of lists that have no row in common: events about the user, and events by the user
/// about others. Each is in the order of an index, which one list of both would not be.
fn of_user(conditions: &Conditions, user_id: Option<&str>) -> Vec<Conditions> {
    let Some(user_id) = user_id else {
        return vec![conditions.clone()];
    };
    let (mut about, mut by) = (conditions.clone(), conditions.clone());
    about.equals("on_behalf_of", user_id);
    by.equals("user_id", user_id);
    by.differs("on_behalf_of", user_id);
    vec![about, by]
}

const EVENTS: List = List {
    columns: "id, at, actor_kind, actor_id, user_id, on_behalf_of, address, action, target, outcome, details",
    from: "audit",
    order: "at DESC, id DESC",
};
