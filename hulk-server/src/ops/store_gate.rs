//! Checks for the embedded store before it serves a presigned URL: a URL outlives the reason for which it was
//! signed.

use hulk_proto::FileStatus;

use crate::{
    app::App,
    auth::check_active,
    db::{
        uploads, users,
        versions::{self, VersionRow},
    },
    error::Result,
    ops::shares,
    store::ObjectKey,
};

/// The object, or the part of an upload, that is sent to a URL.
#[derive(Clone, Copy)]
pub(crate) struct Target<'a> {
    pub(crate) key: &'a str,
    pub(crate) upload_id: Option<&'a str>,
}

/// Whether the upload that the URL was signed for is still open, and its owner's account not suspended.
///
/// # Errors
/// If the database does not answer.
pub(crate) async fn is_open(app: &App, target: Target<'_>) -> Result<bool> {
    let Some(version) = find(app, target).await?.filter(VersionRow::is_unfinished) else {
        return Ok(false);
    };
    let mut connection = app.db.read().await?;
    let owner = users::find(&mut connection, &version.user_id).await?;
    drop(connection);
    match (owner, &version.share_id) {
        (None, _) => Ok(false),
        (Some(owner), _) if check_active(&owner).is_err() => Ok(false),
        (_, Some(share_id)) => shares::is_open(app, share_id).await,
        (_, None) => Ok(true),
    }
}

/// Records that bytes have arrived, and returns whether the upload is still open. Deletes the bytes if it was
/// abandoned meanwhile.
///
/// # Errors
/// If the database or the store does not answer.
pub(crate) async fn received(app: &App, target: Target<'_>, size_bytes: u64) -> Result<bool> {
    match find(app, target).await? {
        Some(version) if version.is_unfinished() => {
            if version.share_id.is_some() && size_bytes > 0 {
                // Not through `ops::transaction`: bytes that have arrived do not wait for other changes.
                let mut transaction = app.db.write().await?;
                uploads::touch(&mut transaction, &version).await?;
                transaction.commit().await?;
            }
            Ok(true)
        }
        // It was finished with these bytes, or with earlier ones: a finished object is not
        // replaced.
        Some(version) if version.state == FileStatus::Validated => Ok(true),
        // Parts are deleted with their upload.
        _ if target.upload_id.is_some() => Ok(false),
        _ => {
            app.store.delete(target.key).await?;
            Ok(false)
        }
    }
}

/// Finds the version that the URL was signed for.
async fn find(app: &App, target: Target<'_>) -> Result<Option<VersionRow>> {
    let Some(key) = ObjectKey::parse(&app.settings.env_name, target.key) else {
        return Ok(None);
    };
    let mut connection = app.db.read().await?;
    let version = versions::find(&mut connection, key.file_id().as_str(), key.version()).await?;
    Ok(version.filter(|version| match target.upload_id {
        Some(upload_id) => {
            version.object_key == target.key && version.upload_id.as_deref() == Some(upload_id)
        }
        None => version.upload_key == target.key && version.part_size.is_none(),
    }))
}
