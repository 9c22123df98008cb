//! Moves entries to the trash and restores them. `db::trash` has the table of states.

pub(crate) mod purge;

use std::time::Duration;

use hulk_proto::{
    ErrorCode, FileStatus, Id, ListQuery, Page, RemotePath, Timestamp,
    limits::MAX_PAGE,
    trash::{EntryKind, Restored, TrashItem},
};
use serde_json::json;
use sqlx::AnyConnection;

use crate::{
    app::App,
    audit::{self, Action, Actor},
    auth::{Caller, scope::Scope},
    db::{
        Write,
        entries::{self, EntryRow},
        quota,
        trash::{self, TrashRow},
        tree,
        users::UserRow,
        versions,
    },
    error::{Error, Result},
    limits::Limits,
    ops::{
        page::plain_page,
        transaction::transaction,
        tree::{
            ensure::{Root, ensure_directories},
            names::{check_length, free_name},
        },
        uploads::release::release,
        validate,
    },
};

/// What happens to an entry that is deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deletion {
    /// It can be restored until its time in the trash ends.
    ToTrash,
    ForGood,
}

/// An entry to delete, and how.
#[derive(Clone, Copy, Debug)]
pub struct Deleting<'a> {
    pub kind: EntryKind,
    pub id: &'a Id,
    pub deletion: Deletion,
    /// Whether a directory is deleted only if it is empty.
    pub only_empty: bool,
}

/// Deletes a file, or a directory with its contents. A file that was never finished is deleted permanently.
/// Returns until when the entry can be restored, if at all.
///
/// # Errors
/// `NOT_FOUND` also for another user's entry; `VALIDATION_ERROR` for the root; `FORBIDDEN` for the directory that
/// the caller is bound to; `DIRECTORY_NOT_EMPTY` if only an empty directory was to be deleted.
pub async fn delete(
    app: &App,
    actor: Actor<'_>,
    scope: Scope<'_>,
    deleting: Deleting<'_>,
) -> Result<Option<Timestamp>> {
    let limits = Limits::of(&app.settings.limits, scope.user());
    let keeps = deleting.deletion == Deletion::ToTrash && limits.keeps_trash();
    let action = match deleting.kind {
        EntryKind::File => Action::FileDelete,
        EntryKind::Directory => Action::DirectoryDelete,
    };
    let details = json!({ "for_good": !keeps });
    let is_kept = transaction!(&app.db, actor, async |tx| {
        audit::record_with(tx, actor, action, deleting.id.as_str(), details.clone()).await?;
        move_to_trash(tx, scope, deleting, keeps).await
    })?;
    app.garbage.notify_one();
    if is_kept {
        return Ok(Some(Timestamp::now().saturating_add(limits.trash_kept)));
    }
    purge::purge(app, actor, deleting.id.as_str()).await?;
    Ok(None)
}

/// Returns whether the entry is in the trash now; if not, it is marked to be purged.
async fn move_to_trash(
    transaction: &mut Write,
    scope: Scope<'_>,
    deleting: Deleting<'_>,
    keeps: bool,
) -> Result<bool> {
    let user = scope.user();
    let entry = find(transaction, scope, deleting).await?;
    scope.check_below(&entry.id)?;
    if entry.id == user.root_id {
        return Err(Error::validation(
            "id",
            "the root directory cannot be deleted",
        ));
    }
    if deleting.only_empty && !tree::is_empty(transaction, &entry.id).await? {
        return Err(Error::new(
            ErrorCode::DirectoryNotEmpty,
            "the directory is not empty; delete it with its contents (hulk rm -r)",
        ));
    }
    let path = tree::path_of(transaction, &entry.id).await?;
    let is_directory = entry.is_directory();
    let was_file = !is_directory && is_finished(transaction, &entry).await?;
    let gone = trash::insert(transaction, &user.id, &entry.id, &path).await?;
    quota::count_files(transaction, &user.id, -gone).await?;
    for version in trash::unfinished(transaction, &entry.id).await? {
        if versions::mark_failed(transaction, &version, "the file was deleted").await? {
            release(transaction, &version).await?;
        }
    }
    let is_kept = keeps && (is_directory || was_file);
    if !is_kept {
        trash::mark_purged(transaction, &user.id, &entry.id).await?;
    }
    Ok(is_kept)
}

async fn find(
    connection: &mut AnyConnection,
    scope: Scope<'_>,
    Deleting { kind, id, .. }: Deleting<'_>,
) -> Result<EntryRow> {
    let what = match kind {
        EntryKind::File => "file",
        EntryKind::Directory => "directory",
    };
    let is_meant = |entry: &EntryRow| entry.is_directory() == (kind == EntryKind::Directory);
    let entry = scope.find(connection, id.as_str()).await?;
    entry.filter(is_meant).ok_or_else(|| Error::not_found(what))
}

