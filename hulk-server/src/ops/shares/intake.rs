//! What comes in through a share, within its ceilings and those of the shares that it was made with.
//!
//! | upload | `received_bytes`, `received_files` | `unfinished_files` |
//! |---|---|---|
//! | planned | its bytes and one more | one more |
//! | given up, cancelled, failed | as before it was planned | one less |
//! | finished | what it really has stays counted, also once the owner deletes it | one less |
//!
//! Each change is in the transaction that changes the state of the upload, so no crash leaves one
//! without the other.

use std::time::Duration;

use hulk_proto::{ErrorCode, limits::SHARE_UNFINISHED};
use sqlx::AnyConnection;

use super::link::above;
use crate::{
    db::shares::{self, ShareRow},
    error::{Error, Result},
};

/// When a plan may be tried again: others are likely to have been finished.
const PLAN_AGAIN: Duration = Duration::from_secs(2);

/// Sets a file of `bytes` aside.
///
/// # Errors
/// `TOO_MANY_REQUESTS` while too many are unfinished, `QUOTA_EXCEEDED` if the link has taken all that it
/// may.
pub(crate) async fn reserve(
    connection: &mut AnyConnection,
    share: &ShareRow,
    bytes: i64,
) -> Result<()> {
    let unfinished = i64::try_from(SHARE_UNFINISHED).unwrap_or(i64::MAX);
    for share in chain(connection, &share.id).await? {
        if shares::plan_file(connection, &share.id, bytes, unfinished).await? {
            continue;
        }
        return Err(match share.unfinished_files >= unfinished {
            true => Error::new(
                ErrorCode::TooManyRequests,
                format!(
                    "{unfinished} uploads through this link are planned and not finished; finish one first"
                ),
            )
            .with_retry_after(PLAN_AGAIN),
            false => used_up(&share),
        });
    }
    Ok(())
}

/// Sets `bytes` more aside for a planned file.
///
/// # Errors
/// `QUOTA_EXCEEDED` if the link may not take as much.
pub(crate) async fn extend(
    connection: &mut AnyConnection,
    share: &ShareRow,
    bytes: i64,
) -> Result<()> {
    for share in chain(connection, &share.id).await? {
        if !shares::extend_file(connection, &share.id, bytes).await? {
            return Err(used_up(&share));
        }
    }
    Ok(())
}

/// A planned file of `bytes` will not come.
pub(crate) async fn release(
    connection: &mut AnyConnection,
    share_id: &str,
    bytes: i64,
) -> Result<()> {
    end(connection, share_id, bytes, false).await
}

/// A planned file came in, and `unused` of the bytes that were set aside for it are free again.
pub(crate) async fn finish(
    connection: &mut AnyConnection,
    share_id: &str,
    unused: i64,
) -> Result<()> {
    end(connection, share_id, unused, true).await
}

async fn end(
    connection: &mut AnyConnection,
    share_id: &str,
    bytes: i64,
    came_in: bool,
) -> Result<()> {
    for share in chain(connection, share_id).await? {
        shares::end_file(connection, &share.id, bytes, came_in).await?;
    }
    Ok(())
}

/// The share and those that it was made with, those that take nothing in left out.
async fn chain(connection: &mut AnyConnection, share_id: &str) -> Result<Vec<ShareRow>> {
    let Some(share) = shares::find(connection, share_id).await? else {
        return Ok(Vec::new());
    };
    let mut chain = above(connection, &share).await?;
    chain.insert(0, share);
    chain.retain(|share| share.can_upload);
    Ok(chain)
}

fn used_up(share: &ShareRow) -> Error {
    let (bytes, files) = (
        share.max_total_bytes.unwrap_or(0),
        share.max_files.unwrap_or(0),
    );
    let message = match share.received_files >= files {
        true => format!("this link has taken in the {files} files that it may"),
        false => format!(
            "this link may take in {bytes} bytes in all, and {} of them are taken",
            share.received_bytes
        ),
    };
    Error::new(
        ErrorCode::QuotaExceeded,
        format!("{message}; ask its owner for another"),
    )
}
