//! What the user has stored already is copied inside the store, not sent.

use futures_util::{StreamExt, stream};
use hulk_proto::CreateFile;

use super::{
    begin_upload::give_up,
    complete_upload::overtaken,
    plan_upload::{Planned, file_exists},
    publish::{Outcome, Sent, publish_all},
    sign_parts::IN_FLIGHT,
};
use crate::{
    app::App,
    db::{contents, versions::VersionRow},
    error::Result,
    store::StoreError,
};

/// Makes files of stored bytes, in one transaction, where the plans are of such. Which of them are
/// there now: not those whose bytes are gone meanwhile.
///
/// # Errors
/// If the database does not answer; each plan has the errors of its own.
pub(super) async fn link_all(
    app: &App,
    user_id: &str,
    requests: &[CreateFile],
    plans: &[Result<Planned>],
) -> Result<Vec<Result<bool>>> {
    let copies = plans.iter().map(|planned| async move {
        match planned.as_ref().map(|planned| (planned, &planned.stored)) {
            Ok((planned, Some(stored))) => copy_stored(app, &planned.version, stored).await,
            _ => Ok(None),
        }
    });
    let copies: Vec<_> = copies.collect();
    let copies: Vec<Result<Option<Sent>>> =
        stream::iter(copies).buffered(IN_FLIGHT).collect().await;
    let sent: Vec<Option<(&VersionRow, &Sent)>> = plans
        .iter()
        .zip(&copies)
        .map(|(planned, copy)| {
            let copy = copy.as_ref().ok()?.as_ref()?;
            Some((&planned.as_ref().ok()?.version, copy))
        })
        .collect();
    let outcomes = publish_all(app, user_id, &sent).await?;
    let mut linked = Vec::with_capacity(plans.len());
    for (((request, planned), copy), outcome) in
        requests.iter().zip(plans).zip(copies).zip(outcomes)
    {
        linked.push(match (planned, copy, outcome) {
            (_, Err(error), _) => Err(error),
            (Ok(planned), Ok(_), Some(outcome)) => conclude(app, request, planned, outcome).await,
            _ => Ok(false),
        });
    }
    Ok(linked)
}

async fn conclude(
    app: &App,
    request: &CreateFile,
    planned: &Planned,
    outcome: Outcome,
) -> Result<bool> {
    match outcome {
        Outcome::Validated => {
            metrics::counter!("hulk_uploads_total", "result" => "reused").increment(1);
            Ok(true)
        }
        Outcome::Taken => {
            give_up(app, &planned.version, "the path was taken meanwhile").await?;
            Err(file_exists(&request.path))
        }
        Outcome::Overtaken | Outcome::Gone => Err(overtaken()),
    }
}

/// Makes the object of `version` of a stored one's, inside the store. `None` if that is gone, or
/// cannot be copied.
pub(super) async fn copy_stored(
    app: &App,
    version: &VersionRow,
    stored: &VersionRow,
) -> Result<Option<Sent>> {
    let Some(attested) = app.store.inspect(&stored.object_key).await? else {
        return Ok(None);
    };
    let (from, to) = (&stored.object_key, &version.object_key);
    match app.store.copy(from, to, &attested).await {
        Ok(()) => {}
        Err(StoreError::Missing | StoreError::Unsupported(_)) => return Ok(None),
        Err(error) => return Err(error.into()),
    }
    let part_digests = match version.part_size == stored.part_size && stored.has_digests == 1 {
        true => {
            let mut connection = app.db.read().await?;
            contents::part_digests(&mut connection, stored).await?
        }
        false => None,
    };
    Ok(Some(Sent {
        size_bytes: stored.size_bytes,
        sha256: stored.sha256.clone(),
        part_digests,
    }))
}
