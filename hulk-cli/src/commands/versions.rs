//! `hulk versions` and `hulk restore`

use hulk_proto::{ErrorCode, File, directory::Entry, file::Version};

use crate::{
    client::Client,
    error::{Error, Result},
    format,
    printer::Printer,
};

pub(crate) async fn run(client: &Client, printer: &Printer, remote: &str) -> Result<()> {
    let file = find(client, remote).await?;
    let versions = client.list_versions(&file.id).await?;
    if printer.json {
        printer.document(&versions);
        return Ok(());
    }
    versions
        .iter()
        .for_each(|version| printer.line(line(version)));
    Ok(())
}

fn line(version: &Version) -> String {
    format!(
        "{:>4}  {:>12}  {}  {}{}",
        version.version,
        format::size(version.size_bytes),
        format::time(version.created_at),
        version.url,
        if version.is_current {
            "  (current)"
        } else {
            ""
        }
    )
}

/// Restores a version; by default, the one before the current.
pub(crate) async fn restore(
    client: &Client,
    printer: &Printer,
    remote: &str,
    version: Option<u64>,
) -> Result<()> {
    let file = find(client, remote).await?;
    let version = match version {
        Some(version) => version,
        None => {
            let versions = client.list_versions(&file.id).await?;
            let before = versions.iter().find(|version| !version.is_current);
            before
                .map(|version| version.version)
                .ok_or_else(|| Error::not_found(format!("{remote} has no earlier version")))?
        }
    };
    let restored = client.restore_version(&file.id, version).await;
    let restored = restored.map_err(|error| {
        let error = error.about(format!("{remote}, version {version}"));
        match error.code {
            ErrorCode::NotFound => {
                error.with_hint("'hulk versions' lists the versions that are kept")
            }
            _ => error,
        }
    })?;
    printer.note(&format!(
        "restored version {version} of {remote} as version {}",
        restored.version
    ));
    printer.result(&restored, |file| file.url.clone());
    Ok(())
}

async fn find(client: &Client, remote: &str) -> Result<File> {
    match client.find_entry(remote).await {
        Ok(Entry::File(file)) => Ok(*file),
        Ok(Entry::Directory(_)) => Err(Error::usage(format!(
            "{remote} is a directory: only files have versions"
        ))),
        Err(error) if error.code == ErrorCode::NotFound => {
            Err(error.with_hint("'hulk trash restore' restores what was deleted"))
        }
        Err(error) => Err(error),
    }
}
