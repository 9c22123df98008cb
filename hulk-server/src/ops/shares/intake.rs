//! Counts files received through a share, within its limits and those of the shares that it was created from.
//!
//! | upload | `received_bytes`, `received_files` | `unfinished_files` |
//! |---|---|---|
//! | planned | plus its bytes, plus one | plus one |
//! | abandoned, cancelled, failed | as before it was planned | minus one |
//! | finished | its actual bytes stay counted, even after the owner deletes it | minus one |
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

/// When a client should retry: other uploads are likely to be finished by then.
const PLAN_AGAIN: Duration = Duration::from_secs(2);

/// Reserves room for a file of `bytes`.
///
/// # Errors
/// `TOO_MANY_REQUESTS` while too many are unfinished, `QUOTA_EXCEEDED` if a limit of the link is reached.
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
                format!("{unfinished} uploads through this link are unfinished; finish one first"),
            )
            .with_retry_after(PLAN_AGAIN),
            false => used_up(&share),
        });
    }
    Ok(())
}

/// Reserves `bytes` more for a planned file.
///
/// # Errors
/// `QUOTA_EXCEEDED` if a limit of the link is reached.
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

/// Releases the room for a planned file of `bytes` that will not arrive.
pub(crate) async fn release(
    connection: &mut AnyConnection,
    share_id: &str,
    bytes: i64,
) -> Result<()> {
    end(connection, share_id, bytes, false).await
}

/// Counts a planned file as received, and releases the `unused` ones of its reserved bytes.
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
    is_received: bool,
) -> Result<()> {
    for share in chain(connection, share_id).await? {
        shares::end_file(connection, &share.id, bytes, is_received).await?;
    }
    Ok(())
}

/// Returns the share and those that it was created from, without those that do not allow uploads.
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
        true => format!("this link has received all of the {files} files that it may"),
        false => format!(
            "this link may receive {bytes} bytes in all, and {} of them are used",
            share.received_bytes
        ),
    };
    Error::new(
        ErrorCode::QuotaExceeded,
        format!("{message}; ask its owner for another"),
    )
}
