//! What the uploads of a batch need of the tree, asked for once in its transaction.

use std::collections::HashMap;

use hulk_proto::{ExpirationPolicy, RemotePath};
use sqlx::AnyConnection;

use super::{destination::Destination, plan_upload::ensure_directories, present};
use crate::{
    db::{entries::EntryRow, tree},
    error::Result,
};

/// Good as long as the transaction, in which nobody else changes the user's tree, and until a part of
/// it is rolled back.
pub(super) struct Known {
    /// Files and directories that the user may have.
    pub(super) max_objects: i64,
    directories: HashMap<String, EntryRow>,
    policies: HashMap<String, ExpirationPolicy>,
}

impl Known {
    pub(super) fn new(max_objects: i64) -> Self {
        Self {
            max_objects,
            directories: HashMap::new(),
            policies: HashMap::new(),
        }
    }

    /// As `ensure_directories`.
    pub(super) async fn directory(
        &mut self,
        connection: &mut AnyConnection,
        destination: &Destination<'_>,
        path: &RemotePath,
    ) -> Result<EntryRow> {
        if let Some(found) = self.directories.get(path.as_str()) {
            return Ok(found.clone());
        }
        let found = ensure_directories(connection, destination, path, self.max_objects).await?;
        self.directories
            .insert(path.as_str().to_owned(), found.clone());
        Ok(found)
    }

    /// What new files in a directory get.
    pub(super) async fn policy(
        &mut self,
        connection: &mut AnyConnection,
        directory_id: &str,
    ) -> Result<ExpirationPolicy> {
        if let Some(found) = self.policies.get(directory_id) {
            return Ok(*found);
        }
        let inherited = tree::effective_expiration(connection, directory_id).await?;
        let inherited = inherited.as_deref().map(present::policy).transpose()?;
        let found = inherited.unwrap_or_default();
        self.policies.insert(directory_id.to_owned(), found);
        Ok(found)
    }
}
