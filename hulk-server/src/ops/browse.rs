//! Lists the contents of a directory for whoever may see it.

use hulk_proto::{
    Directory, Id, ListQuery, Permission, directory::DirectoryListing, limits::MAX_PAGE,
    page::OrderBy,
};

use sqlx::AnyConnection;

use crate::{
    app::App,
    auth::{check_active, scope::Scope},
    db::{
        entries::{self, EntryRow},
        tree,
        users::{self, UserRow},
    },
    error::{Error, Result},
    ops::{files::list::list_files, present, shares::link::Opened, tree::list},
};

/// The client that lists a directory.
#[derive(Clone, Copy)]
enum Viewer<'a> {
    /// The owner, or a visitor with whom the directory was shared: sees everything in the scope.
    Owner(Scope<'a>),
    Public,
}

/// Lists a directory. The owner sees everything. Others see a directory that was made public by name, that
/// was uploaded as a tree below a public one, or that is in one of these: the root's public default makes
/// links work, but lists nothing. An owner who is bound to a directory is like others outside of it.
///
/// # Errors
/// `NOT_FOUND` for a directory that does not exist or may not be seen.
pub async fn browse_directory(
    app: &App,
    id: &Id,
    scope: Option<Scope<'_>>,
    cursor: Option<String>,
) -> Result<DirectoryListing> {
    let _turn = app.answers.turn().await;
    let mut connection = app.db.read().await?;
    let entry = find(&mut connection, id.as_str()).await?;
    let mut viewer = Viewer::Public;
    if let Some(scope) = scope
        && scope
            .sees(&mut connection, &entry.user_id, &entry.id)
            .await?
    {
        viewer = Viewer::Owner(scope);
    }
    if matches!(viewer, Viewer::Public) {
        let nearest = tree::nearest_permission(&mut connection, &entry.id).await?;
        let nearest = nearest.filter(|nearest| nearest.permissions == Permission::Public);
        let nearest = nearest.ok_or_else(not_found)?;
        if !nearest.is_by_name() && !tree::is_listed(&mut connection, &entry.id).await? {
            return Err(not_found());
        }
    }
    let owner = users::find(&mut connection, &entry.user_id).await?;
    drop(connection);
    let owner = owner.ok_or_else(not_found)?;
    check_active(&owner)?;
    let listing = browse(app, &owner, entry.clone(), viewer, cursor).await?;
    match viewer {
        Viewer::Owner(_) => Ok(listing),
        Viewer::Public => {
            let mut connection = app.db.read().await?;
            present::from_below(&mut connection, &entry, listing).await
        }
    }
}

/// Lists a shared directory, or one in it, with links that have the share's token.
///
/// # Errors
/// `NOT_FOUND` for a directory that is not in it.
pub async fn browse_shared(
    app: &App,
    opened: &Opened,
    id: &str,
    cursor: Option<String>,
) -> Result<DirectoryListing> {
    let _turn = app.answers.turn().await;
    let mut connection = app.db.read().await?;
    let entry = find(&mut connection, id).await?;
    opened.check_within(&mut connection, &entry.id).await?;
    drop(connection);
    let viewer = Viewer::Owner(Scope::whole(&opened.owner));
    let listing = browse(app, &opened.owner, entry, viewer, cursor).await?;
    let mut connection = app.db.read().await?;
    present::through_share(&mut connection, &opened.entry, &opened.share.token, listing).await
}

fn not_found() -> Error {
    Error::not_found("directory")
}

async fn find(connection: &mut AnyConnection, id: &str) -> Result<EntryRow> {
    let entry = entries::find(connection, id).await?;
    entry.filter(EntryRow::is_directory).ok_or_else(not_found)
}

async fn browse(
    app: &App,
    owner: &UserRow,
    entry: EntryRow,
    viewer: Viewer<'_>,
    cursor: Option<String>,
) -> Result<DirectoryListing> {
    let is_shown = |permission: Permission| match viewer {
        Viewer::Owner(_) => true,
        Viewer::Public => permission != Permission::Private,
    };
    let scope = match viewer {
        Viewer::Owner(scope) => scope,
        Viewer::Public => Scope::whole(owner),
    };
    let id = entry.id.clone();
    let mut connection = app.db.read().await?;
    let directory = list::shown(app, &mut connection, scope, entry).await?;
    drop(connection);
    let place = Place::of(cursor)?;
    let (mut directories, next) = match place {
        Place::Directories(offset) => some_directories(app, scope, &id, offset).await?,
        Place::Files(_) => (Vec::new(), None),
    };
    directories.retain(|directory| is_shown(directory.default_permissions));
    if next.is_some() {
        return Ok(DirectoryListing {
            directory,
            directories,
            files: Vec::new(),
            next_cursor: next,
        });
    }
    let query = ListQuery {
        limit: Some(MAX_PAGE),
        cursor: match place {
            Place::Directories(_) => None,
            Place::Files(cursor) => Some(cursor),
        },
        order_by: Some(OrderBy {
            property: "filename".to_owned(),
            descending: false,
        }),
        filters: vec![("directory_id".to_owned(), id)],
        ..ListQuery::default()
    };
    let page = list_files(app, scope, &query).await?;
    let mut files = page.items;
    files.retain(|file| is_shown(file.permissions));
    Ok(DirectoryListing {
        directory,
        directories,
        files,
        next_cursor: page.next_cursor,
    })
}

/// Start of a page of a listing: directories come first, then files.
enum Place {
    /// After this many directories.
    Directories(u64),
    /// At the cursor of the list of files.
    Files(String),
}

/// Prefix of cursors of directories.
const DIRECTORIES: &str = "directories~";

impl Place {
    fn of(cursor: Option<String>) -> Result<Self> {
        let Some(cursor) = cursor else {
            return Ok(Self::Directories(0));
        };
        match cursor.strip_prefix(DIRECTORIES).map(str::parse) {
            None => Ok(Self::Files(cursor)),
            Some(Ok(offset)) => Ok(Self::Directories(offset)),
            Some(Err(_)) => Err(Error::validation("cursor", "is not a cursor of this list")),
        }
    }
}

/// Returns a page of directories, and the cursor of the next page.
async fn some_directories(
    app: &App,
    scope: Scope<'_>,
    id: &str,
    offset: u64,
) -> Result<(Vec<Directory>, Option<String>)> {
    let query = ListQuery {
        limit: Some(MAX_PAGE),
        offset: Some(offset),
        filters: vec![("parent_id".to_owned(), id.to_owned())],
        ..ListQuery::default()
    };
    let page = list::list_directories(app, scope, &query).await?;
    let listed = offset.saturating_add(page.items.len() as u64);
    let is_last = page.items.is_empty() || listed >= page.total;
    let next = (!is_last).then(|| format!("{DIRECTORIES}{listed}"));
    Ok((page.items, next))
}
