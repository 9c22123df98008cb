//! Deletes accounts. `db::deletion` has the table of states.

use hulk_proto::{ErrorCode, Id, Role, account::DeleteUser};

use super::{passwords::check_own, profile::check_self};
use crate::{
    app::App,
    audit::{self, Action, Actor},
    auth::{Caller, Client},
    db::{
        Write, deletion,
        queue::{self, Work},
        trash::{self, Purging},
        users::{self, UserRow},
        versions,
    },
    error::{Error, Result},
    ops::{
        transaction::transaction,
        uploads::release::{release, urls_end},
    },
};

/// Deletes the caller's account, who must know its password. Links to what it has answer at once as if there
/// were nothing; its bytes and rows are removed by a job.
///
/// # Errors
/// `NOT_FOUND` for another user, `AUTH_INVALID_CREDENTIALS` for a wrong password, `TOO_MANY_REQUESTS`,
/// `CONFLICT` for the last admin.
pub async fn delete_own(
    app: &App,
    client: &Client,
    caller: &Caller,
    id: &Id,
    request: DeleteUser,
) -> Result<()> {
    check_self(&caller.user, id)?;
    if !caller.is_root() {
        check_own(app, client, caller, id, &request.password).await?;
    }
    delete(app, Actor::from(caller), &caller.user).await
}

/// Deletes an account.
///
/// # Errors
/// `NOT_FOUND` if it was deleted before, `CONFLICT` for the last admin.
pub(crate) async fn delete(app: &App, actor: Actor<'_>, user: &UserRow) -> Result<()> {
    let user_id = user.id.as_str();
    transaction!(&app.db, actor, async |tx| {
        check_not_last_admin(app, tx, user_id).await?;
        if !deletion::begin(tx, user_id).await? {
            return Err(Error::not_found("user"));
        }
        audit::record(tx, actor, Action::UserDelete, user_id).await?;
        let work = Work::AccountDeletion {
            user_id: user_id.to_owned(),
        };
        Ok(queue::insert(tx, Id::random().as_str(), None, work).await?)
    })?;
    app.queue.notify_one();
    Ok(())
}

/// Fails if there would be no admin without this user. Transactions that take admins away run one after
/// another: each locks the first admin, after its own user.
///
/// # Errors
/// `CONFLICT`.
pub(crate) async fn check_not_last_admin(
    app: &App,
    transaction: &mut Write,
    user_id: &str,
) -> Result<()> {
    let user = users::find(transaction, user_id).await?;
    if user.is_none_or(|user| user.role != Role::Admin || !user.is_active) {
        return Ok(());
    }
    loop {
        let admins = users::active_admins(transaction).await?;
        let Some(first) = admins.first() else {
            return Ok(());
        };
        app.db.lock_user(transaction, first).await?;
        // While the lock was waited for, the first may have become another one, whose lock then counts.
        let now = users::active_admins(transaction).await?;
        match now.as_slice() {
            [only] if only == user_id => {
                return Err(Error::new(
                    ErrorCode::Conflict,
                    "this is the last admin; make somebody else an admin first",
                ));
            }
            [still, ..] if still == first => return Ok(()),
            _ => {}
        }
    }
}

/// Removes everything that a deleted account still has. A repeated call goes on where one stopped.
///
/// # Errors
/// If the database does not answer.
pub(crate) async fn remove(app: &App, user_id: &str) -> Result<()> {
    for which in [Purging::Files, Purging::Directories] {
        while purge_some(app, user_id, which).await? {
            app.garbage.notify_one();
        }
    }
    transaction!(&app.db, Actor::Server { user_id }, async |tx| {
        Ok(deletion::end(tx, user_id).await?)
    })
}

/// Returns whether there was anything to delete.
async fn purge_some(app: &App, user_id: &str, which: Purging) -> Result<bool> {
    transaction!(&app.db, Actor::Server { user_id }, async |tx| {
        for version in trash::unfinished_of(tx, user_id, which).await? {
            if versions::mark_failed(tx, &version, "the account was deleted").await? {
                release(tx, &version).await?;
            }
        }
        let urls_end = urls_end().unix_millis();
        let (entries, _) = trash::purge(tx, user_id, which, urls_end).await?;
        Ok(entries > 0)
    })
}
