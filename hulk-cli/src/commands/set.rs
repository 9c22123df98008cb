//! `hulk set`

use hulk_proto::{
    ChangeFile, File, Permission,
    directory::{ChangeDirectory, Entry},
};

use super::mv;
use crate::{
    args::Set,
    client::Client,
    error::{Error, Result},
    printer::Printer,
};

pub(crate) async fn run(client: &Client, printer: &Printer, set: &Set) -> Result<()> {
    let labels = !set.tags.is_empty() || !set.untag.is_empty() || set.description.is_some();
    if permission(set).is_none() && set.expires.is_none() && !labels {
        return Err(Error::usage("nothing to set").with_hint(
            "use --public, --private, --inherit, --expires, --tag, --untag or --description",
        ));
    }
    let changed = match client.find_entry(&set.remote).await? {
        Entry::File(file) => {
            let change = of_file(set, &file);
            let changed = client.change_file(&file.id, &change).await;
            Entry::File(Box::new(changed.map_err(|error| error.about(&set.remote))?))
        }
        Entry::Directory(directory) => {
            if labels {
                return Err(Error::usage(format!(
                    "{} is a directory: tags and descriptions are for files",
                    set.remote
                )));
            }
            let change = ChangeDirectory {
                path: None,
                default_permissions: permission(set),
                default_expiration_policy: set.expires,
            };
            let changed = client.change_directory(&directory.id, &change).await;
            Entry::Directory(changed.map_err(|error| error.about(&set.remote))?)
        }
    };
    printer.note(&format!("changed /{}", mv::path(&changed)));
    if printer.json {
        printer.document(&changed);
    }
    Ok(())
}

fn permission(set: &Set) -> Option<Permission> {
    match (set.public, set.private, set.inherit) {
        (true, _, _) => Some(Permission::Public),
        (_, true, _) => Some(Permission::Private),
        (_, _, true) => Some(Permission::Inherit),
        _ => None,
    }
}

fn of_file(set: &Set, file: &File) -> ChangeFile {
    let mut tags: Vec<String> = file.tags.clone();
    tags.retain(|tag| !set.untag.contains(tag));
    let new = set.tags.iter().filter(|tag| !file.tags.contains(tag));
    tags.extend(new.cloned());
    ChangeFile {
        permissions: permission(set),
        expiration_policy: set.expires,
        tags: (tags != file.tags).then_some(tags),
        description: set.description.clone(),
        ..ChangeFile::default()
    }
}
