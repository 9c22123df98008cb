//! Accounts as staff sees and changes them.

use hulk_proto::{
    ErrorCode, Id, ListQuery, Page, Password, Role,
    admin::{Account, AccountDetails, AccountStats, ChangeAccount, CreateAccount, SetPassword},
};
use serde_json::json;

use super::{page, page_and_conditions};
use crate::{
    app::App,
    audit::{self, Action, Actor},
    auth::{scope::Scope, staff::Staff},
    db::{
        device_codes, lists, login_links,
        mail_tokens::{self, Purpose},
        queue::{self, Mail},
        sessions, tiers,
        usage::{self, Possessions},
        users::{self, Standing, UserRow},
    },
    error::{Error, Result},
    ops::{
        accounts::{
            deletion, passwords,
            sign_up::{self, Names, NewAccount, insert},
            tiers::{find_tier, quota_of},
        },
        files::list::list_files,
        present,
        transaction::transaction,
    },
};

/// How many of the newest files the details of an account show.
const RECENT_FILES: u32 = 10;

/// Lists accounts, newest first; those that have `search` in their address or name.
///
/// # Errors
/// `VALIDATION_ERROR` for what the list does not support.
pub async fn list_accounts(
    app: &App,
    query: &ListQuery,
    search: Option<&str>,
) -> Result<Page<Account>> {
    let (of, mut conditions) = page_and_conditions(query, |conditions, property, value| {
        match (property, value) {
            ("role", role) if role.parse::<Role>().is_ok() => conditions.equals("u.role", role),
            ("is_active", "true") => conditions.is("u.is_active = 1"),
            ("is_active", "false") => conditions.is("u.is_active = 0"),
            _ => return Ok(false),
        }
        Ok(true)
    })?;
    conditions.is("u.deleted_at IS NULL");
    if let Some(text) = search {
        let columns = [
            "LOWER(u.email)",
            "LOWER(COALESCE(u.username, ''))",
            "LOWER(COALESCE(u.first_name, ''))",
            "LOWER(COALESCE(u.last_name, ''))",
        ];
        conditions.contains(&columns, &text.to_lowercase());
    }
    let mut connection = app.db.read().await?;
    let (rows, total) = lists::page(&mut connection, users::LIST, &conditions, of).await?;
    let rows: Vec<UserRow> = rows;
    let items = rows.into_iter().map(present::account);
    Ok(page(items.collect::<Result<_>>()?, total))
}

/// # Errors
/// `NOT_FOUND`.
pub async fn show_account(app: &App, id: &Id) -> Result<AccountDetails> {
    let user = find(app, id).await?;
    let mut connection = app.db.read().await?;
    let has = usage::possessions(&mut connection, &user.id).await?;
    drop(connection);
    let newest = ListQuery {
        limit: Some(RECENT_FILES),
        ..ListQuery::default()
    };
    let recent_files = list_files(app, Scope::whole(&user), &newest).await?.items;
    Ok(AccountDetails {
        account: present::account(user)?,
        stats: stats(&has)?,
        recent_files,
    })
}

fn stats(has: &Possessions) -> Result<AccountStats> {
    let count = |number| u64::try_from(number).unwrap_or(0);
    Ok(AccountStats {
        api_keys: count(has.api_keys),
        sessions: count(has.sessions),
        shares: count(has.shares),
        last_used_at: has.last_used_at.map(present::time).transpose()?,
    })
}

/// Creates an account. An address that is not declared verified gets the mail.
///
/// # Errors
/// `VALIDATION_ERROR`, `AUTH_EMAIL_EXISTS`, `FORBIDDEN` for a role above the caller's.
pub async fn create_account(app: &App, staff: &Staff, request: CreateAccount) -> Result<Account> {
    staff.check_over(request.role)?;
    let email = sign_up::email(&request.email)?;
    let about = vec![email.clone()];
    let has_recipe = app.settings.has_password_recipe;
    let password_hash = app
        .passwords
        .hash_of_user("password", request.password, has_recipe, about)
        .await?;
    let new = NewAccount {
        email,
        password_hash,
        role: request.role,
        is_email_verified: request.is_email_verified,
        tier: app.settings.new_user_tier.clone(),
        quota_bytes: request.quota_bytes.or(app.settings.new_user_quota),
        names: Names::default(),
    };
    // Not through `ops::transaction`: the user has no row yet that could be locked.
    let mut transaction = app.db.write().await?;
    let row = insert(&mut transaction, &new).await?;
    if !new.is_email_verified {
        let (id, work) = (Id::random(), Mail::Verification);
        queue::insert(&mut transaction, id.as_str(), Some(&row.id), work).await?;
    }
    let actor = Actor::Staff {
        staff,
        user_id: &row.id,
    };
    audit::record(&mut transaction, actor, Action::UserCreate, &row.id).await?;
    transaction.commit().await?;
    app.queue.notify_one();
    present::account(row)
}

