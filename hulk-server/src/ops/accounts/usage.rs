//! Reports what a user stores.

use std::time::Duration;

use hulk_proto::{Id, Timestamp, Usage, usage::CountByType};

use crate::{
    app::App,
    db::{trash, usage, users::UserRow},
    error::{Error, Result},
};

/// Files that expire within this time expire "soon".
const SOON: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// # Errors
/// `NOT_FOUND` for another user.
pub async fn show_usage(app: &App, user: &UserRow, id: &Id) -> Result<Usage> {
    if user.id != id.as_str() {
        return Err(Error::not_found("user"));
    }
    let unsigned = |number: i64| u64::try_from(number).unwrap_or(0);
    let now = Timestamp::now();
    let soon = now.saturating_add(SOON).unix_millis();
    let now = now.unix_millis();
    let mut connection = app.db.read().await?;
    let (mut file_counts, mut byte_counts) = (CountByType::default(), CountByType::default());
    for (category, files, bytes) in usage::by_category(&mut connection, &user.id, now).await? {
        file_counts.add(category, unsigned(files));
        byte_counts.add(category, unsigned(bytes));
    }
    let trash_bytes = unsigned(trash::bytes(&mut connection, &user.id).await?);
    let upload_bytes = unsigned(usage::set_aside(&mut connection, &user.id).await?);
    let others = byte_counts.total + trash_bytes + upload_bytes;
    Ok(Usage {
        file_counts,
        byte_counts,
        version_bytes: unsigned(user.used_bytes).saturating_sub(others),
        trash_bytes,
        upload_bytes,
        expiring_soon: unsigned(usage::expiring(&mut connection, &user.id, now, soon).await?),
        used_bytes: unsigned(user.used_bytes),
        quota_bytes: unsigned(user.quota_bytes),
    })
}
