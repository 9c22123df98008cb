//! Counts the downloads of counted shares whose URLs have expired.

use crate::{app::App, error::Result, jobs::lease::BATCH, ops::shares::claim};

pub(crate) async fn run_once(app: &App) -> Result<u64> {
    let mut counted = 0;
    loop {
        match claim::count_lapsed(&app.db, BATCH).await? {
            0 => return Ok(counted),
            some => counted += some,
        }
    }
}
