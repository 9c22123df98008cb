//! What is in a directory, for whoever may see it.

use hulk_proto::{
    Directory, Id, ListQuery, Permission, directory::DirectoryListing, limits::MAX_PAGE,
    page::OrderBy,
};

use sqlx::AnyConnection;

use super::{list_directories::list_directories, list_files::list_files, present, shares::Opened};
use crate::{
    app::App,
    db::{
        entries::{self, EntryRow},
        tree,
        users::{self, UserRow},
    },
    error::{Error, Result},
};

/// Who looks.
#[derive(Clone, Copy)]
enum Viewer {
    /// Or somebody to whom the owner has shared the directory: sees all.
    Owner,
    Public,
}

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
    let mut connection = app.db.read().await?;
    let entry = find(&mut connection, id.as_str()).await?;
    let viewer = match user_id == Some(entry.user_id.as_str()) {
        true => Viewer::Owner,
        false => Viewer::Public,
    };
    if matches!(viewer, Viewer::Public) {
        let nearest = tree::nearest_permission(&mut connection, &entry.id).await?;
        let is_public = nearest.is_some_and(|nearest| {
            nearest.is_by_name() && nearest.permissions == Permission::Public.as_str()
        });
        if !is_public {
            return Err(not_found());
        }
    }
    let owner = users::find(&mut connection, &entry.user_id).await?;
    drop(connection);
    browse(app, &owner.ok_or_else(not_found)?, entry, viewer, cursor).await
}

/// A shared directory, or one in it, with links that have the share's token.
///
/// # Errors
/// `NOT_FOUND` for what is not in it.
pub async fn browse_shared(
    app: &App,
    opened: &Opened,
    id: &str,
    cursor: Option<String>,
) -> Result<DirectoryListing> {
    let mut connection = app.db.read().await?;
    let entry = find(&mut connection, id).await?;
    opened.check_within(&mut connection, &entry.id).await?;
    drop(connection);
    let listing = browse(app, &opened.owner, entry, Viewer::Owner, cursor).await?;
    let mut connection = app.db.read().await?;
    present::through_share(&mut connection, &opened.entry, &opened.share.token, listing).await
}

fn not_found() -> Error {
    Error::not_found("directory")
}

async fn find(connection: &mut AnyConnection, id: &str) -> Result<EntryRow> {
    let entry = entries::find(connection, id).await?;
    entry.filter(EntryRow::is_directory).ok_or_else(not_found)
}

async fn browse(
    app: &App,
    owner: &UserRow,
    entry: EntryRow,
    viewer: Viewer,
    cursor: Option<String>,
) -> Result<DirectoryListing> {
    let is_shown = |permission: Permission| match viewer {
        Viewer::Owner => true,
        Viewer::Public => permission != Permission::Private,
    };
    let id = entry.id.clone();
    let mut connection = app.db.read().await?;
    let directory = present::directory(app, &mut connection, entry).await?;
    drop(connection);
    let mut directories = match cursor {
        None => all_directories(app, owner, &id).await?,
        Some(_) => Vec::new(),
    };
    directories.retain(|directory| is_shown(directory.default_permissions));
    let query = ListQuery {
        limit: Some(MAX_PAGE),
        cursor,
        order_by: Some(OrderBy {
            property: "filename".to_owned(),
            descending: false,
        }),
        filters: vec![("directory_id".to_owned(), id)],
        ..ListQuery::default()
    };
    let page = list_files(app, owner, &query).await?;
    let mut files = page.items;
    files.retain(|file| is_shown(file.permissions));
    Ok(DirectoryListing {
        directory,
        directories,
        files,
        next_cursor: page.next_cursor,
    })
}

async fn all_directories(app: &App, owner: &UserRow, id: &str) -> Result<Vec<Directory>> {
    let mut directories = Vec::new();
    loop {
        let query = ListQuery {
            limit: Some(MAX_PAGE),
            offset: Some(directories.len() as u64),
            filters: vec![("parent_id".to_owned(), id.to_owned())],
            ..ListQuery::default()
        };
        let page = list_directories(app, owner, &query).await?;
        let is_last = page.items.is_empty();
        directories.extend(page.items);
        if is_last || directories.len() as u64 >= page.total {
            return Ok(directories);
        }
    }
}
