//! `hulk admin audit` and `hulk admin jobs`

use hulk_proto::{
    ListQuery,
    audit::{AuditActor, AuditEvent},
    job::{Job, JobState},
};

use super::users;
use crate::{
    args::{AdminAudit, AdminJobs},
    client::Client,
    error::Result,
    format,
    printer::Printer,
};

pub(super) async fn audit(client: &Client, printer: &Printer, audit: &AdminAudit) -> Result<()> {
    let user = match &audit.user {
        Some(user) => Some(users::find(client, user).await?.to_string()),
        None => None,
    };
    let query = query([
        ("user_id", user),
        ("action", audit.action.clone()),
        ("target", audit.target.clone()),
    ]);
    let events = client.list_audit(most(audit.limit), query).await?;
    if printer.json {
        printer.document(&events);
        return Ok(());
    }
    events
        .iter()
        .for_each(|event| printer.line(event_line(event)));
    Ok(())
}

pub(super) async fn jobs(client: &Client, printer: &Printer, jobs: &AdminJobs) -> Result<()> {
    let query = query([("state", jobs.state.clone())]);
    let jobs = client.list_jobs(most(jobs.limit), query).await?;
    if printer.json {
        printer.document(&jobs);
        return Ok(());
    }
    jobs.iter().for_each(|job| printer.line(job_line(job)));
    Ok(())
}

fn most(limit: u32) -> usize {
    usize::try_from(limit).unwrap_or(usize::MAX)
}

/// Returns a query with the filters that have a value.
pub(super) fn query<const N: usize>(filters: [(&str, Option<String>); N]) -> ListQuery {
    let filters = filters.into_iter();
    ListQuery {
        filters: filters
            .filter_map(|(property, value)| Some((property.to_owned(), value?)))
            .collect(),
        ..ListQuery::default()
    }
}

fn event_line(event: &AuditEvent) -> String {
    let mut line = format!(
        "{}  {:<7}  {:<16}  {:<12}  by {}",
        event.at,
        event.outcome.as_str(),
        event.action,
        event.target.as_deref().unwrap_or("-"),
        actor(&event.actor)
    );
    if let Some(address) = &event.address {
        line.push_str(&format!(" from {address}"));
    }
    let details = event.details.as_object();
    if details.is_some_and(|details| !details.is_empty()) {
        line.push_str(&format!("  {}", event.details));
    }
    line
}

fn actor(actor: &AuditActor) -> String {
    let mut text = actor.kind.as_str().to_owned();
    if let Some(id) = &actor.id {
        text.push_str(&format!(" {id}"));
    }
    let user = actor.user_id.as_ref().map(|user| user.as_str());
    if let Some(user) = user.filter(|user| Some(*user) != actor.id.as_deref()) {
        text.push_str(&format!(" of {user}"));
    }
    if let Some(other) = &actor.on_behalf_of {
        text.push_str(&format!(" for {other}"));
    }
    text
}

fn job_line(job: &Job) -> String {
    let mut line = format!(
        "{}  {:<7}  {:<18}  {}  {} attempts",
        job.id,
        state(job.state),
        job.kind,
        format::time(job.created_at),
        job.attempts
    );
    if let Some(user) = &job.user_id {
        line.push_str(&format!("  for {user}"));
    }
    if job.state == JobState::Queued {
        line.push_str(&format!("  not before {}", format::time(job.run_at)));
    }
    if let Some(error) = &job.error {
        line.push_str(&format!("  {error}"));
    }
    line
}

fn state(state: JobState) -> &'static str {
    match state {
        JobState::Queued => "queued",
        JobState::Running => "running",
        JobState::Done => "done",
        JobState::Failed => "failed",
    }
}
