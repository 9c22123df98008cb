//! Abandons uploads through shares of which no bytes arrive: otherwise, whoever has a link could use up its
//! owner's quota with plans alone.

use std::time::Duration;

use crate::{
    app::App,
    audit::Actor,
    db::{
        uploads,
        versions::{self, VersionRow},
    },
    error::Result,
    jobs::lease::BATCH,
    ops::{
        shares::unfinished::UNTOUCHED,
        transaction::transaction,
        uploads::{release::fail, show::has_bytes},
    },
};

/// An upload is abandoned after this time even if some of its bytes have arrived.
const ABANDONED: Duration = Duration::from_secs(24 * 60 * 60);

pub(crate) async fn run_once(app: &App) -> Result<u64> {
    let millis = |time: Duration| i64::try_from(time.as_millis()).unwrap_or(i64::MAX);
    let mut connection = app.db.read().await?;
    let now = app.db.now(&mut connection).await?.unix_millis();
    let before = now - millis(UNTOUCHED);
    let untouched = uploads::untouched(&mut connection, before, BATCH).await?;
    drop(connection);
    let mut abandoned = 0;
    for version in untouched {
        if is_coming_in(app, &version) {
            // Not through `ops::transaction`: it changes nothing that another transaction reads.
            let mut transaction = app.db.write().await?;
            uploads::touch(&mut transaction, &version).await?;
            transaction.commit().await?;
            continue;
        }
        let is_abandoned = version.updated_at < now - millis(ABANDONED);
        if is_abandoned || !has_bytes(app, &version).await? {
            abandoned += u64::from(abandon(app, &version).await?);
        }
    }
    if abandoned > 0 {
        app.garbage.notify_one();
    }
    Ok(abandoned)
}

/// Whether bytes are arriving now. Other stores than the embedded one do not report it.
fn is_coming_in(app: &App, version: &VersionRow) -> bool {
    app.embedded.as_ref().is_some_and(|store| {
        let receiving = store.receiving();
        receiving.has(&version.upload_key) || receiving.has(&version.object_key)
    })
}

async fn abandon(app: &App, version: &VersionRow) -> Result<bool> {
    let user_id = version.user_id.as_str();
    transaction!(&app.db, Actor::Server { user_id }, async |tx| {
        // It may have been touched since it was read.
        let now = versions::find(tx, &version.file_id, version.number).await?;
        match now.is_some_and(|now| now.updated_at == version.updated_at) {
            true => fail(tx, version, "its bytes did not arrive").await,
            false => Ok(false),
        }
    })
}
