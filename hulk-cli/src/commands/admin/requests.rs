//! `hulk admin requests`

use hulk_proto::{
    Id, ListQuery,
    tier::{DecideTierRequest, TierRequest, TierRequestState},
};

use super::{records, users};
use crate::{
    args::{AdminRequests, Decision},
    client::Client,
    error::{Error, Result},
    format,
    printer::Printer,
    text::one_line,
};

pub(super) async fn run(client: &Client, printer: &Printer, command: &AdminRequests) -> Result<()> {
    match command {
        AdminRequests::Ls { state, user } => {
            let user = match user {
                Some(user) => Some(users::find(client, user).await?.to_string()),
                None => None,
            };
            let query = records::query([("state", state.clone()), ("user_id", user)]);
            list(client, printer, query).await
        }
        AdminRequests::Approve(decision) => decide(client, printer, decision, true).await,
        AdminRequests::Refuse(decision) => decide(client, printer, decision, false).await,
    }
}

async fn list(client: &Client, printer: &Printer, query: ListQuery) -> Result<()> {
    let requests = client.list_tier_requests(query).await?;
    if printer.json {
        printer.document(&requests);
        return Ok(());
    }
    requests
        .iter()
        .for_each(|request| printer.line(line(request)));
    Ok(())
}

fn line(request: &TierRequest) -> String {
    let mut line = format!(
        "{}  {:<8}  {}  {:<12}  for {}  {}",
        request.id,
        state(request.state),
        format::time(request.created_at),
        request.tier,
        request.user_id,
        one_line(&request.reason)
    );
    if let Some(note) = &request.note {
        line.push_str(&format!("  ({})", one_line(note)));
    }
    line
}

fn state(state: TierRequestState) -> &'static str {
    match state {
        TierRequestState::Pending => "pending",
        TierRequestState::Approved => "approved",
        TierRequestState::Refused => "refused",
    }
}

async fn decide(
    client: &Client,
    printer: &Printer,
    decision: &Decision,
    approved: bool,
) -> Result<()> {
    let text = &decision.id;
    let id: Id = text.parse().map_err(|_| {
        Error::not_found(format!("'{text}' is not the id of a request"))
            .with_hint("'hulk admin requests ls' lists ids")
    })?;
    let request = DecideTierRequest {
        approved,
        note: decision.note.clone(),
    };
    let decided = client.decide_tier_request(&id, &request).await;
    let decided = decided.map_err(|error| error.about(text))?;
    printer.note(&format!(
        "{} the request of {} for the tier {}",
        state(decided.state),
        decided.user_id,
        decided.tier
    ));
    if printer.json {
        printer.document(&decided);
    }
    Ok(())
}
