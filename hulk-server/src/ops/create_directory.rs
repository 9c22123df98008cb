//! Makes directories.

use hulk_proto::{
    Directory, ErrorCode, ExpirationPolicy, Permission, directory::CreateDirectory, file::Batch,
};
use sqlx::{AnyConnection, Connection};

use super::{
    begin_upload::batch, destination::Destination, known::Known, plan_upload::count_object,
    present, retried, validate,
};
use crate::{
    app::App,
    db::{
        entries::{self, DIRECTORY},
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
        let known = &mut Known::new(app.settings.max_objects);
        let refuse = IfThere::Refuse;
        let made = make(app, &mut transaction, destination, request, refuse, known).await?;
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
    let mut known = Known::new(app.settings.max_objects);
    let mut transaction = app.db.write_for(&destination.user.id).await?;
    for request in requests {
        let mut one = transaction.begin().await?;
        let made = make(app, &mut one, destination, request, if_there, &mut known).await;
        match &made {
            Ok(_) => one.commit().await?,
            // Not this item's fault, and the end of the whole transaction.
            Err(error) if error.is_fault() => return made.map(|_| Vec::new()),
            Err(_) => {
                one.rollback().await?;
                known = Known::new(app.settings.max_objects);
            }
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
    known: &mut Known,
) -> Result<Directory> {
    validate::labels(None, None, request.metadata.as_ref())?;
    let metadata = request.metadata.as_ref().map(serde_json::to_string);
    let metadata = metadata.transpose().map_err(Error::internal)?;
    let (above, name) = request.path.split().ok_or_else(|| exists(&request.path))?;
    let parent = known.directory(connection, destination, &above).await?;
    let user_id = &destination.user.id;
    let (entry, is_new) = entries::ensure(connection, user_id, &parent.id, name, DIRECTORY).await?;
    match (is_new, entry.is_directory()) {
        (true, _) => {
            count_object(connection, user_id, known.max_objects).await?;
            set_defaults(connection, destination, request, &entry.id).await?;
        }
        (false, false) => return Err(in_the_way(request)),
        (false, true) if if_there == IfThere::Refuse => return Err(exists(&request.path)),
        (false, true) => {}
    }
    if let Some(metadata) = metadata {
        entries::set_metadata(connection, &entry.id, &metadata).await?;
    }
    let row = entries::find(connection, &entry.id).await?;
    let row = row.ok_or_else(|| Error::internal("a new directory is missing"))?;
    let mut directory = present::directory_at(app, row, request.path.clone())?;
    if destination.key_id.is_some() {
        // The id of a directory is the link to its listing, and the one above may be another's.
        directory.parent_id = None;
    }
    Ok(directory)
}

/// Whoever may only upload does not say who reads what others put into the directory, nor for how long.
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
    entries::set_defaults(
        connection,
        id,
        permissions.map(Permission::as_str),
        policy.map(ExpirationPolicy::as_str),
    )
    .await?;
    if request.is_listed && may_open && is_public(connection, id).await? {
        entries::set_listed(connection, id).await?;
    }
    Ok(())
}

async fn is_public(connection: &mut AnyConnection, id: &str) -> Result<bool> {
    let nearest = tree::nearest_permission(connection, id).await?;
    Ok(nearest.is_some_and(|nearest| nearest.permissions == Permission::Public.as_str()))
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
