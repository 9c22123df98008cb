//! Shows a share to its visitors.

use std::net::IpAddr;

use hulk_proto::{
    Id, Password, ShareToken, Timestamp,
    share::{PublicShare, ShareAction, Unlocked},
    trash::EntryKind,
};

use super::{
    link::{Opened, ShareCredentials, downloads_left, find},
    password,
};
use crate::{
    app::App,
    db::files,
    error::{Error, Result},
    ops::{browse::browse_shared, present},
};

/// # Errors
/// `NOT_FOUND`, `SHARE_EXPIRED`, `SHARE_REVOKED`; `AUTH_INVALID_CREDENTIALS` and
/// `TOO_MANY_REQUESTS` with a wrong password. Without one, only an outline is shown.
pub async fn show_share(
    app: &App,
    token: &ShareToken,
    credentials: &ShareCredentials,
    cursor: Option<String>,
) -> Result<PublicShare> {
    let opened = find(app, token).await?;
    let needs_password = !password::is_known(app, &opened.share, credentials).await?;
    let mut shown = outline(&opened, needs_password)?;
    if needs_password {
        return Ok(shown);
    }
    shown.filename = Some(present::entry_name(&opened.entry, &opened.owner));
    shown.max_file_bytes = opened
        .share
        .max_file_bytes
        .and_then(|cap| u64::try_from(cap).ok());
    if opened.entry.is_directory() {
        shown.directory_id = Some(opened.entry.id.parse().map_err(Error::internal)?);
        if opened.allow(ShareAction::List).is_ok() {
            let listing = browse_shared(app, &opened, &opened.entry.id, cursor).await?;
            shown.directories = listing.directories;
            shown.files = listing.files;
            shown.next_cursor = listing.next_cursor;
        }
        return Ok(shown);
    }
    let mut connection = app.db.read().await?;
    let row = files::find(&mut connection, &opened.entry.id).await?;
    let row = row.ok_or_else(|| Error::not_found("file"))?;
    let file = present::file(app, &mut connection, row).await?;
    shown.file_id = Some(file.id);
    shown.size_bytes = Some(file.size_bytes);
    shown.mime_type = Some(file.mime_type);
    shown.sha256 = file.sha256;
    Ok(shown)
}

/// Returns what is no secret to whoever has the link.
fn outline(opened: &Opened, needs_password: bool) -> Result<PublicShare> {
    let share = &opened.share;
    let time = |millis| Timestamp::from_unix_millis(millis).map_err(Error::internal);
    let id: Id = share.id.parse().map_err(Error::internal)?;
    Ok(PublicShare {
        id,
        kind: match opened.entry.is_directory() {
            true => EntryKind::Directory,
            false => EntryKind::File,
        },
        permissions: share.grants(),
        needs_password,
        expires_at: share.expires_at.map(time).transpose()?,
        downloads_left: downloads_left(opened.chain()),
        max_file_bytes: None,
        created_at: time(share.created_at)?,
        file_id: None,
        directory_id: None,
        filename: None,
        size_bytes: None,
        mime_type: None,
        sha256: None,
        directories: Vec::new(),
        files: Vec::new(),
        next_cursor: None,
    })
}

/// Returns a pass for a visitor who has the password, and the id of the share that it is for.
///
/// # Errors
/// `NOT_FOUND`, `SHARE_EXPIRED`, `SHARE_REVOKED`, `AUTH_INVALID_CREDENTIALS`, `TOO_MANY_REQUESTS`;
/// `VALIDATION_ERROR` if the share has no password.
pub async fn unlock_share(
    app: &App,
    token: &ShareToken,
    given: &Password,
    address: Option<IpAddr>,
) -> Result<(String, Unlocked)> {
    let opened = find(app, token).await?;
    let unlocked = password::unlock(app, &opened.share, given, address).await?;
    Ok((opened.share.id, unlocked))
}
