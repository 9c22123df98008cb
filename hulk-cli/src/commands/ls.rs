//! `hulk ls`

use std::cmp::Ordering;

use hulk_proto::{Directory, File, Permission, RemotePath, directory::Entry};

use crate::{
    args::{Ls, Sort},
    client::{Client, pages::Cursors, pages::all_pages, pages::by},
    error::{Error, Result},
    format,
    printer::Printer,
    target,
};

pub(crate) async fn run(client: &Client, printer: &Printer, ls: &Ls) -> Result<()> {
    let remote = target::remote(ls.remote.as_deref().unwrap_or("/"))?;
    let entries = match client.find_directory(&remote).await? {
        Some(directory) => list(client, ls, directory).await?,
        None => match client.find_file(&remote).await? {
            Some(file) => vec![Entry::File(Box::new(file))],
            None => {
                return Err(Error::not_found(format!(
                    "there is no file or directory '{remote}'"
                )));
            }
        },
    };
    if printer.json {
        printer.document(&entries);
        return Ok(());
    }
    for entry in &entries {
        let name = if ls.recursive {
            path(entry)
        } else {
            name(entry).to_owned()
        };
        printer.line(line(entry, name, ls.long));
    }
    Ok(())
}

/// Lists each directory before its contents.
async fn list(client: &Client, ls: &Ls, directory: Directory) -> Result<Vec<Entry>> {
    let mut listed = Vec::new();
    let mut cursors = Cursors::default();
    cursors.enter(&directory.id)?;
    let mut waiting = vec![directory];
    while let Some(directory) = waiting.pop() {
        let id = directory.id.as_str();
        let directories = all_pages(by("parent_id", id), |query| async move {
            client.list_directories(&query).await
        });
        let directories = directories.await?;
        let files = all_pages(by("directory_id", id), |query| async move {
            client.list_files(&query).await
        });
        let mut entries: Vec<Entry> = files
            .await?
            .into_iter()
            .map(|file| Entry::File(Box::new(file)))
            .collect();
        cursors.count(entries.len() + directories.len())?;
        if ls.recursive {
            directories
                .iter()
                .try_for_each(|below| cursors.enter(&below.id))?;
            waiting.extend(directories.iter().rev().cloned());
        }
        entries.extend(directories.into_iter().map(Entry::Directory));
        entries.sort_by(|one, other| compare(one, other, ls.sort));
        if ls.reverse {
            entries.reverse();
        }
        listed.extend(entries);
    }
    Ok(listed)
}

fn compare(one: &Entry, other: &Entry, sort: Sort) -> Ordering {
    let by_name = || name(one).cmp(name(other));
    match sort {
        Sort::Name => by_name(),
        Sort::Size => size(one).cmp(&size(other)).then_with(by_name),
        Sort::Created => created(one).cmp(&created(other)).then_with(by_name),
    }
}

pub(super) fn line(entry: &Entry, name: String, long: bool) -> String {
    match (entry, long) {
        (Entry::File(_), false) => name,
        (Entry::Directory(_), false) => format!("{name}/"),
        (Entry::File(file), true) => long_line(file, &name),
        (Entry::Directory(directory), true) => {
            let created = format::time(directory.created_at);
            format!("{:>12}  {created}  {:<8}  {:<7}  {name}/", "-", "-", "-")
        }
    }
}

fn long_line(file: &File, name: &str) -> String {
    let expires = format::until(file.expires_at);
    let permissions = match file.permissions {
        Permission::Inherit => "inherit",
        Permission::Public => "public",
        Permission::Private => "private",
    };
    let (size, created) = (format::size(file.size_bytes), format::time(file.created_at));
    format!("{size:>12}  {created}  {expires:<8}  {permissions:<7}  {name}")
}

fn name(entry: &Entry) -> &str {
    match entry {
        Entry::File(file) => &file.filename,
        Entry::Directory(directory) => directory
            .path
            .as_str()
            .rsplit('/')
            .next()
            .unwrap_or_default(),
    }
}

fn path(entry: &Entry) -> String {
    let path: &RemotePath = match entry {
        Entry::File(file) => &file.path,
        Entry::Directory(directory) => &directory.path,
    };
    path.to_string()
}

fn size(entry: &Entry) -> u64 {
    match entry {
        Entry::File(file) => file.size_bytes,
        Entry::Directory(_) => 0,
    }
}

fn created(entry: &Entry) -> hulk_proto::Timestamp {
    match entry {
        Entry::File(file) => file.created_at,
        Entry::Directory(directory) => directory.created_at,
    }
}
