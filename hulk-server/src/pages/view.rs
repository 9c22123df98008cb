//! Files and directories as the pages show them.

use hulk_proto::{
    Directory, File, ListQuery, Page, Permission, Right, Timestamp, limits::MAX_PAGE,
};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::{app::App, auth::Caller, limits::Limits};

const NAME: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// A row of a list.
pub(super) struct Row {
    pub id: String,
    pub is_directory: bool,
    pub name: String,
    /// Path from the user's root.
    pub path: String,
    /// Target of its name.
    pub href: String,
    /// Link that users pass on.
    pub link: String,
    pub size: String,
    pub date: String,
    /// Further properties.
    pub notes: String,
}

/// A list of the user's own files and directories, and what the user may do with them.
pub(super) struct Own {
    /// Path of the directory for new files and directories.
    pub path: String,
    pub rows: Vec<Row>,
    pub may_write: bool,
    pub may_delete: bool,
    pub may_share: bool,
    /// Whether deleted files can be restored.
    pub keeps_trash: bool,
    /// The query of the next page; empty if there is none.
    pub next: String,
    /// Text in place of an empty list.
    pub empty: &'static str,
}

impl Own {
    pub(super) fn new(app: &App, caller: &Caller, rows: Vec<Row>, empty: &'static str) -> Self {
        let keeps_trash = Limits::of(&app.settings.limits, &caller.user).keeps_trash();
        let may_write = caller.may(Right::Change);
        Self {
            path: String::new(),
            rows,
            may_write,
            may_delete: may_write && (keeps_trash || caller.may(Right::Purge)),
            may_share: caller.may(Right::Manage),
            keeps_trash,
            next: String::new(),
            empty,
        }
    }
}

/// A directory on the path of the one that is shown.
pub(super) struct Crumb {
    pub name: String,
    pub href: String,
}

impl Row {
    pub(super) fn of_file(file: &File) -> Self {
        let mut notes: Vec<String> = Vec::new();
        if file.permissions == Permission::Private {
            notes.push("private".to_owned());
        }
        notes.extend(file.expires_at.map(|end| format!("expires {}", date(end))));
        notes.extend(file.tags.iter().map(|tag| format!("#{tag}")));
        Self {
            id: file.id.to_string(),
            is_directory: false,
            name: file.filename.clone(),
            path: file.path.to_string(),
            href: file.url.clone(),
            link: file.url.clone(),
            size: size(file.size_bytes),
            date: date(file.created_at),
            notes: notes.join(", "),
        }
    }

    pub(super) fn of_directory(directory: &Directory, href: String) -> Self {
        let name = directory.path.split().map_or("", |(_, name)| name);
        Self {
            id: directory.id.to_string(),
            is_directory: true,
            name: name.to_owned(),
            path: directory.path.to_string(),
            href,
            link: directory.url.clone(),
            size: String::new(),
            date: date(directory.created_at),
            notes: match directory.default_permissions {
                Permission::Public => "public listing".to_owned(),
                Permission::Private => "private".to_owned(),
                Permission::Inherit => String::new(),
            },
        }
    }
}

/// Returns the page of a directory of the user's own.
pub(super) fn browse_href(path: &str) -> String {
    let names = path.split('/').filter(|name| !name.is_empty());
    let encoded: Vec<String> = names
        .map(|name| utf8_percent_encode(name, NAME).to_string())
        .collect();
    match encoded.is_empty() {
        true => "/".to_owned(),
        false => format!("/app/browse/{}", encoded.join("/")),
    }
}

/// Returns the directories on `path`, the root first.
pub(super) fn crumbs(path: &str) -> Vec<Crumb> {
    let mut crumbs = vec![Crumb {
        name: "Files".to_owned(),
        href: "/".to_owned(),
    }];
    let mut at = String::new();
    for name in path.split('/').filter(|name| !name.is_empty()) {
        at = format!("{at}/{name}");
        crumbs.push(Crumb {
            name: name.to_owned(),
            href: browse_href(&at),
        });
    }
    crumbs
}

pub(super) fn date(time: Timestamp) -> String {
    time.to_string().chars().take(10).collect()
}

/// Formats bytes in powers of 1024, as the command does.
pub(super) fn size(bytes: u64) -> String {
    const UNITS: [&str; 6] = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];
    let mut value = bytes as f64;
    let mut unit = 0;
    while value >= 1024.0 && unit + 1 < UNITS.len() {
        value /= 1024.0;
        unit += 1;
    }
    let name = UNITS.get(unit).copied().unwrap_or_default();
    match unit {
        0 => format!("{bytes} B"),
        _ => format!("{value:.1} {name}"),
    }
}

/// Returns the query of the first page of a list, as long as possible.
pub(super) fn first_page() -> ListQuery {
    ListQuery {
        limit: Some(MAX_PAGE),
        ..ListQuery::default()
    }
}

/// Returns how many items are not shown.
pub(super) fn more<T>(page: &Page<T>) -> u64 {
    page.total.saturating_sub(page.items.len() as u64)
}
