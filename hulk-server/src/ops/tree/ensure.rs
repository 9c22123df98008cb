//! Finds directories, and creates those that do not exist.

use std::collections::HashMap;

use hulk_proto::{ErrorCode, ExpirationPolicy, RemotePath, trash::EntryKind};
use sqlx::AnyConnection;

use crate::{
    auth::scope::{self, Scope},
    db::{
        entries::{self, EntryRow},
        quota, tree,
    },
    error::{Error, Result},
    limits::reached,
};

/// A directory that paths are relative to, and its owner.
#[derive(Clone, Copy)]
pub(crate) struct Root<'a> {
    pub(crate) user_id: &'a str,
    pub(crate) directory_id: &'a str,
    /// The directory that the client is bound to, if any; then paths begin at the user's root.
    pub(crate) bound_to: Option<&'a str>,
}

impl<'a> Root<'a> {
    /// The root directory of a user, for somebody who may not touch what is outside of the scope.
    pub(crate) fn of(scope: Scope<'a>) -> Self {
        let user = scope.user();
        Self {
            user_id: &user.id,
            directory_id: &user.root_id,
            bound_to: scope.bound_to(),
        }
    }
}

/// Returns the directory at `path`; creates it and its parents where they do not exist.
///
/// # Errors
/// `FILE_EXISTS` if a file is in the way; `QUOTA_EXCEEDED` for too many objects; `FORBIDDEN` for a path outside
/// of the directory that the client is bound to.
pub(crate) async fn ensure_directories(
    connection: &mut AnyConnection,
    root: Root<'_>,
    path: &RemotePath,
    max_objects: i64,
) -> Result<EntryRow> {
    scope::check_directory(connection, root.bound_to, path).await?;
    let found = entries::find(connection, root.directory_id).await?;
    let mut directory = found.ok_or_else(|| Error::not_found("directory"))?;
    for name in path.names() {
        let (above, kind) = (directory, EntryKind::Directory);
        let is_new;
        (directory, is_new) =
            entries::ensure(connection, root.user_id, &above.id, name, kind).await?;
        if is_new {
            count_object(connection, root.user_id, max_objects).await?;
        }
        if !directory.is_directory() {
            return Err(Error::new(
                ErrorCode::FileExists,
                format!("'{name}' in '{path}' is a file, not a directory"),
            ));
        }
    }
    Ok(directory)
}

/// Counts one more file or directory.
///
/// # Errors
/// `QUOTA_EXCEEDED` if the user has reached the limit.
pub(crate) async fn count_object(
    connection: &mut AnyConnection,
    user_id: &str,
    max_objects: i64,
) -> Result<()> {
    match quota::add_object(connection, user_id, max_objects).await? {
        true => Ok(()),
        false => Err(Error::new(
            ErrorCode::QuotaExceeded,
            format!(
                "the limit of {max_objects} files and directories is reached; delete some \
                 permanently first (hulk trash empty, or DELETE /api/v1/trash)"
            ),
        )
        .with_details(reached("object_count"))),
    }
}

/// The directories of a batch, each looked up once. Valid within one transaction, in which no other request
/// changes the user's tree, and until a part of it is rolled back.
pub(crate) struct DirectoryCache {
    /// How many files and directories the user may have.
    pub(crate) max_objects: i64,
    directories: HashMap<String, EntryRow>,
    policies: HashMap<String, ExpirationPolicy>,
}

impl DirectoryCache {
    pub(crate) fn new(max_objects: i64) -> Self {
        Self {
            max_objects,
            directories: HashMap::new(),
            policies: HashMap::new(),
        }
    }

    /// Forgets everything, after a rollback.
    pub(crate) fn clear(&mut self) {
        self.directories.clear();
        self.policies.clear();
    }

    /// Like `ensure_directories`. One cache serves one root.
    pub(crate) async fn directory(
        &mut self,
        connection: &mut AnyConnection,
        root: Root<'_>,
        path: &RemotePath,
    ) -> Result<EntryRow> {
        if let Some(found) = self.directories.get(path.as_str()) {
            return Ok(found.clone());
        }
        let found = ensure_directories(connection, root, path, self.max_objects).await?;
        self.directories
            .insert(path.as_str().to_owned(), found.clone());
        Ok(found)
    }

    /// Returns the policy that new files in a directory get.
    pub(crate) async fn policy(
        &mut self,
        connection: &mut AnyConnection,
        directory_id: &str,
    ) -> Result<ExpirationPolicy> {
        if let Some(found) = self.policies.get(directory_id) {
            return Ok(*found);
        }
        let inherited = tree::effective_expiration(connection, directory_id).await?;
        let found = inherited.unwrap_or_default();
        self.policies.insert(directory_id.to_owned(), found);
        Ok(found)
    }
}
