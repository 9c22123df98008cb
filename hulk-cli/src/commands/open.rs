//! `hulk open`: the page in a browser, signed in by a link that works once.

use std::io::{self, IsTerminal};

use hulk_proto::{Id, RemotePath, directory::Entry};
use url::Url;

use super::browser;
use crate::{
    client::Client,
    error::{Error, Result},
    http::{answer::shown, page_url},
    printer::Printer,
    target::Target,
};

pub(crate) async fn run(client: &Client, printer: &Printer, remote: Option<&str>) -> Result<()> {
    let page = match remote {
        Some(remote) => Some(page_of(client, remote).await?),
        None => None,
    };
    let link = client.create_login_link(page).await?;
    // It works once: either the browser gets it, or whoever reads the output.
    let is_read = printer.json || !(printer.is_quiet() || io::stdout().is_terminal());
    if !is_read && browser::show(client, &link.url).await {
        printer.note("the page is open in your browser");
        return Ok(());
    }
    printer.result(&link, |link| link.url.clone());
    let seconds = link.expires_in;
    printer.note(&format!(
        "open it within {seconds} s: it signs in as you, once"
    ));
    Ok(())
}

/// Prints a link that signs in to the page, for whoever has started this server on a terminal.
#[cfg(feature = "serve")]
pub(super) async fn offer(
    printer: &Printer,
    app: &hulk_server::App,
    key: &hulk_proto::ApiKeySecret,
) {
    use hulk_server::ops::accounts::login_links;
    match login_links::create_with_key(app, key).await {
        Ok(link) => printer.note(&format!(
            "your files in a browser, within {} s and once ('hulk open' makes another link): {}",
            link.expires_in, link.url
        )),
        Err(error) => printer.warning(&format!("no link to sign in with: {error}")),
    }
}

/// Returns the path of the page that shows a directory, or the directory of a file.
async fn page_of(client: &Client, remote: &str) -> Result<String> {
    let entry = match Target::parse(remote)? {
        Target::Remote(_) => client.find_entry(remote).await?,
        Target::Link(link) => {
            let id = id_in(client, &link)?;
            client.find_entry(id.as_str()).await?
        }
    };
    let directory = match entry {
        Entry::File(file) => file.path.split().map(|(parent, _)| parent),
        Entry::Directory(directory) => Some(directory.path),
    };
    let directory = directory.unwrap_or_else(RemotePath::root);
    if directory.is_root() {
        return Ok("/".to_owned());
    }
    let segments: Vec<&str> = ["app", "browse"]
        .into_iter()
        .chain(directory.names())
        .collect();
    Ok(page_url(client.server(), &segments).path().to_owned())
}

/// Returns the id of the file or directory to which a link of the client's server leads.
fn id_in(client: &Client, link: &Url) -> Result<Id> {
    let mut segments = link.path_segments().into_iter().flatten();
    let id = match segments.next() {
        Some("d" | "b") if link.origin() == client.server().origin() => segments.next(),
        _ => None,
    };
    id.and_then(|id| id.parse().ok()).ok_or_else(|| {
        let server = shown(client.server());
        Error::usage(format!(
            "the link leads to no file or directory of {server}"
        ))
        .with_hint("name it by its path or id; --server and --profile choose another server")
    })
}
