//! `migrate`, `sweep`, `storage init`, `openapi`

use std::time::Duration;

use hulk_proto::{ErrorCode, health::Outcome};
use hulk_server::{App, Config, config::PublicUrl, jobs::periodic, open_database};
use serde_json::json;

use super::output::{Failure, print, write_line};

pub(crate) async fn migrate(config: &Config, json: bool) -> Result<(), Failure> {
    open_database(config).await?.close().await;
    print(
        json,
        &json!({ "migrated": true }),
        "the database is up to date",
    )
}

pub(crate) async fn sweep(
    config: &Config,
    orphan_age: Duration,
    json: bool,
) -> Result<(), Failure> {
    // The store's URLs are not used, so it does not matter where a server would listen.
    let app = App::open(config, ([127, 0, 0, 1], 0).into()).await?;
    let swept = periodic::run_once(&app, orphan_age).await?;
    app.db.close().await;
    let mut text = format!(
        "abandoned {} uploads, expired {} files, purged {} items from the trash, deleted {} objects \
         and {} orphaned objects; {} files are lost, the usage of {} users was corrected",
        swept.stale_uploads,
        swept.expired_files,
        swept.purged_trash,
        swept.deleted_objects,
        swept.orphaned_objects,
        swept.lost_files,
        swept.corrected_users
    );
    if !swept.elsewhere.is_empty() {
        text = format!(
            "{text}; running in another replica: {}",
            swept.elsewhere.join(", ")
        );
    }
    print(json, &swept, &text)
}

/// Sets up the bucket and reports what the store refused; fails only if the bucket cannot be used.
pub(crate) async fn init_storage(config: &Config, json: bool) -> Result<(), Failure> {
    let store = App::open_store(config)?;
    let origin = config.public_url.as_ref().map(PublicUrl::as_str);
    let checks = store.init(&config.env_name, origin).await;
    let lines = checks.iter().map(|check| match &check.fix {
        None => format!("{}: {}", check.name, check.message),
        Some(fix) => format!("{}: {}\n  fix: {fix}", check.name, check.message),
    });
    let text = lines.collect::<Vec<_>>().join("\n");
    print(json, &checks, &text)?;
    match checks.iter().find(|check| check.outcome == Outcome::Failed) {
        None => Ok(()),
        Some(check) => Err(Failure::new(
            ErrorCode::StoreUnavailable,
            format!("the bucket is not ready: {}", check.message),
        )),
    }
}

pub(crate) fn openapi() -> Result<(), Failure> {
    let document = hulk_server::openapi()
        .to_pretty_json()
        .map_err(|error| Failure::new(ErrorCode::InternalError, error))?;
    write_line(&document)
}
