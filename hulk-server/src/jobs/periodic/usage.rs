//! Corrects every user's usage if it is not the sum of their files.

use crate::{
    app::App,
    audit::Actor,
    db::{quota, users},
    error::Result,
    jobs::lease::Lease,
    ops::transaction::transaction,
};

/// How many users are checked before the position of the round is saved.
const BATCH: i64 = 100;

pub(crate) async fn run_once(app: &App, lease: &Lease) -> Result<u64> {
    let mut corrected = 0;
    let mut position = lease.position.clone();
    loop {
        let mut connection = app.db.read().await?;
        let ids = users::ids_after(&mut connection, &position, BATCH).await?;
        drop(connection);
        for id in &ids {
            let recounted = transaction!(&app.db, Actor::Server { user_id: id }, async |tx| {
                Ok(quota::recount(tx, id).await?)
            });
            if recounted? {
                tracing::warn!(
                    user = id,
                    "the usage was not the sum of the files; corrected"
                );
                corrected += 1;
            }
        }
        let Some(last) = ids.into_iter().next_back() else {
            return Ok(corrected);
        };
        position = last;
        if !lease.advance(app, &position).await? {
            return Ok(corrected);
        }
    }
}
