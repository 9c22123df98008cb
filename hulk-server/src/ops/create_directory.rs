//! Makes directories.

use hulk_proto::{
    Directory, ErrorCode, ExpirationPolicy, Permission, directory::CreateDirectory, file::Batch,
};
use sqlx::{AnyConnection, Connection};

use super::{
    begin_upload::batch,
    destination::Destination,
    plan_upload::{count_object, ensure_directories},
    present, retried, validate,
};
use crate::{
    app::App,
    db::{
        entries::{self, DIRECTORY, EntryRow},
        tree,
    },
    error::{Error, Result},
};

/// What becomes of a directory that is there.
#[derive(Clone, Copy, PartialEq, Eq)]
enum IfThere {
    Refuse,
    /// Its metadata are set, and it is answered.
    Keep,
}

/// With those above it.
///
/// # Errors
/// `DIRECTORY_EXISTS`, `FILE_EXISTS`, `VALIDATION_ERROR`.
pub async fn create_directory(
    app: &App,
    destination: &Destination<'_>,
    request: &CreateDirectory,
) -> Result<Directory> {
    retried(|| async {
        let mut transaction = app.db.write_for(&destination.user.id).await?;
        let made = make(app, &mut transaction, destination, request, IfThere::Refuse).await?;
        transaction.commit().await?;
        Ok(made)
    })
    .await
}

/// Each as by `create_directory`; who may read is answered one that is there, with the metadata of the
/// request.
///
/// # Errors
/// Only if the database does not answer; what is refused is in the answer.
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
    let outcomes = retried(|| make_all(app, destination, requests, if_there)).await?;
    Ok(batch(outcomes))
}

async fn make_all(
    app: &App,
    destination: &Destination<'_>,
    requests: &[CreateDirectory],
    if_there: IfThere,
) -> Result<Vec<Result<Directory>>> {
    let mut outcomes = Vec::with_capacity(requests.len());
    let mut transaction = app.db.write_for(&destination.user.id).await?;
    for request in requests {
        let mut one = transaction.begin().await?;
        let made = make(app, &mut one, destination, request, if_there).await;
        match &made {
            Ok(_) => one.commit().await?,
            // Not this item's fault, and the end of the whole transaction.
            Err(error) if error.is_fault() => return made.map(|_| Vec::new()),
            Err(_) => one.rollback().await?,
        }
        outcomes.push(made);
    }
    transaction.commit().await?;
    Ok(outcomes)
}

async fn make(
    app: &App,
    connection: &mut AnyConnection,
    destination: &Destination<'_>,
    request: &CreateDirectory,
    if_there: IfThere,
) -> Result<Directory> {
    validate::labels(None, None, request.metadata.as_ref())?;
    let metadata = request.metadata.as_ref().map(serde_json::to_string);
    let metadata = metadata.transpose().map_err(Error::internal)?;
    let (above, name) = request.path.split().ok_or_else(|| exists(&request.path))?;
    let root_id = destination.root_id;
    let there = tree::find_by_path(connection, root_id, &request.path).await?;
    let id = match there {
        Some(entry) if !entry.is_directory() => return Err(in_the_way(request)),
        Some(_) if if_there == IfThere::Refuse => return Err(exists(&request.path)),
        Some(entry) => entry.id,
        None => {
            let entry = make_new(app, connection, destination, &above, name).await?;
            let permissions = match request.default_permissions {
                None if request.is_listed => listed(connection, &entry.id).await?,
                given => given,
            };
            entries::set_defaults(
                connection,
                &entry.id,
                permissions.map(Permission::as_str),
                request
                    .default_expiration_policy
                    .map(ExpirationPolicy::as_str),
            )
            .await?;
            entry.id
        }
    };
    if let Some(metadata) = metadata {
        entries::set_metadata(connection, &id, &metadata).await?;
    }
    let row = entries::find(connection, &id).await?;
    let row = row.ok_or_else(|| Error::internal("a new directory is missing"))?;
    let mut directory = present::directory(app, connection, row).await?;
    if destination.key_id.is_some() {
        // The id of a directory is the link to its listing, and the one above may be another's.
        directory.parent_id = None;
    }
    Ok(directory)
}

async fn make_new(
    app: &App,
    connection: &mut AnyConnection,
    destination: &Destination<'_>,
    above: &hulk_proto::RemotePath,
    name: &str,
) -> Result<EntryRow> {
    let user_id = &destination.user.id;
    let most = app.settings.max_objects;
    let parent = ensure_directories(connection, destination, above, most).await?;
    let (entry, is_new) = entries::ensure(connection, user_id, &parent.id, name, DIRECTORY).await?;
    if is_new {
        count_object(connection, user_id, most).await?;
    }
    Ok(entry)
}

/// What a directory that is to be listed says itself, if all above it lets it be.
async fn listed(connection: &mut AnyConnection, id: &str) -> Result<Option<Permission>> {
    let nearest = tree::nearest_permission(connection, id).await?;
    let is_public =
        nearest.is_some_and(|nearest| nearest.permissions == Permission::Public.as_str());
    Ok(is_public.then_some(Permission::Public))
}

fn exists(path: impl std::fmt::Display) -> Error {
    Error::new(
        ErrorCode::DirectoryExists,
        format!("there is a directory at '{path}' already"),
    )
}

fn in_the_way(request: &CreateDirectory) -> Error {
    Error::new(
        ErrorCode::FileExists,
        format!("there is a file at '{}'", request.path),
    )
}
