//! Renames, moves and relabels files; their ids and links stay the same.

use hulk_proto::{ChangeFile, File, Id};
use serde_json::json;

use crate::{
    app::App,
    audit::{self, Action, Actor, changed},
    auth::{Caller, scope::Scope},
    db::entries::{self, FileChange},
    error::{Error, Result},
    ops::{
        transaction::transaction,
        tree::relocate::move_to,
        uploads::{
            expiration::set_expiration,
            show::{find_file, show_file},
        },
        validate,
    },
};

/// # Errors
/// `NOT_FOUND`, `VALIDATION_ERROR`, `FILE_EXISTS` if the new path is in use, `CONFLICT` if the
/// policy of a file that is still being uploaded is to change.
pub async fn change_file(app: &App, caller: &Caller, id: &Id, change: &ChangeFile) -> Result<File> {
    let scope = Scope::from(caller);
    let file = find_file(app, scope, id).await?;
    let (tags, description) = (change.tags.as_deref(), change.description.as_deref());
    validate::labels(tags, description, change.metadata.as_ref())?;
    let tags = validate::json(change.tags.as_ref())?;
    let metadata = validate::json(change.metadata.as_ref())?;
    // The policy first: only it needs the store, which may not answer.
    if let Some(policy) = change.expiration_policy {
        set_expiration(app, Actor::from(caller), &file, policy).await?;
    }
    let actor = Actor::from(caller);
    transaction!(&app.db, actor, async |tx| {
        // It may have been moved out of reach meanwhile.
        if scope.find(tx, id.as_str()).await?.is_none() {
            return Err(Error::not_found("file"));
        }
        audit::record_with(
            tx,
            actor,
            Action::FileChange,
            &file.id,
            changed(&json!(change)),
        )
        .await?;
        if let Some(path) = &change.path {
            move_to(app, tx, scope, id, path).await?;
        }
        let changed = FileChange {
            permissions: change.permissions,
            tags: tags.as_deref(),
            description,
            metadata: metadata.as_deref(),
        };
        Ok(entries::change_file(tx, &file.id, changed).await?)
    })?;
    show_file(app, scope, id).await
}
