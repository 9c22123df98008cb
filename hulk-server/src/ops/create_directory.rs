//! Makes a directory.

use hulk_proto::{Directory, ErrorCode, ExpirationPolicy, Permission, directory::CreateDirectory};

use super::{
    plan_upload::{count_object, ensure_directories},
    present,
};
use crate::{
    app::App,
    db::{
        entries::{self, DIRECTORY},
        tree,
        users::UserRow,
    },
    error::{Error, Result},
};

/// With those above it.
///
/// # Errors
/// `DIRECTORY_EXISTS`, `FILE_EXISTS`, `VALIDATION_ERROR`.
pub async fn create_directory(
    app: &App,
    user: &UserRow,
    request: &CreateDirectory,
) -> Result<Directory> {
    let (above, name) = request.path.split().ok_or_else(|| exists(&request.path))?;
    let mut transaction = app.db.write_for(&user.id).await?;
    let parent = ensure_directories(
        &mut transaction,
        &user.into(),
        &above,
        app.settings.max_objects,
    )
    .await?;
    let is_there = tree::find_by_path(&mut transaction, &user.root_id, &request.path).await?;
    if is_there.is_some_and(|entry| entry.is_directory()) {
        return Err(exists(&request.path));
    }
    let (entry, is_new) =
        entries::ensure(&mut transaction, &user.id, &parent.id, name, DIRECTORY).await?;
    if is_new {
        count_object(&mut transaction, &user.id, app.settings.max_objects).await?;
    }
    if !entry.is_directory() {
        return Err(Error::new(
            ErrorCode::FileExists,
            format!("there is a file at '{}'", request.path),
        ));
    }
    entries::set_defaults(
        &mut transaction,
        &entry.id,
        request.default_permissions.map(Permission::as_str),
        request
            .default_expiration_policy
            .map(ExpirationPolicy::as_str),
    )
    .await?;
    let row = entries::find(&mut transaction, &entry.id).await?;
    let row = row.ok_or_else(|| Error::internal("a new directory is missing"))?;
    let directory = present::directory(app, &mut transaction, row).await?;
    transaction.commit().await?;
    Ok(directory)
}

fn exists(path: impl std::fmt::Display) -> Error {
    Error::new(
        ErrorCode::DirectoryExists,
        format!("there is a directory at '{path}' already"),
    )
}
