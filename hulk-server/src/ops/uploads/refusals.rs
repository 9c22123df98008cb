//! Errors that several steps of an upload share.

use std::fmt::Display;

use hulk_proto::ErrorCode;
use sqlx::AnyConnection;

use super::destination::Destination;
use crate::{
    db::{trash, users},
    error::{Error, Result},
    limits::reached,
};

pub(crate) fn file_exists(path: impl Display) -> Error {
    Error::new(
        ErrorCode::FileExists,
        format!("a file already exists at {path}"),
    )
}

/// Error when another request completed an upload to the path first.
pub(crate) fn overtaken() -> Error {
    Error::new(
        ErrorCode::Conflict,
        "another upload to this path was finished meanwhile; upload again to replace it",
    )
}

pub(super) fn mismatch() -> Error {
    Error::new(
        ErrorCode::DigestMismatch,
        "the store received other bytes than were declared; the upload was discarded: send it again",
    )
}

pub(super) fn nothing_sent() -> Error {
    Error::new(
        ErrorCode::UploadIncomplete,
        "the store has not received the file; send it first",
    )
}

pub(super) fn not_in_parts() -> Error {
    Error::new(
        ErrorCode::BadRequest,
        "this file is uploaded in one request, not in parts",
    )
}

/// Returns the error for `size_bytes` that do not fit into the quota, with a way to make room.
pub(crate) async fn quota_exceeded(
    connection: &mut AnyConnection,
    destination: &Destination<'_>,
    size_bytes: i64,
) -> Result<Error> {
    let user = users::find(connection, &destination.user.id)
        .await?
        .unwrap_or_else(|| destination.user.clone());
    if destination.actor.bound_to().is_some() {
        // How much the user stores elsewhere is nobody's business.
        return Ok(Error::new(
            ErrorCode::QuotaExceeded,
            format!(
                "{size_bytes} bytes do not fit into the quota; the owner of the account must delete \
                 something first"
            ),
        )
        .with_details(reached("storage_bytes")));
    }
    let way_out = match trash::bytes(connection, &user.id).await? {
        _ if destination.upload_key_id().is_some() => {
            "the owner of the account must delete something first; this API key may not".to_owned()
        }
        0 => "delete something first".to_owned(),
        bytes => format!(
            "emptying the trash frees {bytes} bytes (hulk trash empty, or DELETE /api/v1/trash)"
        ),
    };
    Ok(Error::new(
        ErrorCode::QuotaExceeded,
        format!(
            "{size_bytes} bytes do not fit into the quota: {} of {} bytes are used; {way_out}",
            user.used_bytes, user.quota_bytes
        ),
    )
    .with_details(reached("storage_bytes")))
}
