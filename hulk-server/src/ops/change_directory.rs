//! Renames, moves and sets the defaults of a directory; links to what is in it stay.

use hulk_proto::{Directory, ExpirationPolicy, Id, Permission, directory::ChangeDirectory};

use super::{list_directories::show_directory, place, retried};
use crate::{
    app::App,
    db::{
        entries::{self, EntryRow},
        users::UserRow,
    },
    error::{Error, Result},
};

/// # Errors
/// `NOT_FOUND`, `VALIDATION_ERROR`, and as `move_entries` for a new path.
pub async fn change_directory(
    app: &App,
    user: &UserRow,
    id: &Id,
    change: &ChangeDirectory,
) -> Result<Directory> {
    retried(|| write(app, user, id, change)).await?;
    show_directory(app, user, id).await
}

async fn write(app: &App, user: &UserRow, id: &Id, change: &ChangeDirectory) -> Result<()> {
    let mut transaction = app.db.write_for(&user.id).await?;
    let entry = entries::find(&mut transaction, id.as_str()).await?;
    let is_meant = |entry: &EntryRow| entry.user_id == user.id && entry.is_directory();
    let entry = entry
        .filter(is_meant)
        .ok_or_else(|| Error::not_found("directory"))?;
    let inherits = change.default_permissions == Some(Permission::Inherit);
    if inherits && entry.id == user.root_id {
        return Err(Error::validation(
            "default_permissions",
            "the root has nothing to inherit from: it is public or private",
        ));
    }
    if let Some(path) = &change.path {
        place::move_to(app, &mut transaction, user, id, path).await?;
    }
    entries::set_defaults(
        &mut transaction,
        id.as_str(),
        change.default_permissions.map(Permission::as_str),
        change
            .default_expiration_policy
            .map(ExpirationPolicy::as_str),
    )
    .await?;
    Ok(transaction.commit().await?)
}
