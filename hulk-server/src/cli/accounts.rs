//! `user create`, `key create`

use std::io::{self, Read};

use hulk_proto::{CreateApiKey, ErrorCode, KeyPermission, Role};
use hulk_server::{
    Config,
    audit::Actor,
    open_database,
    ops::accounts::{
        keys,
        users::{self, CreateUser},
    },
};

use super::output::{Failure, print};

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
        tier: config.new_user_tier().to_owned(),
        quota_bytes: config.new_user_quota(),
        has_password_recipe: config.password_recipe,
    };
    let user = users::create_user(&db, request).await?;
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
    let user = users::find_user(&db, email).await?;
    let request = CreateApiKey {
        label: label.to_owned(),
        permissions,
        expires_at: None,
        path: None,
    };
    let actor = Actor::Server { user_id: &user.id };
    let created = keys::create_key(&db, actor, request).await?;
    let printed = print(json, &created, &created.key);
    if printed.is_err() {
        // The key was never shown.
        keys::delete_key(&db, actor, &created.api_key.id).await?;
    }
    db.close().await;
    printed
}