/// Changes what staff decides about a user. A suspended account stops at once.
///
/// # Errors
/// `NOT_FOUND`, `FORBIDDEN` for somebody above the caller or a role above the caller's, `CONFLICT` for the last
/// admin.
pub async fn change_account(
    app: &App,
    staff: &Staff,
    id: &Id,
    request: ChangeAccount,
) -> Result<Account> {
    if let Some(role) = request.role {
        staff.check_over(role)?;
    }
    let quota_bytes = request.quota_bytes.map(i64::try_from).transpose();
    let quota_bytes = quota_bytes.map_err(|_| Error::validation("quota_bytes", "is too large"))?;
    let (user_id, details) = (id.as_str(), json!(request));
    let actor = Actor::Staff { staff, user_id };
    let row = transaction!(&app.db, actor, async |tx| {
        let user = users::find(tx, user_id).await?;
        let user = user.ok_or_else(|| Error::not_found("user"))?;
        staff.check_over(user.role)?;
        let tier = match &request.tier {
            Some(tier) => Some(find_tier(tx, tier).await?),
            None => None,
        };
        if let Some(tier) = &tier {
            tiers::assign(tx, user_id, &tier.id, quota_of(tier)).await?;
        }
        let quota_now = tier.as_ref().map_or(user.quota_bytes, quota_of);
        let standing = Standing {
            role: request.role.unwrap_or(user.role),
            quota_bytes: quota_bytes.unwrap_or(quota_now),
            is_active: request.is_active.unwrap_or(user.is_active),
            is_email_verified: request
                .is_email_verified
                .unwrap_or(user.email_verified_at.is_some()),
        };
        if standing.role != Role::Admin || !standing.is_active {
            deletion::check_not_last_admin(app, tx, user_id).await?;
        }
        users::set_standing(tx, user_id, &standing).await?;
        if !standing.is_active {
            // What was begun must not go on when the account is restored.
            sessions::delete_others(tx, user_id, None).await?;
            device_codes::delete_of(tx, user_id).await?;
            mail_tokens::delete_all(tx, user_id, Purpose::PasswordReset).await?;
            login_links::delete_of(tx, user_id).await?;
        }
        audit::record_with(tx, actor, Action::UserChange, user_id, details.clone()).await?;
        Ok(users::find(tx, user_id).await?)
    })?;
    present::account(row.ok_or_else(|| Error::not_found("user"))?)
}

/// Sets a user's password, and ends all sessions.
///
/// # Errors
/// `NOT_FOUND`, `FORBIDDEN` for somebody above the caller, `VALIDATION_ERROR`.
pub async fn set_password(app: &App, staff: &Staff, id: &Id, request: SetPassword) -> Result<()> {
    check_other(staff, id)?;
    let user = find(app, id).await?;
    staff.check_over(user.role)?;
    let password: Password = request.new_password;
    let hash = passwords::hash(app, &user, "new_password", password).await?;
    let user_id = user.id.as_str();
    let actor = Actor::Staff { staff, user_id };
    transaction!(&app.db, actor, async |tx| {
        let now = users::find(tx, user_id).await?;
        let now = now.ok_or_else(|| Error::not_found("user"))?;
        staff.check_over(now.role)?;
        let address = staff
            .address
            .map_or_else(String::new, |address| address.to_string());
        passwords::set(tx, &now, &hash, None, address).await?;
        Ok(audit::record(tx, actor, Action::UserPassword, user_id).await?)
    })?;
    app.queue.notify_one();
    Ok(())
}

/// Deletes an account with everything that it has.
///
/// # Errors
/// `NOT_FOUND`, `FORBIDDEN` for somebody above the caller, `CONFLICT` for the last admin.
pub async fn delete_account(app: &App, staff: &Staff, id: &Id) -> Result<()> {
    check_other(staff, id)?;
    let user = find(app, id).await?;
    staff.check_over(user.role)?;
    let actor = Actor::Staff {
        staff,
        user_id: &user.id,
    };
    deletion::delete(app, actor, &user).await
}

/// Fails for the caller's own account, whose password is asked elsewhere.
fn check_other(staff: &Staff, id: &Id) -> Result<()> {
    let own = staff
        .user
        .as_ref()
        .is_some_and(|user| user.id == id.as_str());
    match own {
        false => Ok(()),
        true => Err(Error::new(
            ErrorCode::Forbidden,
            "this is your own account: change it at /users/ID, which asks for your password",
        )),
    }
}

async fn find(app: &App, id: &Id) -> Result<UserRow> {
    let mut connection = app.db.read().await?;
    let user = users::find(&mut connection, id.as_str()).await?;
    user.ok_or_else(|| Error::not_found("user"))
}
