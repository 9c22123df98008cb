//! Lists the versions of a file that are kept, and restores one.

use hulk_proto::{ErrorCode, File, FileStatus, Id, ListQuery, Page, Timestamp, file::Version};

use crate::{
    app::App,
    audit::Actor,
    auth::{Caller, scope::Scope},
    db::{
        quota,
        versions::{self, NewVersion, VersionRow},
    },
    error::{Error, Result},
    limits::Limits,
    ops::{
        page::plain_page,
        present,
        transaction::transaction,
        uploads::{
            dedupe::{Copied, copy_stored},
            draft::draft_again,
            finish::settle,
            publish::{Outcome, Sent, publish_one},
            refusals::{overtaken, quota_exceeded},
            release::abandon,
            show::{find_file, show_file},
        },
    },
};

/// Lists the versions, newest first, without those that have expired.
///
/// # Errors
/// `NOT_FOUND` also for another user's file; `VALIDATION_ERROR` for an order, a filter or a cursor.
pub async fn list_versions(
    app: &App,
    scope: Scope<'_>,
    id: &Id,
    query: &ListQuery,
) -> Result<Page<Version>> {
    let (limit, offset) = plain_page(
        query,
        "versions are listed newest first; only limit and offset are supported",
    )?;
    settle(app, id.as_str()).await?;
    let file = show_file(app, scope, id).await?;
    let mut connection = app.db.read().await?;
    let now = Timestamp::now();
    let mut finished = versions::all_of(&mut connection, id.as_str()).await?;
    finished.retain(|version| version.state == FileStatus::Validated && !version.is_expired(now));
    let page = finished
        .iter()
        .rev()
        .skip(usize::try_from(offset).unwrap_or(usize::MAX))
        .take(usize::try_from(limit).unwrap_or(0));
    Ok(Page {
        items: page
            .map(|row| present::version(&file, row))
            .collect::<Result<_>>()?,
        total: finished.len() as u64,
        next_cursor: None,
    })
}

/// Makes the bytes of an older version the newest one; id and link stay the same, and the version that was
/// current is kept.
///
/// # Errors
/// `NOT_FOUND` for a version that is no longer kept, `QUOTA_EXCEEDED`, `FILE_EXPIRED`.
pub async fn restore_version(app: &App, caller: &Caller, id: &Id, number: u64) -> Result<File> {
    let (scope, actor) = (Scope::from(caller), Actor::from(caller));
    let file = find_file(app, scope, id).await?;
    let number = i64::try_from(number).unwrap_or(-1);
    let mut connection = app.db.read().await?;
    let found = versions::find(&mut connection, id.as_str(), number).await?;
    drop(connection);
    let stored = found
        .filter(|version| version.state == FileStatus::Validated)
        .ok_or_else(|| Error::not_found("version"))?;
    if stored.is_expired(Timestamp::now()) {
        return Err(Error::new(
            ErrorCode::FileExpired,
            "this version has expired",
        ));
    }
    if file.version == number {
        return show_file(app, scope, id).await;
    }
    let wanted = reserve(app, caller, &stored).await?;
    let (reason, refusal) = match copy_stored(app, &wanted, &stored).await? {
        Copied::Done(sent) => return publish(app, caller, &wanted, &sent).await,
        Copied::Missing => (
            "the version to restore no longer exists",
            Error::not_found("version"),
        ),
        Copied::Unsupported => (
            "the store cannot copy",
            Error::new(
                ErrorCode::StoreUnavailable,
                "the store cannot copy objects, as restoring a version needs",
            ),
        ),
    };
    abandon(app, actor, &wanted, reason).await?;
    Err(refusal)
}

/// Makes the copied version the current one.
async fn publish(app: &App, caller: &Caller, wanted: &VersionRow, sent: &Sent) -> Result<File> {
    let (user, actor) = (&caller.user, Actor::from(caller));
    let limits = Limits::of(&app.settings.limits, user);
    match publish_one(app, actor, &limits, wanted, sent).await? {
        Outcome::Validated => {
            let id = wanted.file_id.parse().map_err(Error::internal)?;
            show_file(app, caller.into(), &id).await
        }
        Outcome::Gone => Err(Error::not_found("file")),
        Outcome::Taken | Outcome::Overtaken => Err(overtaken()),
    }
}

/// Inserts a new version of the stored bytes, and reserves its space.
async fn reserve(app: &App, caller: &Caller, stored: &VersionRow) -> Result<VersionRow> {
    let user = &caller.user;
    transaction!(&app.db, Actor::from(caller), async |tx| {
        // A file that was deleted meanwhile gets no version: nothing would release its space.
        let entry = Scope::from(caller).find(tx, &stored.file_id).await?;
        entry.ok_or_else(|| Error::not_found("file"))?;
        if !quota::reserve(
            tx,
            &user.id,
            stored.size_bytes,
            Actor::from(caller).is_root(),
        )
        .await?
        {
            return Err(quota_exceeded(tx, &caller.into(), stored.size_bytes).await?);
        }
        let all = versions::all_of(tx, &stored.file_id).await?;
        let number = all.last().map_or(0, |version| version.number) + 1;
        let again = NewVersion {
            root_id: caller.credential.root_id(),
            ..draft_again(app, stored, number)?
        };
        Ok(versions::insert(tx, again).await?)
    })
}
