//! Lists the directories of a directory.

use hulk_proto::{Directory, Id, ListQuery, Page, RemotePath, limits::DEFAULT_PAGE};

use crate::{
    app::App,
    db::{
        entries::{self, EntryRow},
        tree,
        users::UserRow,
    },
    error::{Error, Result},
    ops::present,
};

/// Lists directories by name. `filter~path` selects one directory, `filter~parent_id` those directly below
/// another; without a filter, those directly below the root.
///
/// # Errors
/// `VALIDATION_ERROR` for any other filter, an order or a cursor.
pub async fn list_directories(
    app: &App,
    user: &UserRow,
    query: &ListQuery,
) -> Result<Page<Directory>> {
    if query.order_by.is_some() || query.cursor.is_some() {
        return Err(Error::validation(
            "order_by",
            "directories are listed by name; only limit, offset and filter are supported",
        ));
    }
    let mut connection = app.db.read().await?;
    let (rows, total) = match query.filters.as_slice() {
        [(property, path)] if property == "path" => {
            let path: RemotePath =
                path.parse()
                    .map_err(|error: hulk_proto::path::InvalidPath| {
                        Error::validation("filter~path", error.to_string())
                    })?;
            let entry = tree::find_by_path(&mut connection, &user.root_id, &path).await?;
            let rows: Vec<EntryRow> = entry.into_iter().filter(EntryRow::is_directory).collect();
            let total = rows.len() as i64;
            (rows, total)
        }
        [] => below(&mut connection, user, &user.root_id, query).await?,
        [(property, parent)] if property == "parent_id" => {
            below(&mut connection, user, parent, query).await?
        }
        _ => {
            return Err(Error::validation(
                "filter",
                "directories can be filtered by path or by parent_id",
            ));
        }
    };
    let mut items = Vec::with_capacity(rows.len());
    for row in rows {
        items.push(present::directory(app, &mut connection, row).await?);
    }
    Ok(Page {
        items,
        total: u64::try_from(total).unwrap_or(0),
        next_cursor: None,
    })
}

async fn below(
    connection: &mut sqlx::AnyConnection,
    user: &UserRow,
    parent_id: &str,
    query: &ListQuery,
) -> Result<(Vec<EntryRow>, i64)> {
    let parent: Option<Id> = parent_id.parse().ok();
    let parent = match parent {
        Some(id) => entries::find(connection, id.as_str()).await?,
        None => None,
    };
    if parent.is_none_or(|parent| parent.user_id != user.id) {
        return Ok((Vec::new(), 0));
    }
    let limit = i64::from(query.limit.unwrap_or(DEFAULT_PAGE));
    let offset = query
        .offset
        .and_then(|offset| i64::try_from(offset).ok())
        .unwrap_or(0);
    Ok(tree::list_directories(connection, parent_id, limit, offset).await?)
}

/// Returns the id of the directory at a path.
///
/// # Errors
/// `NOT_FOUND` also if a file is at the path.
pub async fn find_directory(app: &App, user: &UserRow, path: &RemotePath) -> Result<Id> {
    let mut connection = app.db.read().await?;
    let entry = tree::find_by_path(&mut connection, &user.root_id, path).await?;
    let entry = entry.filter(EntryRow::is_directory);
    let entry = entry.ok_or_else(|| Error::not_found("directory"))?;
    entry.id.parse().map_err(Error::internal)
}

/// Returns one directory.
///
/// # Errors
/// `NOT_FOUND` also for another user's directory.
pub async fn show_directory(app: &App, user: &UserRow, id: &Id) -> Result<Directory> {
    let mut connection = app.db.read().await?;
    let row = entries::find(&mut connection, id.as_str())
        .await?
        .filter(|entry| entry.user_id == user.id && entry.is_directory())
        .ok_or_else(|| Error::not_found("directory"))?;
    present::directory(app, &mut connection, row).await
}
