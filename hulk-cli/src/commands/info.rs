//! `hulk info`

use hulk_proto::{Directory, File, directory::Entry};

use crate::{client::Client, error::Result, format, printer::Printer};

pub(crate) async fn run(client: &Client, printer: &Printer, remote: &str) -> Result<()> {
    match client.find_entry(remote).await? {
        Entry::File(file) => printer.result(&*file, text),
        Entry::Directory(directory) => printer.result(&directory, directory_text),
    }
    Ok(())
}

fn directory_text(directory: &Directory) -> String {
    let expiry = directory.default_expiration_policy;
    let lines = [
        ("path", format!("/{}", directory.path)),
        ("id", directory.id.to_string()),
        ("listing", directory.url.clone()),
        ("permissions", directory.default_permissions.to_string()),
        (
            "new files",
            expiry.map_or_else(
                || "inherit the expiry of the parent directory".to_owned(),
                |policy| match policy.days() {
                    Some(days) => format!("expire after {days} days"),
                    None => "do not expire".to_owned(),
                },
            ),
        ),
        ("created", directory.created_at.to_string()),
        ("updated", directory.updated_at.to_string()),
    ];
    format::facts(&lines)
}

fn text(file: &File) -> String {
    let mut lines = vec![
        ("path", format!("/{}", file.path)),
        ("id", file.id.to_string()),
        ("link", file.url.clone()),
        (
            "size",
            format!(
                "{} ({} bytes)",
                format::size(file.size_bytes),
                file.size_bytes
            ),
        ),
        ("type", file.mime_type.clone()),
        (
            "sha256",
            file.sha256
                .map_or_else(|| "unknown".into(), |sha256| sha256.to_string()),
        ),
        ("permissions", file.permissions.to_string()),
        (
            "expires",
            file.expires_at
                .map_or_else(|| "never".into(), |time| time.to_string()),
        ),
        ("version", file.version.to_string()),
        (
            "downloads",
            match file.last_downloaded_at {
                Some(last) => format!("{}, the last at {last}", file.download_count),
                None => file.download_count.to_string(),
            },
        ),
        ("created", file.created_at.to_string()),
        ("updated", file.updated_at.to_string()),
    ];
    if !file.tags.is_empty() {
        lines.push(("tags", file.tags.join(", ")));
    }
    lines.extend(
        file.description
            .clone()
            .map(|description| ("description", description)),
    );
    format::facts(&lines)
}
