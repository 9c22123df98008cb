//! To the trash and back. The states are told in `db::trash`.

use std::time::Duration;

use hulk_proto::{
    Id, ListQuery, Page, RemotePath, Timestamp,
    limits::MAX_PAGE,
    trash::{EntryKind, Restored, TrashItem},
};
use sqlx::AnyConnection;

use super::{discard::discard, place, purge, retried};
use crate::{
    app::App,
    db::{
        entries::{self, EntryRow, FILE},
        trash::{self, TrashRow},
        tree,
        users::{self, UserRow},
        versions,
    },
    error::{Error, Result},
};

/// What becomes of what is deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deletion {
    /// It can be restored until its time is over.
    ToTrash,
    ForGood,
}

/// Deletes a file or a directory with all that is in it. What never was a finished file goes for
/// good. Answers until when it can be restored, if at all.
///
/// # Errors
/// `NOT_FOUND` also for another user's; `VALIDATION_ERROR` for the root; `DIRECTORY_NOT_EMPTY` if
/// only an empty directory was to go.
pub async fn delete(
    app: &App,
    user: &UserRow,
    (kind, id): (EntryKind, &Id),
    deletion: Deletion,
    only_empty: bool,
) -> Result<Option<Timestamp>> {
    let keeps = deletion == Deletion::ToTrash && app.settings.trash_kept.as_secs() > 0;
    let is_kept = retried(|| throw(app, user, (kind, id), keeps, only_empty)).await?;
    app.garbage.notify_one();
    if is_kept {
        return Ok(Some(
            Timestamp::now().saturating_add(app.settings.trash_kept),
        ));
    }
    purge::purge(app, &user.id, id.as_str()).await?;
    Ok(None)
}

/// Whether it is in the trash now; if not, it is doomed.
async fn throw(
    app: &App,
    user: &UserRow,
    (kind, id): (EntryKind, &Id),
    keeps: bool,
    only_empty: bool,
) -> Result<bool> {
    let mut transaction = app.db.write_for(&user.id).await?;
    let entry = find(&mut transaction, user, (kind, id)).await?;
    if entry.id == user.root_id {
        return Err(Error::validation(
            "id",
            "the root directory cannot be deleted",
        ));
    }
    if only_empty && !tree::is_empty(&mut transaction, &entry.id).await? {
        return Err(Error::new(
            hulk_proto::ErrorCode::DirectoryNotEmpty,
            "the directory is not empty; delete it with what is in it (hulk rm -r)",
        ));
    }
    let path = tree::path_of(&mut transaction, &entry.id).await?;
    let was_file = kind == EntryKind::File && is_finished(&mut transaction, &entry).await?;
    let gone = trash::insert(&mut transaction, &user.id, &entry.id, &path).await?;
    users::count_files(&mut transaction, &user.id, -gone).await?;
    for version in trash::unfinished(&mut transaction, &entry.id).await? {
        if versions::mark_failed(&mut transaction, &version, "the file was deleted").await? {
            discard(&mut transaction, &version).await?;
        }
    }
    let is_kept = keeps && (kind == EntryKind::Directory || was_file);
    if !is_kept {
        trash::doom(&mut transaction, &user.id, &entry.id).await?;
    }
    transaction.commit().await?;
    Ok(is_kept)
}

async fn find(
    connection: &mut AnyConnection,
    user: &UserRow,
    (kind, id): (EntryKind, &Id),
) -> Result<EntryRow> {
    let what = match kind {
        EntryKind::File => "file",
        EntryKind::Directory => "directory",
    };
    let is_meant = |entry: &EntryRow| {
        entry.user_id == user.id && entry.is_directory() == (kind == EntryKind::Directory)
    };
    let entry = entries::find(connection, id.as_str()).await?;
    entry.filter(is_meant).ok_or_else(|| Error::not_found(what))
}

/// Whether there is anything to restore.
async fn is_finished(connection: &mut AnyConnection, entry: &EntryRow) -> Result<bool> {
    let all = versions::all_of(connection, &entry.id).await?;
    Ok(all
        .iter()
        .any(|version| version.state == versions::VALIDATED))
}

