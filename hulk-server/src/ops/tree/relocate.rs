//! Moves files and directories: each move changes one row, and a batch is moved as a whole or not at all.

use hulk_proto::{
    Category, ErrorCode, FieldError, Id, RemotePath,
    directory::{Entry, MoveEntries, MovedEntries},
};
use sqlx::AnyConnection;

use super::{
    ensure::{Root, ensure_directories},
    names::check_length,
};
use serde_json::json;

use crate::{
    app::App,
    audit::{self, Action, Actor},
    auth::{
        Caller,
        scope::{Scope, check_directory},
    },
    db::{
        Write,
        entries::{self, EntryRow},
        files, tree, versions,
    },
    error::{Error, Result},
    limits::Limits,
    ops::{present, transaction::transaction, validate},
};

/// Moves all entries or none, in the order given. The error names every entry that cannot be moved.
///
/// # Errors
/// `NOT_FOUND`, `VALIDATION_ERROR`, `FILE_EXISTS`, `DIRECTORY_EXISTS`, `CONFLICT`, `FORBIDDEN`; if several
/// entries are refused, the code of the first, and each of them in the details. Nothing has moved then.
pub async fn move_entries(
    app: &App,
    caller: &Caller,
    request: &MoveEntries,
) -> Result<MovedEntries> {
    validate::batch(request.items.len())?;
    let actor = Actor::from(caller);
    transaction!(&app.db, actor, async |tx| {
        move_all(app, tx, actor, (caller.into(), request)).await
    })
}

async fn move_all(
    app: &App,
    transaction: &mut Write,
    actor: Actor<'_>,
    (scope, request): (Scope<'_>, &MoveEntries),
) -> Result<MovedEntries> {
    let mut refused: Vec<(RemotePath, Error)> = Vec::new();
    for item in &request.items {
        match move_to(app, transaction, scope, &item.id, &item.path).await {
            Err(error) if error.is_fault() => return Err(error),
            Err(error) => refused.push((item.path.clone(), error)),
            Ok(true) => {
                let (id, details) = (item.id.as_str(), json!({ "path": item.path }));
                audit::record_with(transaction, actor, Action::Move, id, details).await?;
            }
            Ok(false) => {}
        }
    }
    if !refused.is_empty() {
        return Err(together(refused));
    }
    let mut items = Vec::with_capacity(request.items.len());
    for item in &request.items {
        items.push(present_entry(app, transaction, &item.id).await?);
    }
    Ok(MovedEntries { items })
}

fn together(mut refused: Vec<(RemotePath, Error)>) -> Error {
    if refused.len() == 1
        && let Some((_, error)) = refused.pop()
    {
        return error;
    }
    let code = refused
        .first()
        .map_or(ErrorCode::Conflict, |(_, error)| error.code());
    let texts: Vec<String> = refused.iter().map(|(_, error)| error.to_string()).collect();
    let details = refused.into_iter().map(|(path, error)| FieldError {
        field: path.to_string(),
        message: error.to_string(),
    });
    Error::new(code, format!("nothing was moved: {}", texts.join("; ")))
        .with_details(details.collect::<Vec<_>>())
}

async fn present_entry(app: &App, connection: &mut AnyConnection, id: &Id) -> Result<Entry> {
    let entry = entries::find(connection, id.as_str()).await?;
    let entry = entry.ok_or_else(|| Error::not_found("file or directory"))?;
    Ok(match entry.is_directory() {
        true => Entry::Directory(present::directory(app, connection, entry).await?),
        false => {
            let row = files::find(connection, id.as_str()).await?;
            let row = row.ok_or_else(|| Error::not_found("file"))?;
            Entry::File(Box::new(present::file(app, connection, row).await?))
        }
    })
}

/// Moves one entry in the caller's transaction; creates the directories above the new path. Returns whether it
/// was elsewhere before.
///
/// # Errors
/// The errors of `move_entries`.
pub(crate) async fn move_to(
    app: &App,
    connection: &mut AnyConnection,
    scope: Scope<'_>,
    id: &Id,
    path: &RemotePath,
) -> Result<bool> {
    let user = scope.user();
    let entry = scope.find(connection, id.as_str()).await?;
    let entry = entry.ok_or_else(|| Error::not_found("file or directory"))?;
    scope.check_below(&entry.id)?;
    if entry.id == user.root_id {
        return Err(Error::validation(
            "path",
            "the root directory cannot be moved",
        ));
    }
    let (above, name) = validate::file_path(path)?;
    // First, so that nothing says what exists outside.
    check_directory(connection, scope.bound_to(), &above).await?;
    let limits = Limits::of(&app.settings.limits, user);
    if let Some(taken) = tree::find_by_path(connection, &user.root_id, path).await?
        && taken.id != entry.id
    {
        return Err(in_the_way(&taken, path));
    }
    if !entry.is_directory() {
        validate::extension(&limits, &name)?;
    }
    let root = Root::of(scope);
    let parent = ensure_directories(connection, root, &above, limits.max_objects).await?;
    if entry.is_directory() {
        if tree::is_within(connection, &parent.id, &entry.id).await? {
            return Err(Error::new(
                ErrorCode::Conflict,
                format!("a directory cannot be moved into itself: '{path}' is inside it"),
            ));
        }
        let before = tree::path_of(connection, &entry.id).await?;
        if path.as_str().len() > before.len() {
            check_length(connection, &entry.id, path).await?;
        }
    }
    let category = category(connection, &entry, &name).await?;
    entries::relocate(connection, &entry.id, &parent.id, &name, category).await?;
    Ok(entry.parent_id != parent.id || entry.name != name)
}

fn in_the_way(taken: &EntryRow, path: &RemotePath) -> Error {
    let (code, what) = match taken.is_directory() {
        true => (ErrorCode::DirectoryExists, "a directory"),
        false => (ErrorCode::FileExists, "a file"),
    };
    Error::new(code, format!("{what} already exists at '{path}'"))
}

/// Returns the category of a file by its new name; `None` for a directory.
async fn category(
    connection: &mut AnyConnection,
    entry: &EntryRow,
    name: &str,
) -> Result<Option<Category>> {
    if entry.is_directory() {
        return Ok(None);
    }
    let version = versions::find(connection, &entry.id, entry.version).await?;
    Ok(version.map(|version| Category::of(name, &version.mime_type)))
}
