//! Copies, inside the store, bytes that the user has already stored, so that they are not sent again.

use futures_util::{StreamExt, stream};

use super::{
    destination::Destination,
    new_file::NewFile,
    plan::Planned,
    publish::{Outcome, Sent, publish_all},
    refusals::{file_exists, overtaken},
    release::abandon,
};
use crate::{
    app::App,
    db::{contents, versions::VersionRow},
    error::Result,
    ops::batch::IN_FLIGHT,
    store::StoreErrorKind,
};

/// Makes files from stored bytes, for the plans that have some, in one transaction. Returns for each plan
/// whether it did; not if the stored bytes no longer exist.
///
/// # Errors
/// If the database does not answer; each plan has errors of its own.
pub(super) async fn reuse_stored(
    app: &App,
    destination: &Destination<'_>,
    plans: &[Result<(NewFile, Planned)>],
) -> Result<Vec<Result<bool>>> {
    let copies = plans.iter().map(|plan| async move {
        match plan.as_ref().map(|(_, planned)| (planned, &planned.stored)) {
            Ok((planned, Some(stored))) => {
                match copy_stored(app, &planned.version, stored).await? {
                    Copied::Done(sent) => Ok(Some(sent)),
                    // The client has the bytes.
                    Copied::Missing | Copied::Unsupported => Ok(None),
                }
            }
            _ => Ok(None),
        }
    });
    let copies: Vec<_> = copies.collect();
    let copies: Vec<Result<Option<Sent>>> =
        stream::iter(copies).buffered(IN_FLIGHT).collect().await;
    let sent = plans.iter().zip(&copies).map(|(plan, copy)| {
        let (_, planned) = plan.as_ref().ok()?;
        Some((&planned.version, copy.as_ref().ok()?.as_ref()?))
    });
    let sent: Vec<Option<(&VersionRow, &Sent)>> = sent.collect();
    let limits = destination.limits(app);
    let outcomes = publish_all(app, destination.actor, &limits, &sent).await?;
    let mut reused = Vec::with_capacity(plans.len());
    for ((plan, copy), outcome) in plans.iter().zip(copies).zip(outcomes) {
        reused.push(match (plan, copy, outcome) {
            (_, Err(error), _) => Err(error),
            (Ok(plan), Ok(_), Some(outcome)) => conclude(app, destination, plan, outcome).await,
            _ => Ok(false),
        });
    }
    Ok(reused)
}

async fn conclude(
    app: &App,
    destination: &Destination<'_>,
    (new, planned): &(NewFile, Planned),
    outcome: Outcome,
) -> Result<bool> {
    match outcome {
        Outcome::Validated => {
            metrics::counter!("hulk_uploads_total", "result" => "reused").increment(1);
            Ok(true)
        }
        Outcome::Taken => {
            let (actor, reason) = (destination.actor, "the path is in use by now");
            abandon(app, actor, &planned.version, reason).await?;
            Err(file_exists(&new.path))
        }
        Outcome::Overtaken | Outcome::Gone => Err(overtaken()),
    }
}

/// Outcome of a copy inside the store.
pub(crate) enum Copied {
    Done(Sent),
    /// The stored object no longer exists.
    Missing,
    /// The store cannot copy.
    Unsupported,
}

/// Makes the object of `version` from a stored one, inside the store.
pub(crate) async fn copy_stored(
    app: &App,
    version: &VersionRow,
    stored: &VersionRow,
) -> Result<Copied> {
    let Some(attested) = app.store.inspect(&stored.object_key).await? else {
        return Ok(Copied::Missing);
    };
    let (from, to) = (&stored.object_key, &version.object_key);
    if let Err(error) = app.store.copy(from, to, &attested).await {
        return match error.kind {
            StoreErrorKind::Missing => Ok(Copied::Missing),
            StoreErrorKind::Unsupported => Ok(Copied::Unsupported),
            _ => Err(error.into()),
        };
    }
    let part_digests = match version.part_size == stored.part_size && stored.has_digests {
        true => {
            let mut connection = app.db.read().await?;
            contents::part_digests(&mut connection, stored).await?
        }
        false => None,
    };
    Ok(Copied::Done(Sent {
        size_bytes: stored.size_bytes,
        sha256: stored.sha256.clone(),
        part_digests,
    }))
}
