//! Gives up uploads through shares of which nothing comes: whoever has a link could hold its owner's
//! quota with plans alone.

use std::time::Duration;

use super::BATCH;
use crate::{
    app::App,
    db::{
        uploads,
        versions::{self, VersionRow},
    },
    error::Result,
    ops::{
        discard::discard,
        shares::intake::{UNTOUCHED, leave_nothing},
        sign_parts::has_bytes,
    },
};

/// The same where something came before.
const ABANDONED: Duration = Duration::from_secs(24 * 60 * 60);

pub(super) async fn run_once(app: &App) -> Result<u64> {
    let millis = |time: Duration| i64::try_from(time.as_millis()).unwrap_or(i64::MAX);
    let mut connection = app.db.read().await?;
    let now = app.db.now(&mut connection).await?.unix_millis();
    let before = now - millis(UNTOUCHED);
    let untouched = uploads::untouched(&mut connection, before, BATCH).await?;
    drop(connection);
    let mut given_up = 0;
    for version in untouched {
        if is_coming_in(app, &version) {
            let mut transaction = app.db.write().await?;
            uploads::touch(&mut transaction, &version).await?;
            transaction.commit().await?;
            continue;
        }
        let is_abandoned = version.updated_at < now - millis(ABANDONED);
        if is_abandoned || !has_bytes(app, &version).await? {
            given_up += u64::from(give_up(app, &version).await?);
        }
    }
    if given_up > 0 {
        app.garbage.notify_one();
    }
    Ok(given_up)
}

/// What another store receives it does not tell.
fn is_coming_in(app: &App, version: &VersionRow) -> bool {
    app.embedded.as_ref().is_some_and(|store| {
        let receiving = store.receiving();
        receiving.has(&version.upload_key) || receiving.has(&version.object_key)
    })
}

async fn give_up(app: &App, version: &VersionRow) -> Result<bool> {
    let mut transaction = app.db.write_for(&version.user_id).await?;
    // It may have been touched since it was looked at.
    let now = versions::find(&mut transaction, &version.file_id, version.number).await?;
    let is_same = now.is_some_and(|now| now.updated_at == version.updated_at);
    let given_up = is_same
        && versions::mark_failed(&mut transaction, version, "nothing of it came in").await?;
    if given_up {
        discard(&mut transaction, version).await?;
        leave_nothing(&mut transaction, version).await?;
    }
    transaction.commit().await?;
    Ok(given_up)
}
