//! `hulk trash`

use hulk_proto::{
    ErrorCode,
    trash::{EntryKind, RestoreTrash, Restored, TrashItem},
};

use super::{ask::confirm, batch::Batch, mv};
use crate::{
    args::{Global, Trash},
    client::Client,
    error::{Error, Result},
    format,
    printer::Printer,
    target,
};

pub(crate) async fn run(
    client: &Client,
    printer: &Printer,
    global: &Global,
    trash: &Trash,
) -> Result<()> {
    match trash {
        Trash::Ls => list(client, printer).await,
        Trash::Restore { items, to } => restore(client, printer, items, to.as_deref()).await,
        Trash::Rm { items } => remove(client, printer, items).await,
        Trash::Empty => empty(client, printer, global).await,
    }
}

async fn list(client: &Client, printer: &Printer) -> Result<()> {
    let items = client.list_trash().await?;
    if printer.json {
        printer.document(&items);
        return Ok(());
    }
    items.iter().for_each(|item| printer.line(line(item)));
    Ok(())
}

fn line(item: &TrashItem) -> String {
    let slash = match item.kind {
        EntryKind::Directory => "/",
        EntryKind::File => "",
    };
    format!(
        "{}  {:>12}  {}  {:<18}  /{}{slash}",
        item.id,
        format::size(item.size_bytes),
        format::time(item.trashed_at),
        format::expiry(Some(item.expires_at)),
        item.path
    )
}

async fn restore(
    client: &Client,
    printer: &Printer,
    items: &[String],
    to: Option<&str>,
) -> Result<()> {
    if to.is_some() && items.len() > 1 {
        return Err(Error::usage(
            "--to names one path, but several items were given",
        ));
    }
    let path = to.map(target::remote).transpose()?;
    let trash = client.list_trash().await?;
    let mut batch = Batch::new(printer);
    for item in items {
        let outcome = restore_one(client, &trash, item, path.clone()).await;
        if let Ok(restored) = &outcome {
            let note = match restored.renamed {
                true => format!("restored {item} as /{}: its name is in use", restored.path),
                false => format!("restored /{}", restored.path),
            };
            printer.note(&note);
        }
        batch.add(outcome.map_err(|error| error.about(item)));
    }
    batch.finish()
}

async fn restore_one(
    client: &Client,
    trash: &[TrashItem],
    item: &str,
    path: Option<hulk_proto::RemotePath>,
) -> Result<Restored> {
    let found = find(trash, item)?;
    let request = RestoreTrash { path };
    match client.restore_trash(&found.id, &request).await {
        Err(error) if error.code == ErrorCode::FileExists => {
            Err(error.with_hint("choose another path with --to"))
        }
        Err(error) if error.code == ErrorCode::NotFound && error.may_be_done => {
            let entry = client.find_entry(found.id.as_str()).await?;
            let path = mv::path(&entry).clone();
            Ok(Restored {
                id: found.id.clone(),
                kind: found.kind,
                renamed: path != *request.path.as_ref().unwrap_or(&found.path),
                path,
            })
        }
        other => other,
    }
}

async fn remove(client: &Client, printer: &Printer, items: &[String]) -> Result<()> {
    let trash = client.list_trash().await?;
    let mut batch = Batch::new(printer);
    for item in items {
        let outcome = match find(&trash, item) {
            Ok(found) => client
                .purge_trash(&found.id)
                .await
                .map(|()| found.id.clone()),
            Err(error) => Err(error),
        };
        if outcome.is_ok() {
            printer.note(&format!("deleted {item} permanently"));
        }
        batch.add(outcome.map_err(|error| error.about(item)));
    }
    batch.finish()
}

/// Finds an item by the path it had (the last one deleted there), or by id.
fn find<'a>(trash: &'a [TrashItem], item: &str) -> Result<&'a TrashItem> {
    let path = target::remote(item)?;
    let by_path = trash.iter().find(|candidate| candidate.path == path);
    let found = by_path.or_else(|| trash.iter().find(|candidate| candidate.id.as_str() == item));
    found.ok_or_else(|| {
        Error::not_found("not in the trash").with_hint("'hulk trash ls' lists its contents")
    })
}

async fn empty(client: &Client, printer: &Printer, global: &Global) -> Result<()> {
    if !global.yes {
        confirm("Permanently delete everything in the trash?")?;
    }
    let emptied = client.empty_trash().await?;
    printer.note(&format!("deleted {} items permanently", emptied.items));
    if printer.json {
        printer.document(&emptied);
    }
    Ok(())
}
