//! Changes when a finished file expires.

use hulk_proto::{ErrorCode, ExpirationPolicy, FileStatus, Timestamp};

use super::release::urls_end;
use crate::{
    app::App,
    audit::Actor,
    auth::scope::reaches,
    db::{
        files::FileRow,
        garbage,
        versions::{self, VersionRow},
    },
    error::{Error, Result},
    ops::transaction::transaction,
    store::object_key::{ObjectKey, VersionOf},
};

/// Gives a file another policy. The policy is part of the object's key, since the bucket's lifecycle rules
/// use it and the object's age: the object is copied first, then the row changes, then the old object is
/// deleted.
///
/// # Errors
/// `CONFLICT` if no upload of the file is finished, or another request changes it meanwhile.
pub(crate) async fn set_expiration(
    app: &App,
    actor: Actor<'_>,
    file: &FileRow,
    policy: ExpirationPolicy,
) -> Result<()> {
    let version = finished(app, file).await?;
    let is_renewed = policy.days().is_some() && app.store.capabilities().expires_objects;
    let is_moved = version.expiration_policy != policy || is_renewed;
    let key = match is_moved {
        true => moved(app, &version, policy).await?,
        false => version.object_key.clone(),
    };
    let expires_at = policy
        .expires_at(Timestamp::now())
        .map(Timestamp::unix_millis);
    let changed = transaction!(&app.db, actor, async |tx| {
        let changed = reaches(tx, actor.bound_to(), &file.id).await?
            && versions::set_expiration(tx, &version, policy, expires_at, &key).await?;
        if is_moved {
            let dropped = if changed { &version.object_key } else { &key };
            garbage::add(tx, dropped, None, urls_end()).await?;
        }
        Ok(changed)
    })?;
    app.garbage.notify_one();
    changed.then_some(()).ok_or_else(|| {
        Error::new(
            ErrorCode::Conflict,
            "another request changed the file meanwhile; try again",
        )
    })
}

async fn finished(app: &App, file: &FileRow) -> Result<VersionRow> {
    let mut connection = app.db.read().await?;
    let version = versions::find(&mut connection, &file.id, file.version).await?;
    version
        .filter(|version| version.state == FileStatus::Validated)
        .ok_or_else(|| {
            Error::new(
                ErrorCode::Conflict,
                "the file has no finished upload, so its expiry cannot be changed",
            )
        })
}

/// Copies the version's object to a new key of the policy.
async fn moved(app: &App, version: &VersionRow, policy: ExpirationPolicy) -> Result<String> {
    let of = VersionOf {
        user_id: &version.user_id,
        file_id: &version.file_id,
        number: version.number,
    };
    let key = ObjectKey::object(&app.settings.env_name, policy, of);
    let key = key.map_err(Error::internal)?.to_string();
    let attested = app.store.inspect(&version.object_key).await?;
    let attested = attested.ok_or_else(|| Error::not_found("object in the store"))?;
    app.store.copy(&version.object_key, &key, &attested).await?;
    Ok(key)
}
