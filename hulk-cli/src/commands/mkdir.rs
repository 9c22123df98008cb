//! `hulk mkdir`

use hulk_proto::{Directory, ErrorCode, directory::CreateDirectory};

use super::batch::Batch;
use crate::{
    args::Mkdir,
    client::Client,
    error::{Error, Result},
    printer::Printer,
    target,
};

pub(crate) async fn run(client: &Client, printer: &Printer, mkdir: &Mkdir) -> Result<()> {
    let mut batch = Batch::new(printer);
    for remote in &mkdir.remotes {
        let outcome = make(client, remote, mkdir.parents).await;
        if let Ok(directory) = &outcome {
            printer.note(&format!("created /{}", directory.path));
        }
        batch.add(outcome.map_err(|error| error.about(remote)));
    }
    batch.finish()
}

async fn make(client: &Client, remote: &str, may_exist: bool) -> Result<Directory> {
    let path = target::remote(remote)?;
    let request = CreateDirectory {
        path: path.clone(),
        default_permissions: None,
        default_expiration_policy: None,
        is_listed: false,
        metadata: None,
    };
    match client.create_directory(&request).await {
        Err(error)
            if error.code == ErrorCode::DirectoryExists && (may_exist || error.may_be_done) =>
        {
            let found = client.find_directory(&path).await?;
            found.ok_or_else(|| Error::not_found("the directory was deleted in the meantime"))
        }
        other => other,
    }
}
