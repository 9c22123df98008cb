//! Lists the directories of a directory.

use hulk_proto::{Directory, Id, ListQuery, Page, RemotePath, limits::DEFAULT_PAGE};

use crate::{
    app::App,
    auth::scope::{self, Scope},
    db::{entries::EntryRow, tree},
    error::{Error, Result},
    ops::present,
};

/// Lists directories by name. `filter~path` selects one directory, `filter~parent_id` those directly below
/// another; without a filter, those directly below the root, or the directory that the caller is bound to.
///
/// # Errors
/// `VALIDATION_ERROR` for any other filter, an order or a cursor.
pub async fn list_directories(
    app: &App,
    scope: Scope<'_>,
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
            one(scope.find_by_path(&mut connection, &path).await?, query)
        }
        [] => match scope.bound_to() {
            Some(root_id) => one(scope.find(&mut connection, root_id).await?, query),
            None => below(&mut connection, scope, &scope.user().root_id, query).await?,
        },
        [(property, parent)] if property == "parent_id" => {
            below(&mut connection, scope, parent, query).await?
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
        items.push(shown(app, &mut connection, scope, row).await?);
    }
    Ok(Page {
        items,
        total: u64::try_from(total).unwrap_or(0),
        next_cursor: None,
    })
}

/// Returns the page and the total of a list with one directory, or none.
fn one(entry: Option<EntryRow>, query: &ListQuery) -> (Vec<EntryRow>, i64) {
    let mut rows: Vec<EntryRow> = entry.into_iter().filter(EntryRow::is_directory).collect();
    let total = rows.len() as i64;
    if query.offset.is_some_and(|offset| offset > 0) {
        rows.clear();
    }
    (rows, total)
}

/// Returns the directory as whoever has the scope sees it: without the id of the one above, if that is outside.
pub(crate) async fn shown(
    app: &App,
    connection: &mut sqlx::AnyConnection,
    scope: Scope<'_>,
    row: EntryRow,
) -> Result<Directory> {
    let is_top = scope.bound_to() == Some(row.id.as_str());
    let mut directory = present::directory(app, connection, row).await?;
    if is_top {
        directory.parent_id = None;
    }
    Ok(directory)
}

async fn below(
    connection: &mut sqlx::AnyConnection,
    scope: Scope<'_>,
    parent_id: &str,
    query: &ListQuery,
) -> Result<(Vec<EntryRow>, i64)> {
    let parent: Option<Id> = parent_id.parse().ok();
    let parent = match parent {
        Some(id) => scope.find(connection, id.as_str()).await?,
        None => None,
    };
    if parent.is_none() {
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
pub async fn find_directory(app: &App, scope: Scope<'_>, path: &RemotePath) -> Result<Id> {
    let mut connection = app.db.read().await?;
    let entry = scope.find_by_path(&mut connection, path).await?;
    let entry = entry.filter(EntryRow::is_directory);
    let entry = entry.ok_or_else(|| Error::not_found("directory"))?;
    entry.id.parse().map_err(Error::internal)
}

/// Returns the path of the directory that has everything in the scope.
///
/// # Errors
/// `NOT_FOUND` if the directory that the caller is bound to no longer exists.
pub async fn top_path(app: &App, scope: Scope<'_>) -> Result<RemotePath> {
    let Some(root_id) = scope.bound_to() else {
        return Ok(RemotePath::root());
    };
    let mut connection = app.db.read().await?;
    let path = scope::path_of(&mut connection, root_id).await?;
    path.parse().map_err(Error::internal)
}

/// Returns one directory.
///
/// # Errors
/// `NOT_FOUND` also for another user's directory.
pub async fn show_directory(app: &App, scope: Scope<'_>, id: &Id) -> Result<Directory> {
    let mut connection = app.db.read().await?;
    let row = scope.find(&mut connection, id.as_str()).await?;
    let row = row
        .filter(EntryRow::is_directory)
        .ok_or_else(|| Error::not_found("directory"))?;
    shown(app, &mut connection, scope, row).await
}
