//! What a user is called.

use hulk_proto::{Id, account::ChangeUser, user::User};

use super::sign_up::{check_username, name, username};
use crate::{
    app::App,
    audit::{self, Action, Actor},
    auth::Caller,
    db::users::{self, UserRow},
    error::{Error, Result},
    ops::{present, transaction::transaction},
};

/// # Errors
/// `NOT_FOUND` for another user.
pub fn show_user(caller: Caller, id: &Id) -> Result<User> {
    check_self(&caller.user, id)?;
    present::user(caller.user)
}

/// Changes what the caller is called.
///
/// # Errors
/// `NOT_FOUND` for another user, `VALIDATION_ERROR`, `CONFLICT` for a user name that is in use.
pub async fn change_user(app: &App, caller: &Caller, id: &Id, request: ChangeUser) -> Result<User> {
    let user = &caller.user;
    check_self(user, id)?;
    let first_name = match &request.first_name {
        Some(text) => name("first_name", Some(text))?,
        None => user.first_name.clone(),
    };
    let last_name = match &request.last_name {
        Some(text) => name("last_name", Some(text))?,
        None => user.last_name.clone(),
    };
    let username = match &request.username {
        Some(text) => username(Some(text))?,
        None => user.username.clone(),
    };
    let actor = Actor::from(caller);
    let row = transaction!(&app.db, actor, async |tx| {
        check_username(tx, &user.id, username.as_deref()).await?;
        let names = (
            first_name.as_deref(),
            last_name.as_deref(),
            username.as_deref(),
        );
        users::set_names(tx, &user.id, names).await?;
        audit::record(tx, actor, Action::UserChange, &user.id).await?;
        Ok(users::find(tx, &user.id).await?)
    })?;
    present::user(row.ok_or_else(|| Error::not_found("user"))?)
}

/// Fails unless the user has this id: others look like none.
pub(super) fn check_self(user: &UserRow, id: &Id) -> Result<()> {
    match user.id == id.as_str() {
        true => Ok(()),
        false => Err(Error::not_found("user")),
    }
}
