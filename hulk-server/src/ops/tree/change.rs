//! Renames and moves directories and sets their defaults; links to their contents stay valid.

use hulk_proto::{Directory, Id, Permission, directory::ChangeDirectory};
use serde_json::json;

use super::{list::show_directory, relocate::move_to};
use crate::{
    app::App,
    audit::{self, Action, Actor},
    auth::Caller,
    db::{
        Write,
        entries::{self, EntryRow},
        users::UserRow,
    },
    error::{Error, Result},
    ops::transaction::transaction,
};

/// # Errors
/// `NOT_FOUND`, `VALIDATION_ERROR`; the errors of `move_entries` for a new path.
pub async fn change_directory(
    app: &App,
    caller: &Caller,
    id: &Id,
    change: &ChangeDirectory,
) -> Result<Directory> {
    let actor = Actor::from(caller);
    transaction!(&app.db, actor, async |tx| {
        audit::record_with(
            tx,
            actor,
            Action::DirectoryChange,
            id.as_str(),
            json!(change),
        )
        .await?;
        write(app, tx, &caller.user, id, change).await
    })?;
    show_directory(app, &caller.user, id).await
}

async fn write(
    app: &App,
    transaction: &mut Write,
    user: &UserRow,
    id: &Id,
    change: &ChangeDirectory,
) -> Result<()> {
    let entry = entries::find(transaction, id.as_str()).await?;
    let is_meant = |entry: &EntryRow| entry.user_id == user.id && entry.is_directory();
    let entry = entry
        .filter(is_meant)
        .ok_or_else(|| Error::not_found("directory"))?;
    let inherits = change.default_permissions == Some(Permission::Inherit);
    if inherits && entry.id == user.root_id {
        return Err(Error::validation(
            "default_permissions",
            "the root directory has nothing to inherit from: it is public or private",
        ));
    }
    if let Some(path) = &change.path {
        move_to(app, transaction, user, id, path).await?;
    }
    let (permissions, policy) = (change.default_permissions, change.default_expiration_policy);
    Ok(entries::set_defaults(transaction, id.as_str(), permissions, policy).await?)
}