/// What is in the user's trash, newest first.
///
/// # Errors
/// `VALIDATION_ERROR` for an order, a filter or a cursor, which this list has not.
pub async fn list_trash(app: &App, user: &UserRow, query: &ListQuery) -> Result<Page<TrashItem>> {
    let (limit, offset) = super::plain_page(query, "the trash is listed newest first, by offset")?;
    let mut connection = app.db.read().await?;
    let (rows, total) = trash::list(&mut connection, &user.id, limit, offset).await?;
    let kept = app.settings.trash_kept;
    Ok(Page {
        items: rows
            .into_iter()
            .map(|row| item(row, kept))
            .collect::<Result<_>>()?,
        total: u64::try_from(total).unwrap_or(0),
        next_cursor: None,
    })
}

fn item(row: TrashRow, kept: Duration) -> Result<TrashItem> {
    let trashed_at = Timestamp::from_unix_millis(row.trashed_at).map_err(Error::internal)?;
    Ok(TrashItem {
        id: row.entry_id.parse().map_err(Error::internal)?,
        kind: kind_of(&row),
        path: row.path.parse().map_err(Error::internal)?,
        size_bytes: u64::try_from(row.size_bytes).unwrap_or(0),
        trashed_at,
        expires_at: trashed_at.saturating_add(kept),
    })
}

fn kind_of(row: &TrashRow) -> EntryKind {
    match row.kind == FILE {
        true => EntryKind::File,
        false => EntryKind::Directory,
    }
}

/// Puts it back where it was, or to `path`; under a free name if that is taken.
///
/// # Errors
/// `NOT_FOUND` for what is not in the user's trash; `FILE_EXISTS` if a file is where a directory
/// above it was.
pub async fn restore_trash(
    app: &App,
    user: &UserRow,
    id: &Id,
    path: Option<&RemotePath>,
) -> Result<Restored> {
    retried(|| restore(app, user, id, path)).await
}

async fn restore(
    app: &App,
    user: &UserRow,
    id: &Id,
    path: Option<&RemotePath>,
) -> Result<Restored> {
    let mut transaction = app.db.write_for(&user.id).await?;
    let row = trash::find(&mut transaction, &user.id, id.as_str()).await?;
    let row = row.ok_or_else(|| Error::not_found("file or directory in the trash"))?;
    let wanted: RemotePath = match path {
        Some(path) => path.clone(),
        None => row.path.parse().map_err(Error::internal)?,
    };
    let (above, name) = super::validate::file_path(&wanted)?;
    let kind = kind_of(&row);
    let parent = super::plan_upload::ensure_directories(
        &mut transaction,
        &user.into(),
        &above,
        app.settings.max_objects,
    )
    .await?;
    let free = place::free_name(&mut transaction, &parent.id, &name).await?;
    let found = above.join(&free).map_err(|error| {
        Error::validation("path", format!("{error}; give another path to restore to"))
    })?;
    if kind == EntryKind::Directory {
        place::check_length(&mut transaction, id.as_str(), &found).await?;
    }
    entries::place(&mut transaction, id.as_str(), &parent.id, &free, None).await?;
    let back = trash::restore(&mut transaction, id.as_str()).await?;
    users::count_files(&mut transaction, &user.id, back).await?;
    transaction.commit().await?;
    Ok(Restored {
        id: id.clone(),
        kind,
        renamed: free != name,
        path: found,
    })
}

/// Deletes one thing in the trash for good.
///
/// # Errors
/// `NOT_FOUND` for what is not in the user's trash.
pub async fn purge_trash(app: &App, user: &UserRow, id: &Id) -> Result<()> {
    let mut transaction = app.db.write_for(&user.id).await?;
    if !trash::doom(&mut transaction, &user.id, id.as_str()).await? {
        return Err(Error::not_found("file or directory in the trash"));
    }
    transaction.commit().await?;
    purge::purge(app, &user.id, id.as_str()).await
}

/// Deletes all that is in the user's trash for good; how many things that were.
///
/// # Errors
/// If the database does not answer; what is left then goes with the next sweep.
pub async fn empty_trash(app: &App, user: &UserRow) -> Result<u64> {
    let mut transaction = app.db.write_for(&user.id).await?;
    let emptied = trash::doom_all(&mut transaction, &user.id).await?;
    transaction.commit().await?;
    loop {
        let mut connection = app.db.read().await?;
        let limit = i64::from(MAX_PAGE);
        let doomed = trash::doomed_of(&mut connection, &user.id, limit).await?;
        drop(connection);
        if doomed.is_empty() {
            return Ok(emptied);
        }
        for id in doomed {
            purge::purge(app, &user.id, &id).await?;
        }
    }
}
