//! What is going on: events, jobs, sums and settings. Users see their own events and jobs.

use hulk_proto::{
    Id, ListQuery, Page,
    admin::{ServerSettings, ServerStats},
    audit::AuditEvent,
    job::Job,
    limits::DEFAULT_PAGE,
};

use super::{conditions, page, page_and_conditions};
use crate::{
    app::{App, Signup},
    db::{
        audit,
        lists::{self, Conditions},
        queue::{self, JobRow},
        usage,
    },
    error::{Error, Result},
    ops::present,
};

/// How far into the events an offset leads.
const MAX_OFFSET: i64 = 10_000;

/// Lists events, newest first; only those by or about `user`, if one is given. A cursor continues after the
/// last event of a page, whatever happens meanwhile.
///
/// # Errors
/// `VALIDATION_ERROR` for what the list does not support.
pub async fn list_events(
    app: &App,
    query: &ListQuery,
    user: Option<&str>,
) -> Result<Page<AuditEvent>> {
    if query.order_by.is_some() {
        return Err(Error::validation("order_by", "events come newest first"));
    }
    let is_user = |property: &str| property == "user_id" && user.is_none();
    let conditions = conditions(query, |conditions, property, value| {
        match property {
            "action" => conditions.equals("action", value),
            "target" => conditions.equals("target", value),
            "outcome" => conditions.equals("outcome", value),
            // It chooses the lists.
            property => return Ok(is_user(property)),
        }
        Ok(true)
    })?;
    let mut filtered = query.filters.iter().filter(|(name, _)| is_user(name));
    let user = user.or_else(|| filtered.next_back().map(|(_, id)| id.as_str()));
    let of_user = (&conditions, user);
    let after = query.cursor.as_deref().map(parse_cursor).transpose()?;
    let limit = query.limit.unwrap_or(DEFAULT_PAGE);
    let offset = query.offset.unwrap_or(0);
    // Two lists are merged in memory, up to the end of the page.
    let offset = i64::try_from(offset)
        .ok()
        .filter(|offset| *offset <= MAX_OFFSET);
    let offset = offset.ok_or_else(|| {
        Error::validation(
            "offset",
            format!("at most {MAX_OFFSET}; continue with the cursor"),
        )
    })?;
    let mut connection = app.db.read().await?;
    let of = (i64::from(limit) + 1, offset);
    let mut rows = audit::list(&mut connection, of_user, after, of).await?;
    let total = audit::total(&mut connection, of_user).await?;
    let has_more = rows.len() > limit as usize;
    rows.truncate(limit as usize);
    let last = rows.last().filter(|_| has_more);
    let next_cursor = last.map(|last| format!("{}.{}", last.at, last.id));
    let items = rows.into_iter().map(present::event);
    Ok(Page {
        next_cursor,
        ..page(items.collect::<Result<_>>()?, total)
    })
}

/// Returns the time and the id of the event that a cursor stands for.
fn parse_cursor(cursor: &str) -> Result<(i64, &str)> {
    let parts = cursor.split_once('.');
    let parts = parts.and_then(|(at, id)| Some((at.parse().ok()?, id)));
    parts
        .filter(|(_, id)| id.parse::<Id>().is_ok())
        .ok_or_else(|| Error::validation("cursor", "is not one of this list"))
}

/// Lists jobs, newest first; only those of `owner`, if one is given.
///
/// # Errors
/// `VALIDATION_ERROR` for what the list does not support.
pub async fn list_jobs(app: &App, query: &ListQuery, owner: Option<&str>) -> Result<Page<Job>> {
    let (of, mut conditions) = page_and_conditions(query, |conditions, property, value| {
        match (property, value) {
            ("state", "queued" | "running" | "done" | "failed") => {
                conditions.equals("state", value);
            }
            ("kind", _) => conditions.equals("kind", value),
            ("user_id", _) if owner.is_none() => conditions.equals("user_id", value),
            _ => return Ok(false),
        }
        Ok(true)
    })?;
    if let Some(owner) = owner {
        conditions.equals("user_id", owner);
    }
    let mut connection = app.db.read().await?;
    let (rows, total) = lists::page(&mut connection, queue::LIST, &conditions, of).await?;
    let rows: Vec<JobRow> = rows;
    let items = rows.into_iter().map(present::job);
    Ok(page(items.collect::<Result<_>>()?, total))
}

/// # Errors
/// `NOT_FOUND` also for a job of somebody else than `owner`, if one is given.
pub async fn show_job(app: &App, id: &Id, owner: Option<&str>) -> Result<Job> {
    let mut conditions = Conditions::default();
    conditions.equals("id", id.as_str());
    if let Some(owner) = owner {
        conditions.equals("user_id", owner);
    }
    let mut connection = app.db.read().await?;
    let rows = lists::rows(&mut connection, queue::LIST, &conditions, (1, 0)).await?;
    let rows: Vec<JobRow> = rows;
    let row = rows.into_iter().next();
    present::job(row.ok_or_else(|| Error::not_found("job"))?)
}

/// # Errors
/// If the database does not answer.
pub async fn show_stats(app: &App) -> Result<ServerStats> {
    let mut connection = app.db.read().await?;
    let sums = usage::server(&mut connection).await?;
    let count = |number| u64::try_from(number).unwrap_or(0);
    Ok(ServerStats {
        users: count(sums.users),
        suspended_users: count(sums.suspended_users),
        files: count(sums.files),
        objects: count(sums.objects),
        used_bytes: count(sums.used_bytes),
        queued_jobs: count(sums.queued_jobs),
        failed_jobs: count(sums.failed_jobs),
    })
}

/// Returns how the server is set up, without secrets.
pub fn show_settings(app: &App) -> ServerSettings {
    let (settings, limits) = (&app.settings, &app.settings.limits);
    let signup = match settings.signup {
        Signup::Closed => "closed",
        Signup::Invite(_) => "invite",
        Signup::Open => "open",
    };
    let store = match app.embedded {
        Some(_) => "embedded",
        None => "s3",
    };
    ServerSettings {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        public_url: settings.public_url.clone(),
        database: app.db.kind().to_owned(),
        store: store.to_owned(),
        env_name: settings.env_name.clone(),
        signup: signup.to_owned(),
        mail: app.mailer.kind().to_owned(),
        default_tier: settings.new_user_tier.clone(),
        default_quota_bytes: settings.new_user_quota,
        max_file_size: limits.max_file_bytes,
        max_objects: u64::try_from(limits.max_objects).unwrap_or(0),
        versions_kept: limits.versions_kept as u64,
        trash_days: limits.trash_kept.as_secs() / (24 * 60 * 60),
        allowed_extensions: limits.allowed_extensions.to_vec(),
    }
}
