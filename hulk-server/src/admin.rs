//! Commands of the operator.

use std::{
    io::{self, Read, Write},
    time::Duration,
};

use hulk_proto::{CreateApiKey, ErrorCode, KeyPermission, Role, health::Outcome};
use hulk_server::{
    App, Config,
    config::PublicUrl,
    open_database,
    ops::accounts::{self, CreateUser},
    sweep,
};
use serde::Serialize;
use serde_json::json;

use crate::Failure;

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
    let swept = sweep::run_once(&app, orphan_age).await?;
    app.db.close().await;
    let mut text = format!(
        "gave up {} uploads, expired {} files, emptied {} things out of the trash, deleted {} \
         objects and {} that no file has; {} files are lost, the usage of {} users was corrected",
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
            "{text}; another replica is at: {}",
            swept.elsewhere.join(", ")
        );
    }
    print(json, &swept, &text)
}

pub(crate) async fn create_user(
    config: &Config,
    email: &str,
    role: Role,
    is_email_verified: bool,
    json: bool,
) -> Result<(), Failure> {
    let mut password = String::new();
    io::stdin().read_to_string(&mut password).map_err(|error| {
        Failure::new(
            ErrorCode::BadRequest,
            format!("no password on stdin: {error}"),
        )
    })?;
    let password = password.trim_end_matches(['\r', '\n']).to_owned();
    let db = open_database(config).await?;
    let request = CreateUser {
        email: email.to_owned(),
        password,
        role,
        is_email_verified,
    };
    let user = accounts::create_user(&db, config.default_quota, request).await?;
    db.close().await;
    print(json, &user, user.id.as_str())
}

pub(crate) async fn create_key(
    config: &Config,
    email: &str,
    label: &str,
    permissions: KeyPermission,
    json: bool,
) -> Result<(), Failure> {
    let db = open_database(config).await?;
    let user = accounts::find_user(&db, email).await?;
    let request = CreateApiKey {
        label: label.to_owned(),
        permissions,
        expires_at: None,
    };
    let created = accounts::create_key(&db, &user, request).await?;
    let told = print(json, &created, &created.key);
    if told.is_err() {
        // Nobody saw it.
        accounts::delete_key(&db, &user, &created.api_key.id).await?;
    }
    db.close().await;
    told
}

/// Makes the bucket ready; what the store refused is told, and fails only if the bucket cannot be
/// used.
pub(crate) async fn init_storage(config: &Config, json: bool) -> Result<(), Failure> {
    let store = App::open_store(config)?;
    let origin = config.public_url.as_ref().map(PublicUrl::as_str);
    let checks = store.init(&config.env_name, origin).await;
    let lines = checks.iter().map(|check| match &check.fix {
        None => format!("{}: {}", check.name, check.message),
        Some(fix) => format!("{}: {}\n  to do: {fix}", check.name, check.message),
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
    tell(&document)
}

fn print<T: Serialize>(json: bool, result: &T, text: &str) -> Result<(), Failure> {
    match json {
        true => {
            let text = serde_json::to_string_pretty(result)
                .map_err(|error| Failure::new(ErrorCode::InternalError, error))?;
            tell(&text)
        }
        false => tell(text),
    }
}

/// A line of the result on stdout, at once.
fn tell(line: &str) -> Result<(), Failure> {
    let mut stdout = io::stdout().lock();
    let told = writeln!(stdout, "{line}").and_then(|()| stdout.flush());
    told.map_err(|error| {
        let what = format!("cannot write the result to the standard output: {error}");
        Failure::new(ErrorCode::LocalFile, what)
    })
}

/// A line on stdout for whoever waits for it, be it nobody.
pub(crate) fn say(line: &str) {
    let _ = tell(line);
}
