//! `hulk admin users`

use hulk_proto::{
    Id, ListQuery, Role,
    admin::{Account, AccountDetails, ChangeAccount, CreateAccount, SetPassword},
    user::User,
};

use crate::{
    args::{AdminUsers, Global},
    client::Client,
    commands::ask::{confirm, password_from_stdin},
    error::{Error, Result},
    format,
    printer::Printer,
};

pub(super) async fn run(
    client: &Client,
    printer: &Printer,
    global: &Global,
    command: &AdminUsers,
) -> Result<()> {
    match command {
        AdminUsers::Ls {
            search,
            role,
            suspended,
        } => list(client, printer, search.as_deref(), query(*role, *suspended)).await,
        AdminUsers::Show { user } => show(client, printer, user).await,
        AdminUsers::Create {
            email,
            role,
            verified,
            quota,
            ..
        } => {
            let request = CreateAccount {
                email: email.clone(),
                password: password_from_stdin()?,
                role: *role,
                is_email_verified: *verified,
                quota_bytes: *quota,
            };
            create(client, printer, &request).await
        }
        AdminUsers::Set {
            user,
            role,
            tier,
            quota,
            verified,
        } => {
            let wanted = ChangeAccount {
                role: *role,
                tier: tier.clone(),
                quota_bytes: *quota,
                is_active: None,
                is_email_verified: verified.then_some(true),
            };
            set(client, printer, user, &wanted).await
        }
        AdminUsers::Suspend { user } => {
            change(client, printer, user, &active(false), "suspended").await
        }
        AdminUsers::Restore { user } => {
            change(client, printer, user, &active(true), "restored").await
        }
        AdminUsers::Password { user, .. } => set_password(client, printer, user).await,
        AdminUsers::Rm { user } => remove(client, printer, global, user).await,
    }
}

/// Finds a user by id or email address. Whether an id is anyone's is not checked.
///
/// # Errors
/// `NOT_FOUND` if nobody has the address.
pub(super) async fn find(client: &Client, user: &str) -> Result<Id> {
    if let Ok(id) = user.parse::<Id>() {
        return Ok(id);
    }
    let unknown = || {
        Error::not_found(format!("no user has the id or email address '{user}'"))
            .with_hint("'hulk admin users ls' lists all users")
            .on(user)
    };
    // Not an address: a search could match many users, but none exactly.
    if !user.contains('@') {
        return Err(unknown());
    }
    let email = user.trim().to_lowercase();
    let accounts = client.list_accounts(Some(email.as_str()), ListQuery::default());
    let mut accounts = accounts.await?.into_iter();
    let found = accounts.find(|account| account.user.email.to_lowercase() == email);
    found.map(|account| account.user.id).ok_or_else(unknown)
}

fn query(role: Option<Role>, is_suspended: bool) -> ListQuery {
    let mut query = ListQuery::default();
    if let Some(role) = role {
        let filter = ("role".to_owned(), role.as_str().to_owned());
        query.filters.push(filter);
    }
    if is_suspended {
        let filter = ("is_active".to_owned(), "false".to_owned());
        query.filters.push(filter);
    }
    query
}

async fn list(
    client: &Client,
    printer: &Printer,
    search: Option<&str>,
    query: ListQuery,
) -> Result<()> {
    let accounts = client.list_accounts(search, query).await?;
    if printer.json {
        printer.document(&accounts);
        return Ok(());
    }
    accounts
        .iter()
        .for_each(|account| printer.line(line(account)));
    Ok(())
}

fn line(account: &Account) -> String {
    let user = &account.user;
    format!(
        "{}  {:<9}  {:<9}  {:>8} files  {:>24} used  {}",
        user.id,
        user.role.as_str(),
        state(account),
        account.file_count,
        format::used(user.used_bytes, user.quota_bytes),
        user.email
    )
}

fn state(account: &Account) -> &'static str {
    match account.is_active {
        true => "active",
        false => "suspended",
    }
}

async fn show(client: &Client, printer: &Printer, user: &str) -> Result<()> {
    let id = find(client, user).await?;
    let details = client.show_account(&id).await;
    printer.result(&details.map_err(|error| error.about(user))?, text);
    Ok(())
}

