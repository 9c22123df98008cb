//! Files of all users.

use hulk_proto::{Id, ListQuery, Page, admin::OwnedFile, trash::EntryKind};

use super::{page, page_and_conditions};
use crate::{
    app::App,
    audit::Actor,
    auth::{scope::Scope, staff::Staff},
    db::{
        entries::fold,
        files::{self, FileRow},
        lists, users,
    },
    error::{Error, Result},
    ops::{
        present,
        trash::{self, Deleting, Deletion},
    },
};

/// Lists finished files of all users, newest first; those that have `search` in their names.
///
/// # Errors
/// `VALIDATION_ERROR` for what the list does not support.
pub async fn list_all_files(
    app: &App,
    query: &ListQuery,
    search: Option<&str>,
) -> Result<Page<OwnedFile>> {
    let (of, mut conditions) = page_and_conditions(query, |conditions, property, value| {
        match property {
            "user_id" => conditions.equals("e.user_id", value),
            "mime_type" => conditions.equals("v.mime_type", value),
            _ => return Ok(false),
        }
        Ok(true)
    })?;
    conditions.is("e.kind = 'file'");
    conditions.is("e.trash_id IS NULL");
    conditions.is("v.state = 'validated'");
    if let Some(text) = search {
        conditions.contains(&["e.folded_name"], &fold(text));
    }
    let mut connection = app.db.read().await?;
    let (rows, total) = lists::page(&mut connection, files::LIST, &conditions, of).await?;
    let rows: Vec<FileRow> = rows;
    let owners: Vec<String> = rows.iter().map(|row| row.user_id.clone()).collect();
    let shown = present::files(app, &mut connection, rows).await?;
    let items = shown.into_iter().zip(owners).map(|(file, owner)| {
        let user_id = owner.parse().map_err(Error::internal)?;
        Ok(OwnedFile { file, user_id })
    });
    Ok(page(items.collect::<Result<_>>()?, total))
}

/// Moves a file to its owner's trash.
///
/// # Errors
/// `NOT_FOUND`, `FORBIDDEN` for a file of somebody above the caller.
pub async fn delete_file(app: &App, staff: &Staff, id: &Id) -> Result<()> {
    let mut connection = app.db.read().await?;
    let file = files::find(&mut connection, id.as_str()).await?;
    let file = file.ok_or_else(|| Error::not_found("file"))?;
    let owner = users::find(&mut connection, &file.user_id).await?;
    drop(connection);
    let owner = owner.ok_or_else(|| Error::not_found("file"))?;
    staff.check_over(owner.role)?;
    let actor = Actor::Staff {
        staff,
        user_id: &owner.id,
    };
    let deleting = Deleting {
        kind: EntryKind::File,
        id,
        deletion: Deletion::ToTrash,
        only_empty: false,
    };
    let scope = Scope::whole(&owner);
    trash::delete(app, actor, scope, deleting).await.map(drop)
}
