//! `hulk admin files`

use hulk_proto::{Id, ListQuery, admin::OwnedFile};

use super::users;
use crate::{
    args::AdminFiles,
    client::Client,
    commands::batch::Batch,
    error::{Error, Result},
    format,
    printer::Printer,
};

pub(super) async fn run(client: &Client, printer: &Printer, command: &AdminFiles) -> Result<()> {
    match command {
        AdminFiles::Ls {
            user,
            search,
            mime_type,
        } => {
            let mut query = ListQuery::default();
            if let Some(user) = user {
                let id = users::find(client, user).await?;
                query.filters.push(("user_id".to_owned(), id.to_string()));
            }
            if let Some(mime_type) = mime_type {
                let filter = ("mime_type".to_owned(), mime_type.clone());
                query.filters.push(filter);
            }
            list(client, printer, search.as_deref(), query).await
        }
        AdminFiles::Rm { ids } => remove(client, printer, ids).await,
    }
}

async fn list(
    client: &Client,
    printer: &Printer,
    search: Option<&str>,
    query: ListQuery,
) -> Result<()> {
    let files = client.list_owned_files(search, query).await?;
    if printer.json {
        printer.document(&files);
        return Ok(());
    }
    files.iter().for_each(|file| printer.line(line(file)));
    Ok(())
}

fn line(owned: &OwnedFile) -> String {
    let file = &owned.file;
    format!(
        "{}  of {}  {:>12}  {}  {}  /{}",
        file.id,
        owned.user_id,
        format::size(file.size_bytes),
        format::time(file.created_at),
        file.mime_type,
        file.path
    )
}

async fn remove(client: &Client, printer: &Printer, ids: &[String]) -> Result<()> {
    let mut batch = Batch::new(printer);
    for text in ids {
        let outcome = remove_one(client, text).await;
        if outcome.is_ok() {
            printer.note(&format!("moved {text} to the trash of its owner"));
        }
        batch.add(outcome.map_err(|error| error.about(text)));
    }
    batch.finish()
}

async fn remove_one(client: &Client, text: &str) -> Result<Id> {
    let id: Id = text.parse().map_err(|_| {
        Error::not_found("not the id of a file").with_hint("'hulk admin files ls' lists ids")
    })?;
    client.delete_owned_file(&id).await?;
    Ok(id)
}
