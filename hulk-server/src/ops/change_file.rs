//! Renames, moves and relabels a file; its id and link stay.

use hulk_proto::{ChangeFile, ErrorCode, ExpirationPolicy, File, Id, Permission, Timestamp};

use super::{discard::urls_end, find_file, object_key, place, show_file, validate};
use crate::{
    app::App,
    db::{
        entries::{self, FileChange},
        files::FileRow,
        garbage,
        users::UserRow,
        versions,
    },
    error::{Error, Result},
};

/// # Errors
/// `NOT_FOUND`, `VALIDATION_ERROR`, `FILE_EXISTS` if the new path is taken, `CONFLICT` if the
/// policy of a file that is still being uploaded is to change.
pub async fn change_file(app: &App, user: &UserRow, id: &Id, change: &ChangeFile) -> Result<File> {
    let file = find_file(app, user, id).await?;
    validate::labels(
        change.tags.as_deref(),
        change.description.as_deref(),
        change.metadata.as_ref(),
    )?;
    let tags = change
        .tags
        .as_ref()
        .map(serde_json::to_string)
        .transpose()
        .map_err(Error::internal)?;
    let metadata = change
        .metadata
        .as_ref()
        .map(serde_json::to_string)
        .transpose()
        .map_err(Error::internal)?;
    // The policy first: it alone needs the store, which may not answer.
    if let Some(policy) = change.expiration_policy {
        set_expiration(app, &file, policy).await?;
    }
    let mut transaction = app.db.write_for(&user.id).await?;
    if let Some(path) = &change.path {
        place::move_to(app, &mut transaction, user, id, path).await?;
    }
    let changed = FileChange {
        permissions: change.permissions.map(Permission::as_str),
        tags: tags.as_deref(),
        description: change.description.as_deref(),
        metadata: metadata.as_deref(),
    };
    entries::change_file(&mut transaction, &file.id, changed).await?;
    transaction.commit().await?;
    show_file(app, user, id).await
}

/// The policy is part of the object's key, since the bucket's lifecycle rules go by it and by the
/// object's age: it is copied first, then the row changes, and the old object goes.
pub(super) async fn set_expiration(
    app: &App,
    file: &FileRow,
    policy: ExpirationPolicy,
) -> Result<()> {
    let mut connection = app.db.read().await?;
    let version = versions::find(&mut connection, &file.id, file.version).await?;
    drop(connection);
    let version = version
        .filter(|version| version.state == versions::VALIDATED)
        .ok_or_else(|| {
            Error::new(
                ErrorCode::Conflict,
                "the file has no finished upload whose expiry could change",
            )
        })?;
    let expires_at = policy
        .expires_at(Timestamp::now())
        .map(Timestamp::unix_millis);
    let is_renewed = policy.days().is_some() && app.store.expires_objects();
    let is_moved = version.expiration_policy != policy.as_str() || is_renewed;
    let key = match is_moved {
        // Never one that was used before: the garbage may still hold that.
        true => object_key::object(
            &app.settings.env_name,
            policy,
            (&file.user_id, &file.id, version.number),
        ),
        false => version.object_key.clone(),
    };
    if is_moved {
        let attested = app.store.inspect(&version.object_key).await?;
        let attested = attested.ok_or_else(|| Error::not_found("object in the store"))?;
        app.store.copy(&version.object_key, &key, &attested).await?;
    }
    let mut transaction = app.db.write_for(&file.user_id).await?;
    let changed = versions::set_expiration(
        &mut transaction,
        &version,
        policy.as_str(),
        expires_at,
        &key,
    )
    .await?;
    if is_moved {
        let dropped = if changed { &version.object_key } else { &key };
        garbage::add(&mut transaction, dropped, None, urls_end()).await?;
    }
    transaction.commit().await?;
    app.garbage.notify_one();
    changed.then_some(()).ok_or_else(|| {
        Error::new(
            ErrorCode::Conflict,
            "the file was changed by another request meanwhile; try again",
        )
    })
}
