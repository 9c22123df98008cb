//! What of a user's files a caller may see and touch: everything, or only what is in one directory.
//!
//! **Binding.** An API key may be bound to a directory (`api_keys.root_id`), and so is every session that is
//! begun with it: a session looks its key up whenever it authenticates, so there is one source. A key is bound
//! to the directory's id, not to its path: whoever renames or moves the directory takes the key along, and
//! another directory that takes the old path is none of the key's business. If the directory is in the trash
//! or deleted, the key reaches nothing. Paths stay those from the user's root.
//!
//! **Closed by default.** The extractors of `http::caller`, `http::staff` and `pages::caller` refuse bound
//! callers. Only those whose name ends in `Within` let them in, and their handlers pass the caller on as a
//! [`Scope`], not as a user: an operation on the files of a user takes a `Scope`, and so cannot forget it.
//! `Scope::whole` is for owners, moderators and jobs, which are bound to nothing.
//!
//! **Checks.** By id: `Scope::find` and `Scope::sees` walk up from the entry; what is outside looks as if it
//! did not exist (404). By path, to read: likewise. By path, to write: `check_directory` compares the path with
//! that of the bound directory (403), in `ensure_directories`, without which nothing is created or moved by
//! path. Lists and totals have a condition in SQL. The bound directory itself can neither be changed, moved nor
//! deleted (`check_below`), so that a key cannot widen itself.
//!
//! **Races.** Writes are checked again in their transaction, which holds the user's row: nobody moves a
//! directory meanwhile. What outlives a request remembers the directory (`versions.root_id`,
//! `shares.root_id`): an upload fails if its file was moved out before its bytes arrived, whoever completes it,
//! and a link opens nothing that was moved out.
//!
//! **Digests.** Bytes are reused by their digest only if their file is in reach, and no answer says whether
//! others are stored.

use hulk_proto::{ErrorCode, RemotePath};
use sqlx::AnyConnection;

use super::Caller;
use crate::{
    db::{
        entries::{self, EntryRow},
        tree,
        users::UserRow,
    },
    error::{Error, Result},
};

/// A user's files, or those of them that are in one directory.
#[derive(Clone, Copy)]
pub struct Scope<'a> {
    user: &'a UserRow,
    /// The id of the directory; `None` for everything.
    bound_to: Option<&'a str>,
}

impl<'a> From<&'a Caller> for Scope<'a> {
    fn from(caller: &'a Caller) -> Self {
        Self::of(&caller.user, caller.credential.root_id())
    }
}

impl<'a> Scope<'a> {
    /// Everything that a user has. Not for callers, whose credentials may be bound.
    pub(crate) fn whole(user: &'a UserRow) -> Self {
        Self::of(user, None)
    }

    pub(crate) fn of(user: &'a UserRow, bound_to: Option<&'a str>) -> Self {
        Self { user, bound_to }
    }

    /// Returns the owner of the files.
    pub(crate) fn user(self) -> &'a UserRow {
        self.user
    }

    /// Returns the id of the directory that it is bound to, if any.
    pub(crate) fn bound_to(self) -> Option<&'a str> {
        self.bound_to
    }

    /// Whether an entry of the user `owner_id` is in it. The entry must not be in the trash.
    pub(crate) async fn sees(
        self,
        connection: &mut AnyConnection,
        owner_id: &str,
        id: &str,
    ) -> Result<bool> {
        Ok(owner_id == self.user.id && reaches(connection, self.bound_to, id).await?)
    }

    /// Finds the entry with this id, if it is in it and not in the trash.
    pub(crate) async fn find(
        self,
        connection: &mut AnyConnection,
        id: &str,
    ) -> Result<Option<EntryRow>> {
        let found = entries::find(connection, id).await?;
        self.seen(connection, found).await
    }

    /// Finds the entry at this path from the user's root, if it is in it.
    pub(crate) async fn find_by_path(
        self,
        connection: &mut AnyConnection,
        path: &RemotePath,
    ) -> Result<Option<EntryRow>> {
        let found = tree::find_by_path(connection, &self.user.root_id, path).await?;
        self.seen(connection, found).await
    }

    async fn seen(
        self,
        connection: &mut AnyConnection,
        found: Option<EntryRow>,
    ) -> Result<Option<EntryRow>> {
        let Some(entry) = found else { return Ok(None) };
        let is_seen = self.sees(connection, &entry.user_id, &entry.id).await?;
        Ok(is_seen.then_some(entry))
    }

    /// Fails for the bound directory itself, which its key may not change.
    ///
    /// # Errors
    /// `FORBIDDEN`.
    pub(crate) fn check_below(self, id: &str) -> Result<()> {
        match self.bound_to == Some(id) {
            false => Ok(()),
            true => Err(Error::new(
                ErrorCode::Forbidden,
                "this API key is bound to this directory: it may change what is in it, but not the \
                 directory itself; that needs a key that is not bound to a path",
            )),
        }
    }
}

/// Whether the entry is the directory `bound_to` or in it; everything is, if that is `None`. The entry must
/// not be in the trash; then the directory is not there either.
pub(crate) async fn reaches(
    connection: &mut AnyConnection,
    bound_to: Option<&str>,
    id: &str,
) -> Result<bool> {
    match bound_to {
        None => Ok(true),
        Some(root_id) => Ok(tree::is_within(connection, id, root_id).await?),
    }
}

/// Fails unless the directory at this path from the user's root is `bound_to` or below it, whether it exists
/// or not. Only text is compared: the error is the same whatever exists outside.
///
/// # Errors
/// `FORBIDDEN`; `NOT_FOUND` if the directory `bound_to` no longer exists.
pub(crate) async fn check_directory(
    connection: &mut AnyConnection,
    bound_to: Option<&str>,
    path: &RemotePath,
) -> Result<()> {
    let Some(root_id) = bound_to else {
        return Ok(());
    };
    let bound = path_of(connection, root_id).await?;
    let rest = path.as_str().strip_prefix(bound.as_str());
    match rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/')) {
        true => Ok(()),
        false => Err(Error::new(
            ErrorCode::Forbidden,
            format!("this API key is bound to {bound}/; choose a path in there"),
        )),
    }
}

/// Whether the directory `bound_to` is at this path.
///
/// # Errors
/// `NOT_FOUND` if it no longer exists.
pub(crate) async fn is_bound_directory(
    connection: &mut AnyConnection,
    bound_to: Option<&str>,
    path: &RemotePath,
) -> Result<bool> {
    match bound_to {
        None => Ok(false),
        Some(root_id) => Ok(path_of(connection, root_id).await? == path.as_str()),
    }
}

/// Returns the path of the directory that a credential is bound to.
///
/// # Errors
/// `NOT_FOUND` if it is in the trash, or deleted.
pub(crate) async fn path_of(connection: &mut AnyConnection, root_id: &str) -> Result<String> {
    match entries::find(connection, root_id).await? {
        Some(_) => Ok(tree::path_of(connection, root_id).await?),
        None => Err(Error::not_found(
            "directory as the one that this API key is bound to",
        )),
    }
}
