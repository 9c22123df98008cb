//! What is in a directory, for whoever may see it.

use hulk_proto::{
    Directory, Id, ListQuery, Permission, directory::DirectoryListing, limits::MAX_PAGE,
    page::OrderBy,
};

use super::{list_directories::list_directories, list_files::list_files, present};
use crate::{
    app::App,
    db::{
        entries::{self, EntryRow},
        users,
    },
    error::{Error, Result},
};

/// The owner sees all. Others see a directory that is public by name, or in one: that the root's
/// default is public makes links work, and shows no list to anybody.
///
/// # Errors
/// `NOT_FOUND` for what is not there or not to be seen.
pub async fn browse_directory(
    app: &App,
    id: &Id,
    user_id: Option<&str>,
    cursor: Option<String>,
) -> Result<DirectoryListing> {
    let not_found = || Error::not_found("directory");
    let mut connection = app.db.read().await?;
    let entry = entries::find(&mut connection, id.as_str())
        .await?
        .filter(EntryRow::is_directory)
        .ok_or_else(not_found)?;
    let owner = users::find(&mut connection, &entry.user_id)
        .await?
        .ok_or_else(not_found)?;
    let is_owner = user_id == Some(entry.user_id.as_str());
    if !is_owner {
        let named = entries::permission_by_name(&mut connection, &entry.id).await?;
        if named.as_deref() != Some(Permission::Public.as_str()) {
            return Err(not_found());
        }
    }
    let directory = present::directory(app, &mut connection, entry).await?;
    drop(connection);
    let is_shown = |permission: Permission| is_owner || permission != Permission::Private;
    let mut directories = Vec::new();
    while cursor.is_none() {
        let query = ListQuery {
            limit: Some(MAX_PAGE),
            offset: Some(directories.len() as u64),
            filters: vec![("parent_id".to_owned(), id.to_string())],
            ..ListQuery::default()
        };
        let page = list_directories(app, &owner, &query).await?;
        let is_last = page.items.is_empty();
        directories.extend(page.items);
        if is_last || directories.len() as u64 >= page.total {
            break;
        }
    }
    directories.retain(|directory: &Directory| is_shown(directory.default_permissions));
    let query = ListQuery {
        limit: Some(MAX_PAGE),
        cursor,
        order_by: Some(OrderBy {
            property: "filename".to_owned(),
            descending: false,
        }),
        filters: vec![("directory_id".to_owned(), id.to_string())],
        ..ListQuery::default()
    };
    let page = list_files(app, &owner, &query).await?;
    let mut files = page.items;
    files.retain(|file| is_shown(file.permissions));
    Ok(DirectoryListing {
        directory,
        directories,
        files,
        next_cursor: page.next_cursor,
    })
}