fn text(details: &AccountDetails) -> String {
    let (account, stats) = (&details.account, &details.stats);
    let user = &account.user;
    let is_verified = match user.is_email_verified {
        true => "verified",
        false => "not verified",
    };
    let mut facts = vec![
        ("email", format!("{} ({is_verified})", user.email)),
        ("id", user.id.to_string()),
    ];
    facts.extend(full_name(user).map(|name| ("name", name)));
    facts.extend(user.username.clone().map(|name| ("username", name)));
    facts.extend([
        ("role", user.role.as_str().to_owned()),
        ("state", state(account).to_owned()),
        ("tier", user.tier.clone()),
        ("used", format::used(user.used_bytes, user.quota_bytes)),
        ("files", account.file_count.to_string()),
        ("objects", account.object_count.to_string()),
        ("api keys", stats.api_keys.to_string()),
        ("sessions", stats.sessions.to_string()),
        ("shares", stats.shares.to_string()),
        (
            "last used",
            stats
                .last_used_at
                .map_or_else(|| "never".into(), |time| time.to_string()),
        ),
        ("created", user.created_at.to_string()),
        ("updated", user.updated_at.to_string()),
    ]);
    let files = details.recent_files.iter().map(|file| {
        let (time, size) = (format::time(file.created_at), format::size(file.size_bytes));
        let text = format!("{}  {time}  {size:>12}  /{}", file.id, file.path);
        ("recent file", text)
    });
    facts.extend(files);
    format::facts(&facts)
}

fn full_name(user: &User) -> Option<String> {
    let names = [user.first_name.as_deref(), user.last_name.as_deref()];
    let names: Vec<&str> = names.into_iter().flatten().collect();
    (!names.is_empty()).then(|| names.join(" "))
}

async fn create(client: &Client, printer: &Printer, request: &CreateAccount) -> Result<()> {
    let created = client.create_account(request).await;
    let created = created.map_err(|error| error.about(&request.email))?;
    let user = &created.user;
    printer.note(&match user.is_email_verified {
        true => format!("created {}", user.email),
        false => format!(
            "created {}; a mail to verify the address was sent",
            user.email
        ),
    });
    printer.result(&created, |account| account.user.id.to_string());
    Ok(())
}

fn active(is_active: bool) -> ChangeAccount {
    ChangeAccount {
        is_active: Some(is_active),
        ..ChangeAccount::default()
    }
}

async fn set(client: &Client, printer: &Printer, user: &str, wanted: &ChangeAccount) -> Result<()> {
    if *wanted == ChangeAccount::default() {
        return Err(
            Error::usage("nothing to set").with_hint("use --role, --tier, --quota or --verified")
        );
    }
    change(client, printer, user, wanted, "changed").await
}

/// Changes a user, and says what was done.
async fn change(
    client: &Client,
    printer: &Printer,
    user: &str,
    change: &ChangeAccount,
    done: &str,
) -> Result<()> {
    let id = find(client, user).await?;
    let changed = client.change_account(&id, change).await;
    let changed = changed.map_err(|error| error.about(user))?;
    printer.note(&format!("{done} {}", changed.user.email));
    if printer.json {
        printer.document(&changed);
    }
    Ok(())
}

async fn set_password(client: &Client, printer: &Printer, user: &str) -> Result<()> {
    let request = SetPassword {
        new_password: password_from_stdin()?,
    };
    let id = find(client, user).await?;
    let set = client.set_password(&id, &request).await;
    set.map_err(|error| error.about(user))?;
    printer.note(&format!("set the password of {user}"));
    Ok(())
}

async fn remove(client: &Client, printer: &Printer, global: &Global, user: &str) -> Result<()> {
    if !global.yes {
        confirm(&format!("Permanently delete {user} and all their files?"))?;
    }
    let id = find(client, user).await?;
    let deleted = client.delete_account(&id).await;
    deleted.map_err(|error| error.about(user))?;
    printer.note(&format!("deleted {user}"));
    Ok(())
}
