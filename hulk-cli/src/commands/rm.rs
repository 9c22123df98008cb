//! `hulk rm`

use hulk_proto::File;

use super::Batch;
use crate::{
    client::Client,
    error::{Error, Result},
    printer::Printer,
    target,
};

pub(crate) async fn run(client: &Client, printer: &Printer, remotes: &[String]) -> Result<()> {
    let mut batch = Batch::new(printer);
    for remote in remotes {
        let outcome = remove(client, remote).await;
        if outcome.is_ok() {
            printer.note(&format!("deleted {remote}"));
        }
        batch.add(outcome.map_err(|error| error.about(remote)));
    }
    batch.finish()
}

async fn remove(client: &Client, remote: &str) -> Result<File> {
    let path = target::remote(remote)?;
    let found = match client.find_file(&path).await? {
        // One that was begun and not finished holds space too.
        None => client.find_unfinished(&path).await?,
        found => found,
    };
    let Some(file) = found else {
        return Err(match client.find_directory(&path).await? {
            Some(_) => {
                Error::usage("is a directory").with_hint("name the files in it; see 'hulk ls -R'")
            }
            None => Error::not_found("there is no such file"),
        });
    };
    client.delete_file(&file.id).await?;
    Ok(file)
}
