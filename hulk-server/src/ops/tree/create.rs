//! Creates directories.

use hulk_proto::{
    Directory, ErrorCode, Permission, batch::Batch, directory::CreateDirectory, trash::EntryKind,
};
use sqlx::{AnyConnection, Connection};

use super::ensure::{DirectoryCache, count_object};
use crate::{
    app::App,
    auth::scope::is_bound_directory,
    db::{Write, entries, tree},
    error::{Error, Result},
    ops::{
        batch::batch, present, transaction::transaction, uploads::destination::Destination,
        validate,
    },
};

/// What happens if a directory already exists.
#[derive(Clone, Copy, PartialEq, Eq)]
enum IfThere {
    Refuse,
    /// Sets its metadata and returns it.
    Keep,
}

/// Creates the directories of one request in one transaction.
struct Creator<'a> {
    app: &'a App,
    destination: &'a Destination<'a>,
    if_there: IfThere,
    directories: DirectoryCache,
}

/// Creates a directory and its parents.
///
/// # Errors
/// `DIRECTORY_EXISTS`, `FILE_EXISTS`, `VALIDATION_ERROR`; `FORBIDDEN` outside of the directory that the client is
/// bound to.
pub async fn create_directory(
    app: &App,
    destination: &Destination<'_>,
    request: &CreateDirectory,
) -> Result<Directory> {
    transaction!(&app.db, destination.actor, async |tx| {
        let mut creator = Creator::new(app, destination, IfThere::Refuse);
        creator.create(tx, request).await
    })
}

/// Creates each directory like `create_directory`. For a caller who may read, a directory that already exists
/// gets the metadata of the request and is returned.
///
/// # Errors
/// Only if the database does not answer; refused items are in the answer.
pub async fn create_directories(
    app: &App,
    destination: &Destination<'_>,
    requests: &[CreateDirectory],
) -> Result<Batch<Directory>> {
    validate::batch(requests.len())?;
    let if_there = match destination.may_read() {
        true => IfThere::Keep,
        false => IfThere::Refuse,
    };
    let outcomes = transaction!(&app.db, destination.actor, async |tx| {
        let creator = Creator::new(app, destination, if_there);
        creator.create_each(tx, requests).await
    });
    Ok(batch(outcomes?))
}

impl<'a> Creator<'a> {
    fn new(app: &'a App, destination: &'a Destination<'a>, if_there: IfThere) -> Self {
        let limits = destination.limits(app);
        Self {
            app,
            destination,
            if_there,
            directories: DirectoryCache::new(limits.max_objects),
        }
    }

    async fn create_each(
        mut self,
        transaction: &mut Write,
        requests: &[CreateDirectory],
    ) -> Result<Vec<Result<Directory>>> {
        let mut outcomes = Vec::with_capacity(requests.len());
        for request in requests {
            let mut one = transaction.begin().await?;
            let made = self.create(&mut one, request).await;
            match &made {
                Ok(_) => one.commit().await?,
                // Not this item's fault: the whole transaction fails.
                Err(error) if error.is_fault() => return made.map(|_| Vec::new()),
                Err(_) => {
                    one.rollback().await?;
                    self.directories.clear();
                }
            }
            outcomes.push(made);
        }
        Ok(outcomes)
    }

    async fn create(
        &mut self,
        connection: &mut AnyConnection,
        request: &CreateDirectory,
    ) -> Result<Directory> {
        validate::labels(None, None, request.metadata.as_ref())?;
        let metadata = validate::json(request.metadata.as_ref())?;
        let (above, name) = request.path.split().ok_or_else(|| exists(&request.path))?;
        let root = self.destination.root();
        // It exists, and its client does not change it.
        if is_bound_directory(connection, root.bound_to, &request.path).await? {
            return Err(exists(&request.path));
        }
        let parent = self.directories.directory(connection, root, &above).await?;
        let (user_id, kind) = (root.user_id, EntryKind::Directory);
        let (entry, is_new) = entries::ensure(connection, user_id, &parent.id, name, kind).await?;
        match (is_new, entry.is_directory()) {
            (true, _) => {
                count_object(connection, user_id, self.directories.max_objects).await?;
                set_defaults(connection, self.destination, request, &entry.id).await?;
            }
            (false, false) => return Err(in_the_way(request)),
            (false, true) if self.if_there == IfThere::Refuse => {
                return Err(exists(&request.path));
            }
            (false, true) => {}
        }
        if let Some(metadata) = metadata {
            entries::set_metadata(connection, &entry.id, &metadata).await?;
        }
        let row = entries::find(connection, &entry.id).await?;
        let row = row.ok_or_else(|| Error::internal("a new directory is missing"))?;
        let mut directory = present::directory_at(self.app, row, request.path.clone())?;
        if self.destination.upload_key_id().is_some() {
            // The id of a directory is the link to its listing, and the parent may belong to another key.
            directory.parent_id = None;
        }
        Ok(directory)
    }
}

/// Sets the defaults of a new directory. A client that may only upload does not decide who reads the files
/// that others put there, nor how long they are kept.
async fn set_defaults(
    connection: &mut AnyConnection,
    destination: &Destination<'_>,
    request: &CreateDirectory,
    id: &str,
) -> Result<()> {
    let may_open = destination.may_read();
    let permissions = request
        .default_permissions
        .filter(|permissions| may_open || *permissions == Permission::Private);
    let policy = request.default_expiration_policy.filter(|_| may_open);
    entries::set_defaults(connection, id, permissions, policy).await?;
    if request.is_listed && may_open && tree::is_public(connection, id).await? {
        entries::set_listed(connection, id).await?;
    }
    Ok(())
}

fn exists(path: impl std::fmt::Display) -> Error {
    Error::new(
        ErrorCode::DirectoryExists,
        format!("a directory already exists at '{path}'"),
    )
}

fn in_the_way(request: &CreateDirectory) -> Error {
    Error::new(
        ErrorCode::FileExists,
        format!("a file already exists at '{}'", request.path),
    )
}
