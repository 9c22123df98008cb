//! `hulk mv`

use hulk_proto::{
    RemotePath,
    directory::{Entry, MoveEntries, MoveEntry},
};

use crate::{
    client::Client,
    error::{Error, Exit, Result},
    printer::Printer,
    target,
};

/// Moves all or none: the server does it in one step.
pub(crate) async fn run(
    client: &Client,
    printer: &Printer,
    sources: &[String],
    to: &str,
) -> Result<()> {
    let base = target::remote(to)?;
    let is_directory =
        base.is_root() || to.ends_with('/') || client.find_directory(&base).await?.is_some();
    if sources.len() > 1 && !is_directory {
        return Err(Error::usage(format!(
            "'{to}' is not a directory, but several entries were given"
        ))
        .with_hint("end it with / to make it one"));
    }
    let mut items = Vec::with_capacity(sources.len());
    for source in sources {
        let entry = client.find_entry(source).await?;
        let path = match is_directory {
            true => base
                .join(name(&entry))
                .map_err(|error| Error::usage(format!("{source}: {error}")))?,
            false => base.clone(),
        };
        items.push(MoveEntry {
            id: id(&entry).clone(),
            path,
        });
    }
    let moved = client.move_entries(&MoveEntries { items }).await;
    let moved = moved.map_err(|error| match error.exit {
        Exit::Exists => {
            error.with_hint("move or delete the existing entry, or choose another destination")
        }
        _ => error,
    })?;
    for (source, entry) in sources.iter().zip(&moved.items) {
        printer.note(&format!("moved {source} to /{}", path(entry)));
    }
    if printer.json {
        printer.document(&moved.items);
    }
    Ok(())
}

pub(super) fn id(entry: &Entry) -> &hulk_proto::Id {
    match entry {
        Entry::File(file) => &file.id,
        Entry::Directory(directory) => &directory.id,
    }
}

pub(super) fn path(entry: &Entry) -> &RemotePath {
    match entry {
        Entry::File(file) => &file.path,
        Entry::Directory(directory) => &directory.path,
    }
}

fn name(entry: &Entry) -> &str {
    path(entry).split().map_or("", |(_, name)| name)
}
