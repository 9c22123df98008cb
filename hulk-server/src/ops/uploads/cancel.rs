//! Cancels an unfinished upload: releases its space and deletes its bytes.

use hulk_proto::Id;

use super::{destination::Destination, release::fail, show::find_file};
use crate::{
    app::App,
    auth::scope::reaches,
    db::versions::{self, VersionRow},
    error::{Error, Result},
    ops::transaction::transaction,
};

/// Cancels the newest unfinished upload of a file; the versions before it stay.
///
/// # Errors
/// `NOT_FOUND` if there is none that the client may cancel, or the file is another user's.
pub async fn cancel_upload(app: &App, destination: &Destination<'_>, id: &Id) -> Result<()> {
    find_file(app, destination.scope(), id).await?;
    let key_id = destination.upload_key_id();
    transaction!(&app.db, destination.actor, async |tx| {
        if !reaches(tx, destination.actor.bound_to(), id.as_str()).await? {
            return Err(Error::not_found("file"));
        }
        let newest = versions::find_newest(tx, id.as_str(), key_id).await?;
        let unfinished = newest.filter(VersionRow::is_unfinished);
        let version = unfinished.ok_or_else(|| Error::not_found("unfinished upload"))?;
        fail(tx, &version, "it was cancelled").await
    })?;
    app.garbage.notify_one();
    Ok(())
}
