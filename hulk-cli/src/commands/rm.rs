//! `hulk rm`

use hulk_proto::directory::Entry;

use super::batch::Batch;
use crate::{
    args::Rm,
    client::{Client, entries::Deleted},
    error::{Error, Result},
    printer::Printer,
    target,
};

pub(crate) async fn run(client: &Client, printer: &Printer, rm: &Rm) -> Result<()> {
    let mut batch = Batch::new(printer);
    for remote in &rm.remotes {
        let outcome = remove(client, remote, rm).await;
        if let Ok((_, deleted)) = &outcome {
            printer.note(&match deleted {
                Deleted::ToTrash => format!("moved {remote} to the trash"),
                Deleted::ForGood => format!("deleted {remote} permanently"),
                Deleted::Somehow => format!("deleted {remote}"),
            });
        }
        let outcome = outcome.map(|(entry, _)| entry);
        batch.add(outcome.map_err(|error| error.about(remote)));
    }
    batch.finish()
}

async fn remove(client: &Client, remote: &str, rm: &Rm) -> Result<(Entry, Deleted)> {
    let entry = match client.find_entry(remote).await {
        Ok(entry) => entry,
        // An unfinished upload holds space too.
        Err(error) if error.code == hulk_proto::ErrorCode::NotFound => {
            let unfinished = client.find_unfinished(&target::remote(remote)?).await?;
            Entry::File(Box::new(unfinished.ok_or_else(|| {
                Error::not_found("no such file or directory")
                    .with_hint("'hulk trash ls' lists what was deleted")
            })?))
        }
        Err(error) => return Err(error),
    };
    if matches!(entry, Entry::Directory(_)) && !rm.recursive {
        return Err(
            Error::usage("is a directory").with_hint("use -r to delete it and everything in it")
        );
    }
    let deleted = client.delete_entry(&entry, rm.purge).await?;
    Ok((entry, deleted))
}
