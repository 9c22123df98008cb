//! Gives an unfinished upload up: its space is free again, its bytes go.

use hulk_proto::Id;

use super::{destination::Destination, discard::discard, find_file, shares::intake::leave_nothing};
use crate::{
    app::App,
    db::versions,
    error::{Error, Result},
};

/// Cancels the newest unfinished upload of a file; the versions before it stay.
///
/// # Errors
/// `NOT_FOUND` if there is none that is the client's to cancel, or the file is another user's.
pub async fn cancel_upload(app: &App, destination: &Destination<'_>, id: &Id) -> Result<()> {
    find_file(app, destination.user, id).await?;
    let mut transaction = app.db.write_for(&destination.user.id).await?;
    let (id, key_id) = (id.as_str(), destination.key_id);
    let newest = versions::find_newest(&mut transaction, id, key_id).await?;
    let unfinished = newest.filter(versions::VersionRow::is_unfinished);
    let version = unfinished.ok_or_else(|| Error::not_found("unfinished upload"))?;
    if versions::mark_failed(&mut transaction, &version, "it was cancelled").await? {
        discard(&mut transaction, &version).await?;
        leave_nothing(&mut transaction, &version).await?;
    }
    transaction.commit().await?;
    app.garbage.notify_one();
    Ok(())
}
