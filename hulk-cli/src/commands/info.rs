//! `hulk info`

use hulk_proto::File;
use indicatif::HumanBytes;

use crate::{
    client::Client,
    error::{Error, Result},
    printer::Printer,
    target,
};

pub(crate) async fn run(client: &Client, printer: &Printer, remote: &str) -> Result<()> {
    let file = client.find_file(&target::remote(remote)?).await?;
    let file = file.ok_or_else(|| Error::not_found(format!("there is no file '{remote}'")))?;
    printer.result(&file, text);
    Ok(())
}

fn text(file: &File) -> String {
    let mut lines = vec![
        ("path", file.path.to_string()),
        ("id", file.id.to_string()),
        ("link", file.url.clone()),
        (
            "size",
            format!(
                "{} ({} bytes)",
                HumanBytes(file.size_bytes),
                file.size_bytes
            ),
        ),
        ("type", file.mime_type.clone()),
        (
            "sha256",
            file.sha256
                .map_or_else(|| "not known".into(), |sha256| sha256.to_string()),
        ),
        ("permissions", file.permissions.to_string()),
        (
            "expires",
            file.expires_at
                .map_or_else(|| "never".into(), |time| time.to_string()),
        ),
        ("version", file.version.to_string()),
        ("downloads", file.download_count.to_string()),
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
    let lines: Vec<String> = lines
        .into_iter()
        .map(|(name, value)| format!("{name:<12} {value}"))
        .collect();
    lines.join("\n")
}
