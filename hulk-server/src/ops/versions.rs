//! The versions of a file that are kept, and bringing one back.

use hulk_proto::{ErrorCode, File, Id, ListQuery, Page, Timestamp, file::Version};

use super::{
    begin_upload::give_up,
    complete_upload, find_file,
    link_stored::copy_stored,
    new_version::restored_version,
    plan_upload::quota_exceeded,
    present,
    publish::{Outcome, publish_one},
    retried, show_file,
};
use crate::{
    app::App,
    db::{
        entries,
        users::{self, UserRow},
        versions::{self, VersionRow},
    },
    error::{Error, Result},
};

/// Newest first; those that are over are not told of.
///
/// # Errors
/// `NOT_FOUND` also for another user's; `VALIDATION_ERROR` for an order, a filter or a cursor.
pub async fn list_versions(
    app: &App,
    user: &UserRow,
    id: &Id,
    query: &ListQuery,
) -> Result<Page<Version>> {
    let (limit, offset) = super::plain_page(query, "versions are listed newest first, by offset")?;
    complete_upload::settle(app, id.as_str()).await?;
    let file = show_file(app, user, id).await?;
    let mut connection = app.db.read().await?;
    let now = Timestamp::now();
    let mut kept = versions::all_of(&mut connection, id.as_str()).await?;
    kept.retain(|version| version.state == versions::VALIDATED && !version.is_over(now));
    let page = kept
        .iter()
        .rev()
        .skip(usize::try_from(offset).unwrap_or(usize::MAX))
        .take(usize::try_from(limit).unwrap_or(0));
    Ok(Page {
        items: page
            .map(|row| present::version(&file, row))
            .collect::<Result<_>>()?,
        total: kept.len() as u64,
        next_cursor: None,
    })
}

/// Makes the bytes of an older version the newest one; id and link stay, and what was current is
/// kept.
///
/// # Errors
/// `NOT_FOUND` for a version that is not kept any more, `QUOTA_EXCEEDED`, `FILE_EXPIRED`.
pub async fn restore_version(app: &App, user: &UserRow, id: &Id, number: u64) -> Result<File> {
    let file = find_file(app, user, id).await?;
    let number = i64::try_from(number).unwrap_or(-1);
    let mut connection = app.db.read().await?;
    let found = versions::find(&mut connection, id.as_str(), number).await?;
    drop(connection);
    let stored = found
        .filter(|version| version.state == versions::VALIDATED)
        .ok_or_else(|| Error::not_found("version"))?;
    if stored.is_over(Timestamp::now()) {
        return Err(Error::new(
            ErrorCode::FileExpired,
            "this version has expired",
        ));
    }
    if file.version == number {
        return show_file(app, user, id).await;
    }
    let wanted = retried(|| reserve(app, user, &stored)).await?;
    let Some(sent) = copy_stored(app, &wanted, &stored).await? else {
        give_up(app, &wanted, "the version was gone").await?;
        return Err(Error::not_found("version"));
    };
    match publish_one(app, &wanted, &sent).await? {
        Outcome::Validated => show_file(app, user, id).await,
        Outcome::Gone => Err(Error::not_found("file")),
        Outcome::Taken | Outcome::Overtaken => Err(complete_upload::overtaken()),
    }
}

/// A version to be, with its space set aside.
async fn reserve(app: &App, user: &UserRow, stored: &VersionRow) -> Result<VersionRow> {
    let mut transaction = app.db.write_for(&user.id).await?;
    // Deleted meanwhile, it takes no version any more: nobody would give its space back.
    let entry = entries::find(&mut transaction, &stored.file_id).await?;
    entry.ok_or_else(|| Error::not_found("file"))?;
    if !users::reserve(&mut transaction, &user.id, stored.size_bytes).await? {
        return Err(quota_exceeded(&mut transaction, &user.into(), stored.size_bytes).await?);
    }
    let all = versions::all_of(&mut transaction, &stored.file_id).await?;
    let number = all.last().map_or(0, |version| version.number) + 1;
    let wanted = restored_version(app, stored, number)?;
    let version = versions::insert(&mut transaction, wanted).await?;
    transaction.commit().await?;
    Ok(version)
}
