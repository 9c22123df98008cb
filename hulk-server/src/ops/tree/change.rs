//! Renames and moves directories and sets their defaults; links to their contents stay valid.

use hulk_proto::{Directory, Id, Permission, directory::ChangeDirectory};
use serde_json::json;

use super::{list::show_directory, relocate::move_to};
use crate::{
    app::App,
    audit::{self, Action, Actor, changed},
    auth::{Caller, scope::Scope},
    db::{
        Write,
        entries::{self, EntryRow},
    },
    error::{Error, Result},
    ops::transaction::transaction,
};

/// # Errors
/// `NOT_FOUND`, `VALIDATION_ERROR`, `FORBIDDEN`; the errors of `move_entries` for a new path.
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
            changed(&json!(change)),
        )
        .await?;
        write(app, tx, caller.into(), id, change).await
    })?;
    show_directory(app, caller.into(), id).await
}

async fn write(
    app: &App,
    transaction: &mut Write,
    scope: Scope<'_>,
    id: &Id,
    change: &ChangeDirectory,
) -> Result<()> {
    let entry = scope.find(transaction, id.as_str()).await?;
    let entry = entry
        .filter(EntryRow::is_directory)
        .ok_or_else(|| Error::not_found("directory"))?;
    scope.check_below(&entry.id)?;
    let inherits = change.default_permissions == Some(Permission::Inherit);
    if inherits && entry.id == scope.user().root_id {
        return Err(Error::validation(
            "default_permissions",
            "the root directory has nothing to inherit from: it is public or private",
        ));
    }
    if let Some(path) = &change.path {
        move_to(app, transaction, scope, id, path).await?;
    }
    let (permissions, policy) = (change.default_permissions, change.default_expiration_policy);
    Ok(entries::set_defaults(transaction, id.as_str(), permissions, policy).await?)
}
