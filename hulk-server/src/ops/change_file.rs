//! Renames, moves and relabels a file; its id and link stay.

use hulk_proto::{
    ChangeFile, ErrorCode, ExpirationPolicy, File, Id, Permission, RemotePath, Timestamp,
};
use sqlx::AnyConnection;

use super::{
    delete_file::urls_end, find_file, plan_upload::ensure_directories, show_file, validate,
};
use crate::{
    app::App,
    db::{
        entries::{self, FileChange},
        files::FileRow,
        garbage,
        users::UserRow,
        versions::{self, VersionRow},
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
    let place = match &change.path {
        Some(path) => Some(new_place(app, &mut transaction, user, &file, path).await?),
        None => None,
    };
    let changed = FileChange {
        place: place
            .as_ref()
            .map(|(parent_id, name)| (parent_id.as_str(), name.as_str())),
        permissions: change.permissions.map(Permission::as_str),
        tags: tags.as_deref(),
        description: change.description.as_deref(),
        metadata: metadata.as_deref(),
    };
    entries::change_file(&mut transaction, &file.id, changed).await?;
    transaction.commit().await?;
    show_file(app, user, id).await
}

async fn new_place(
    app: &App,
    connection: &mut AnyConnection,
    user: &UserRow,
    file: &FileRow,
    path: &RemotePath,
) -> Result<(String, String)> {
    let (directory, name) = validate::file_path(path)?;
    validate::extension(app, &name)?;
    let taken = entries::find_by_path(connection, &user.root_id, path).await?;
    if taken.is_some_and(|entry| entry.id != file.id) {
        return Err(Error::new(
            ErrorCode::FileExists,
            format!("'{path}' is taken already"),
        ));
    }
    let parent = ensure_directories(connection, user, &directory).await?;
    Ok((parent.id, name))
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
        true => new_key(app, file, &version, policy),
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

/// Under the policy's prefix, and never one that was used before: the garbage may still hold that.
fn new_key(app: &App, file: &FileRow, version: &VersionRow, policy: ExpirationPolicy) -> String {
    let (env, number) = (&app.settings.env_name, version.number);
    format!(
        "{env}/{policy}/{}/{}/{number}-{}",
        file.user_id,
        file.id,
        Id::random()
    )
}
