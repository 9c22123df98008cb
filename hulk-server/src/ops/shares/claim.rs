//! Counted downloads.
//!
//! | claim | used of `max_downloads` | in `download_count` |
//! |---|---|---|
//! | begun: by GET, but not HEAD, a continued range or a link-preview bot; or by a page's button | yes | no |
//! | continued, by a client that names it in the URL, before it has ended | unchanged | unchanged |
//! | all bytes were sent by the embedded store; may be continued, since not all may arrive | yes | yes |
//! | ended: reported by the client, or its URL has expired | yes | yes |
//!
//! A claim's URL cannot be used for a second download: the embedded store sends at most one and a half times
//! the size of the file for one claim, which allows for what a broken connection loses. With another store,
//! only the lifetime of the presigned URL limits it.

use hulk_proto::{ErrorCode, Id, ShareToken, Timestamp};
use sqlx::AnyConnection;

use super::link::{Opened, ShareCredentials, above, downloads_left};
use crate::{
    app::App,
    audit::Actor,
    db::{
        Db,
        download_claims::{self, NewClaim},
        shares::{self, ShareRow},
    },
    error::{Error, Result},
    ops::transaction::transaction,
    store::URL_LIFETIME,
};

/// Begins a download of a file of the share, or continues the one that the visitor names. Returns the id of
/// the claim, if the share counts downloads.
///
/// # Errors
/// `SHARE_EXPIRED` if the limit of downloads is reached, or the named download has ended.
pub(crate) async fn begin(
    app: &App,
    opened: &Opened,
    file_id: &str,
    credentials: &ShareCredentials,
) -> Result<Option<String>> {
    if !opened.is_counted() {
        app.downloads.count_share(&opened.share.id);
        return Ok(None);
    }
    if let Some(id) = &credentials.claim {
        return continued(app, opened, file_id, id).await.map(Some);
    }
    take(app, opened, file_id).await.map(Some)
}

/// Claims one of the downloads of the share, and of those that it was created from.
async fn take(app: &App, opened: &Opened, file_id: &str) -> Result<String> {
    let id = Id::random();
    transaction!(&app.db, opened.actor(), async |tx| {
        for share in opened.chain().filter(|share| is_counted(share)) {
            if !shares::claim(tx, &share.id).await? {
                return Err(used_up());
            }
        }
        let claim = NewClaim {
            id: id.as_str(),
            share_id: &opened.share.id,
            file_id,
            ends_at: Timestamp::now().saturating_add(URL_LIFETIME).unix_millis(),
        };
        Ok(download_claims::insert(tx, claim).await?)
    })?;
    Ok(id.to_string())
}

/// Checks that a download could begin or be continued, without claiming one.
///
/// # Errors
/// `SHARE_EXPIRED` if no download is left, and the visitor names none that has not ended.
pub(crate) async fn check_left(
    app: &App,
    opened: &Opened,
    file_id: &str,
    credentials: &ShareCredentials,
) -> Result<()> {
    match (&credentials.claim, downloads_left(opened.chain())) {
        (Some(id), Some(_)) => continued(app, opened, file_id, id).await.map(drop),
        (None, Some(0)) => Err(used_up()),
        _ => Ok(()),
    }
}

fn is_counted(share: &ShareRow) -> bool {
    share.max_downloads.is_some()
}

fn used_up() -> Error {
    Error::new(
        ErrorCode::ShareExpired,
        "this link has reached its limit of downloads",
    )
}

/// Returns the claim with this id, if its download has not ended.
async fn continued(app: &App, opened: &Opened, file_id: &str, id: &Id) -> Result<String> {
    let now = Timestamp::now().unix_millis();
    let share_id = &opened.share.id;
    let mut connection = app.db.read().await?;
    let found = download_claims::find(&mut connection, share_id, file_id, id.as_str(), now).await?;
    found.ok_or_else(|| {
        Error::new(
            ErrorCode::ShareExpired,
            "this download has ended; open the link again to begin another",
        )
    })
}

/// Takes `len` bytes of a file of `size_bytes` for a claim. Returns whether it may have them.
///
/// # Errors
/// If the database does not answer.
pub async fn take_bytes(app: &App, claim: &Id, len: u64, size_bytes: u64) -> Result<bool> {
    let number = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
    let most = number(size_bytes.saturating_add(size_bytes / 2));
    // Not through `ops::transaction`: only the claim uses the row, and bytes do not wait for a user's lock.
    let mut transaction = app.db.write().await?;
    let taken =
        download_claims::take_bytes(&mut transaction, claim.as_str(), number(len), most).await?;
    transaction.commit().await?;
    Ok(taken)
}

/// Records that of the bytes that were taken, `sent` were sent and `unsent` were not. Once the whole file was
/// sent, the download is counted.
///
/// # Errors
/// If the database does not answer.
pub async fn settle_bytes(
    app: &App,
    claim: &Id,
    (sent, unsent): (u64, u64),
    size_bytes: u64,
) -> Result<()> {
    let number = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
    // Not through `ops::transaction`, as above; counters are added to.
    let mut transaction = app.db.write().await?;
    let (sent, unsent) = (number(sent), number(unsent));
    let settled =
        download_claims::settle_bytes(&mut transaction, claim.as_str(), sent, unsent).await?;
    if let Some((share_id, sent_in_all)) = settled
        && sent_in_all >= number(size_bytes)
        && download_claims::went_out(&mut transaction, claim.as_str()).await?
        && let Some(share) = shares::find(&mut transaction, &share_id).await?
    {
        count(&mut transaction, &share).await?;
    }
    Ok(transaction.commit().await?)
}

/// Ends a download that its client reports as ended.
///
/// # Errors
/// `NOT_FOUND` for a share that does not exist; a claim that does not exist or has ended is no error.
pub async fn end_claim(app: &App, token: &ShareToken, claim: &Id) -> Result<()> {
    let mut connection = app.db.read().await?;
    let share = shares::find_by_token(&mut connection, token.as_str()).await?;
    let share = share.ok_or_else(|| Error::not_found("share"))?;
    drop(connection);
    let user_id = share.user_id.as_str();
    transaction!(&app.db, Actor::Server { user_id }, async |tx| {
        if download_claims::end(tx, &share.id, claim.as_str()).await? {
            count(tx, &share).await?;
        }
        Ok(())
    })
}

/// Counts a download of the share and of those that it was created from.
async fn count(connection: &mut AnyConnection, share: &ShareRow) -> Result<()> {
    let above = above(connection, share).await?;
    for share in std::iter::once(share).chain(&above) {
        shares::add_downloads(connection, &share.id, 1).await?;
    }
    Ok(())
}

/// Counts at most `limit` downloads whose URLs have expired. Returns how many there were.
pub(crate) async fn count_lapsed(db: &Db, limit: i64) -> Result<u64> {
    // Not through `ops::transaction`: shares of many users, in the order of their ids.
    let mut transaction = db.write().await?;
    let now = db.now(&mut transaction).await?.unix_millis();
    let lapsed = download_claims::lapsed(&mut transaction, now, limit).await?;
    for claim in &lapsed {
        if download_claims::delete(&mut transaction, &claim.id).await?
            && !claim.is_counted
            && let Some(share) = shares::find(&mut transaction, &claim.share_id).await?
        {
            count(&mut transaction, &share).await?;
        }
    }
    transaction.commit().await?;
    Ok(lapsed.len() as u64)
}
