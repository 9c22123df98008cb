//! Takes what a version held back, in the transaction that ends it.

use hulk_proto::Timestamp;
use sqlx::AnyConnection;

use super::shares::intake;
use crate::{
    db::{
        garbage, users,
        versions::{self, VersionRow},
    },
    error::Result,
    store::URL_LIFETIME,
};

/// Gives the version's bytes back and its objects to the garbage. The caller changed its state or
/// deleted its row in the same transaction, and so is the only one to do this.
pub(crate) async fn discard(connection: &mut AnyConnection, version: &VersionRow) -> Result<()> {
    users::release(connection, &version.user_id, version.size_bytes).await?;
    if let Some(share_id) = version
        .share_id
        .as_deref()
        .filter(|_| version.is_unfinished())
    {
        intake::give_up(connection, share_id, version.size_bytes).await?;
    }
    if version.state == versions::VALIDATED {
        let (file_id, number) = (&version.file_id, version.number);
        users::uncount_file(connection, &version.user_id, file_id, number).await?;
    }
    let last_at = match version.is_in_place() {
        true => urls_end(),
        false => Timestamp::now(),
    };
    let upload_id = version.upload_id.as_deref();
    garbage::add(connection, &version.object_key, upload_id, last_at).await?;
    forget_upload(connection, version).await
}

/// Deletes the object that was sent and copied, now and when no URL can bring it back any more.
pub(crate) async fn forget_upload(
    connection: &mut AnyConnection,
    version: &VersionRow,
) -> Result<()> {
    if !version.is_in_place() {
        garbage::add(connection, &version.upload_key, None, urls_end()).await?;
    }
    Ok(())
}

/// When no URL that was signed until now is good any more.
pub(crate) fn urls_end() -> Timestamp {
    Timestamp::now().saturating_add(URL_LIFETIME)
}
