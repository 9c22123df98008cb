//! Counted downloads.
//!
//! | claim | taken of `max_downloads` | in `download_count` |
//! |---|---|---|
//! | begun: a GET that is no HEAD, no rest of a file and no look of a bot; or a page's button | yes | no |
//! | gone on with, by who began it or who was told its id | as before | as before |
//! | ended: told by the client, or its URL has ended | yes | yes |

use hulk_proto::{ErrorCode, Id, ShareToken, Timestamp};

use super::{Opened, Visit};
use crate::{
    app::App,
    db::{
        Db,
        claims::{self, NewClaim},
        shares::{self, ShareRow},
    },
    error::{Error, Result},
    ops::retried,
    store::URL_LIFETIME,
};

/// Begins a download of a file of the share, or goes on with one. The id of the claim, if the share
/// counts.
///
/// # Errors
/// `SHARE_EXPIRED` if it was downloaded as often as it may.
pub(in crate::ops) async fn begin(
    app: &App,
    opened: &Opened,
    file_id: &str,
    visit: &Visit,
) -> Result<Option<String>> {
    if !opened.is_counted() {
        app.downloads.count_share(&opened.share.id);
        return Ok(None);
    }
    if let Some(begun) = begun(app, opened, file_id, visit).await? {
        return Ok(Some(begun));
    }
    retried(|| take(app, opened, file_id, visit))
        .await
        .map(Some)
}

/// One of the downloads of the share, and of those that it was made with.
async fn take(app: &App, opened: &Opened, file_id: &str, visit: &Visit) -> Result<String> {
    let id = Id::random();
    let mut transaction = app.db.write_for(&opened.owner.id).await?;
    for share in opened.chain().filter(|share| is_counted(share)) {
        if !shares::claim(&mut transaction, &share.id).await? {
            return Err(used_up());
        }
    }
    let claim = NewClaim {
        id: id.as_str(),
        share_id: &opened.share.id,
        file_id,
        client: &visit.client,
        ends_at: Timestamp::now().saturating_add(URL_LIFETIME).unix_millis(),
    };
    claims::insert(&mut transaction, claim).await?;
    transaction.commit().await?;
    Ok(id.to_string())
}

/// # Errors
/// `SHARE_EXPIRED` if no download may begin any more.
pub(in crate::ops) fn check_left(opened: &Opened) -> Result<()> {
    match super::manage::downloads_left(opened.chain()) {
        Some(0) => Err(used_up()),
        _ => Ok(()),
    }
}

fn is_counted(share: &ShareRow) -> bool {
    share.max_downloads.is_some()
}

fn used_up() -> Error {
    Error::new(
        ErrorCode::ShareExpired,
        "this link has been used as often as it may be",
    )
}

/// The download that this visitor has begun before.
async fn begun(app: &App, opened: &Opened, file_id: &str, visit: &Visit) -> Result<Option<String>> {
    let now = Timestamp::now().unix_millis();
    let share_id = &opened.share.id;
    let mut connection = app.db.read().await?;
    if let Some(id) = &visit.claim {
        let found = claims::find(&mut connection, share_id, file_id, id, now).await?;
        if found.is_some() {
            return Ok(found);
        }
    }
    if !visit.is_continuation {
        return Ok(None);
    }
    Ok(claims::find_of_client(&mut connection, share_id, file_id, &visit.client, now).await?)
}

/// The client tells that its download has ended.
///
/// # Errors
/// `NOT_FOUND` for a share that is not there; a claim that is not, or has ended, is no error.
pub async fn end_claim(app: &App, token: &ShareToken, claim: &Id) -> Result<()> {
    let mut connection = app.db.read().await?;
    let share = shares::find_by_token(&mut connection, token.as_str()).await?;
    let share = share.ok_or_else(|| Error::not_found("share"))?;
    drop(connection);
    let mut transaction = app.db.write_for(&share.user_id).await?;
    if claims::end(&mut transaction, &share.id, claim.as_str()).await? {
        count(&mut transaction, share).await?;
    }
    Ok(transaction.commit().await?)
}

/// For the share and those that it was made with.
async fn count(connection: &mut sqlx::AnyConnection, share: ShareRow) -> Result<()> {
    let above = super::above(connection, &share).await?;
    for share in std::iter::once(&share).chain(&above) {
        shares::add_downloads(connection, &share.id, 1).await?;
    }
    Ok(())
}

/// Counts the downloads whose URLs have ended, some at a time. How many there were.
pub(crate) async fn sweep(db: &Db, limit: i64) -> Result<u64> {
    let mut transaction = db.write().await?;
    let now = db.now(&mut transaction).await?.unix_millis();
    let over = claims::over(&mut transaction, now, limit).await?;
    for (id, share_id, is_ended) in &over {
        if claims::delete(&mut transaction, id).await?
            && *is_ended == 0
            && let Some(share) = shares::find(&mut transaction, share_id).await?
        {
            count(&mut transaction, share).await?;
        }
    }
    transaction.commit().await?;
    Ok(over.len() as u64)
}
