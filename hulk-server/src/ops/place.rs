//! Moves files and directories: each by one changed row, several all or none.

use hulk_proto::{
    Category, ErrorCode, FieldError, Id, RemotePath,
    directory::{Entry, MoveEntries, MovedEntries},
    path::MAX_PATH_BYTES,
};
use sqlx::AnyConnection;

use super::{plan_upload::ensure_directories, present, retried, validate};
use crate::{
    app::App,
    db::{
        entries::{self, EntryRow},
        tree,
        users::UserRow,
        versions,
    },
    error::{Error, Result},
};

/// Names that are tried before a restored or received file is refused.
const MAX_NAMES: u32 = 1 << 24;

/// All or none, in the order given; what is in the way is told of all of them.
///
/// # Errors
/// `NOT_FOUND`, `VALIDATION_ERROR`, `FILE_EXISTS`, `DIRECTORY_EXISTS`, `CONFLICT`; with more than
/// one, the first's code and each in the details. Nothing has moved then.
pub async fn move_entries(
    app: &App,
    user: &UserRow,
    request: &MoveEntries,
) -> Result<MovedEntries> {
    validate::batch(request.items.len())?;
    retried(|| move_all(app, user, request)).await
}

async fn move_all(app: &App, user: &UserRow, request: &MoveEntries) -> Result<MovedEntries> {
    let mut transaction = app.db.write_for(&user.id).await?;
    let mut refused: Vec<(RemotePath, Error)> = Vec::new();
    for item in &request.items {
        match move_to(app, &mut transaction, user, &item.id, &item.path).await {
            Err(error) if error.is_fault() => return Err(error),
            Err(error) => refused.push((item.path.clone(), error)),
            Ok(()) => {}
        }
    }
    if !refused.is_empty() {
        return Err(together(refused));
    }
    let mut items = Vec::with_capacity(request.items.len());
    for item in &request.items {
        items.push(present_entry(app, &mut transaction, &item.id).await?);
    }
    transaction.commit().await?;
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
        .with_details(details.collect())
}

async fn present_entry(app: &App, connection: &mut AnyConnection, id: &Id) -> Result<Entry> {
    let entry = entries::find(connection, id.as_str()).await?;
    let entry = entry.ok_or_else(|| Error::not_found("file or directory"))?;
    Ok(match entry.is_directory() {
        true => Entry::Directory(present::directory(app, connection, entry).await?),
        false => {
            let row = crate::db::files::find(connection, id.as_str()).await?;
            let row = row.ok_or_else(|| Error::not_found("file"))?;
            Entry::File(Box::new(present::file(app, connection, row).await?))
        }
    })
}

/// Moves one entry in the caller's transaction; directories above the new place are made.
///
/// # Errors
/// As `move_entries`.
pub(super) async fn move_to(
    app: &App,
    connection: &mut AnyConnection,
    user: &UserRow,
    id: &Id,
    path: &RemotePath,
) -> Result<()> {
    let entry = entries::find(connection, id.as_str()).await?;
    let entry = entry
        .filter(|entry| entry.user_id == user.id)
        .ok_or_else(|| Error::not_found("file or directory"))?;
    if entry.id == user.root_id {
        return Err(Error::validation(
            "path",
            "the root directory stays where it is",
        ));
    }
    let (above, name) = validate::file_path(path)?;
    if let Some(taken) = tree::find_by_path(connection, &user.root_id, path).await?
        && taken.id != entry.id
    {
        return Err(in_the_way(&taken, path));
    }
    if !entry.is_directory() {
        validate::extension(app, &name)?;
    }
    let parent =
        ensure_directories(connection, &user.into(), &above, app.settings.max_objects).await?;
    if entry.is_directory() {
        if tree::is_within(connection, &parent.id, &entry.id).await? {
            return Err(Error::new(
                ErrorCode::Conflict,
                format!("'{path}' is inside the directory that is to be moved there"),
            ));
        }
        let before = tree::path_of(connection, &entry.id).await?;
        if path.as_str().len() > before.len() {
            check_length(connection, &entry.id, path).await?;
        }
    }
    let category = category(connection, &entry, &name).await?;
    let category = category.map(Category::as_str);
    Ok(entries::place(connection, &entry.id, &parent.id, &name, category).await?)
}

fn in_the_way(taken: &EntryRow, path: &RemotePath) -> Error {
    let (code, what) = match taken.is_directory() {
        true => (ErrorCode::DirectoryExists, "a directory"),
        false => (ErrorCode::FileExists, "a file"),
    };
    Error::new(code, format!("there is {what} at '{path}' already"))
}

/// Of a file by its new name.
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

/// No path below the directory becomes too long.
pub(super) async fn check_length(
    connection: &mut AnyConnection,
    id: &str,
    path: &RemotePath,
) -> Result<()> {
    let below = tree::longest_below(connection, id).await?;
    let below = usize::try_from(below).unwrap_or(usize::MAX);
    let longest = path.as_str().len().saturating_add(1).saturating_add(below);
    match below == 0 || longest <= MAX_PATH_BYTES {
        true => Ok(()),
        false => Err(Error::validation(
            "path",
            format!(
                "a path in the directory would be {longest} bytes long; at most {MAX_PATH_BYTES} are allowed"
            ),
        )),
    }
}

/// The name, or one of `name (2)`, `name (3)`, … that is free in the directory.
pub(super) async fn free_name(
    connection: &mut AnyConnection,
    parent_id: &str,
    name: &str,
) -> Result<String> {
    match entries::find_child(connection, parent_id, name).await? {
        None => Ok(name.to_owned()),
        Some(_) => free_name_after(connection, parent_id, name, 1).await,
    }
}

/// The same where that with `taken` is not free. It looks for the end of those that are taken by
/// doubling and then by halves: a stranger's thousand files of one name cost a dozen looks each.
pub(super) async fn free_name_after(
    connection: &mut AnyConnection,
    parent_id: &str,
    name: &str,
    mut taken: u32,
) -> Result<String> {
    let mut free = None;
    while free.is_none_or(|free| free - taken > 1) {
        let number = match free {
            Some(free) => taken.midpoint(free),
            None if taken >= MAX_NAMES => return Err(no_name(name)),
            None => taken * 2,
        };
        let candidate = numbered(name, number);
        match entries::find_child(connection, parent_id, &candidate).await? {
            Some(_) => taken = number,
            None => free = Some(number),
        }
    }
    Ok(numbered(name, taken + 1))
}

fn no_name(name: &str) -> Error {
    Error::new(
        ErrorCode::Conflict,
        format!("there are too many files named like '{name}'"),
    )
}

/// `report.pdf`, `report (2).pdf`, …; at most as long as a name may be.
pub(super) fn numbered(name: &str, number: u32) -> String {
    if number == 1 {
        return name.to_owned();
    }
    let (stem, extension) = match name.rfind('.') {
        Some(at) if at > 0 && name.len() - at <= 16 => name.split_at(at),
        _ => (name, ""),
    };
    let suffix = format!(" ({number}){extension}");
    let room = hulk_proto::path::MAX_NAME_BYTES.saturating_sub(suffix.len());
    let stem = &stem[..stem.floor_char_boundary(room)];
    format!("{stem}{suffix}")
}