/// Whether the file has a finished version, which can be restored.
async fn is_finished(connection: &mut AnyConnection, entry: &EntryRow) -> Result<bool> {
    let all = versions::all_of(connection, &entry.id).await?;
    Ok(all
        .iter()
        .any(|version| version.state == FileStatus::Validated))
}

/// Lists the user's trash, newest first.
///
/// # Errors
/// `VALIDATION_ERROR` for an order, a filter or a cursor, which this list does not support.
pub async fn list_trash(app: &App, user: &UserRow, query: &ListQuery) -> Result<Page<TrashItem>> {
    let (limit, offset) = plain_page(
        query,
        "the trash is listed newest first; only limit and offset are supported",
    )?;
    let mut connection = app.db.read().await?;
    let (rows, total) = trash::list(&mut connection, &user.id, limit, offset).await?;
    let kept = Limits::of(&app.settings.limits, user).trash_kept;
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
        kind: row.kind,
        path: row.path.parse().map_err(Error::internal)?,
        size_bytes: u64::try_from(row.size_bytes).unwrap_or(0),
        trashed_at,
        expires_at: trashed_at.saturating_add(kept),
    })
}

/// Restores an entry to its old path, or to `path`; under a free name if that is in use.
///
/// # Errors
/// `NOT_FOUND` for an entry that is not in the user's trash; `FILE_EXISTS` if a file is in the place of a
/// directory above it.
pub async fn restore_trash(
    app: &App,
    caller: &Caller,
    id: &Id,
    path: Option<&RemotePath>,
) -> Result<Restored> {
    let actor = Actor::from(caller);
    transaction!(&app.db, actor, async |tx| {
        audit::record(tx, actor, Action::TrashRestore, id.as_str()).await?;
        restore(app, tx, caller.into(), id, path).await
    })
}

async fn restore(
    app: &App,
    transaction: &mut Write,
    scope: Scope<'_>,
    id: &Id,
    path: Option<&RemotePath>,
) -> Result<Restored> {
    let user = scope.user();
    let row = trash::find(transaction, &user.id, id.as_str()).await?;
    let row = row.ok_or_else(|| Error::not_found("file or directory in the trash"))?;
    let wanted: RemotePath = match path {
        Some(path) => path.clone(),
        None => row.path.parse().map_err(Error::internal)?,
    };
    let (above, name) = validate::file_path(&wanted)?;
    let limits = Limits::of(&app.settings.limits, user);
    let parent =
        ensure_directories(transaction, Root::of(scope), &above, limits.max_objects).await?;
    let free = free_name(transaction, &parent.id, &name).await?;
    let found = above.join(&free).map_err(|error| {
        Error::validation("path", format!("{error}; give another path to restore to"))
    })?;
    if row.kind == EntryKind::Directory {
        check_length(transaction, id.as_str(), &found).await?;
    }
    entries::relocate(transaction, id.as_str(), &parent.id, &free, None).await?;
    let back = trash::restore(transaction, id.as_str()).await?;
    quota::count_files(transaction, &user.id, back).await?;
    Ok(Restored {
        id: id.clone(),
        kind: row.kind,
        renamed: free != name,
        path: found,
    })
}

/// Deletes one entry in the trash permanently.
///
/// # Errors
/// `NOT_FOUND` for an entry that is not in the user's trash.
pub async fn purge_trash(app: &App, caller: &Caller, id: &Id) -> Result<()> {
    let actor = Actor::from(caller);
    let marked = transaction!(&app.db, actor, async |tx| {
        audit::record(tx, actor, Action::TrashDelete, id.as_str()).await?;
        Ok(trash::mark_purged(tx, &caller.user.id, id.as_str()).await?)
    });
    match marked? {
        true => purge::purge(app, actor, id.as_str()).await,
        false => Err(Error::not_found("file or directory in the trash")),
    }
}

/// Deletes everything in the user's trash permanently. Returns how many entries there were.
///
/// # Errors
/// If the database does not answer; the next sweep then deletes the rest.
pub async fn empty_trash(app: &App, caller: &Caller) -> Result<u64> {
    let (user, actor) = (&caller.user, Actor::from(caller));
    let emptied = transaction!(&app.db, actor, async |tx| {
        audit::record(tx, actor, Action::TrashDelete, &user.id).await?;
        Ok(trash::mark_all_purged(tx, &user.id).await?)
    })?;
    loop {
        let mut connection = app.db.read().await?;
        let limit = i64::from(MAX_PAGE);
        let marked = trash::marked_of(&mut connection, &user.id, limit).await?;
        drop(connection);
        if marked.is_empty() {
            return Ok(emptied);
        }
        for id in marked {
            purge::purge(app, actor, &id).await?;
        }
    }
}
