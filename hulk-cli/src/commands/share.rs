//! `hulk share`

use std::io::{self, IsTerminal};

use hulk_proto::{
    Grants, Password, Share, ShareToken, Timestamp,
    directory::Entry,
    share::{CreateShare, UnfinishedUpload},
};

use super::{
    ask::{not_empty, password_from_stdin},
    batch::Batch,
};
use crate::{
    args::{self, ShareCommand},
    client::Client,
    clipboard,
    error::{Error, Result},
    format,
    printer::Printer,
    share_link::ShareLink,
};

pub(crate) async fn run(client: &Client, printer: &Printer, share: &args::Share) -> Result<()> {
    match (&share.command, &share.remote) {
        (Some(ShareCommand::Ls), _) => list(client, printer).await,
        (Some(ShareCommand::Rm { tokens }), _) => revoke(client, printer, tokens).await,
        (Some(ShareCommand::Uploads { token, cancel }), _) => {
            uploads(client, printer, token, *cancel).await
        }
        (None, Some(remote)) => create(client, printer, share, remote).await,
        (None, None) => Err(Error::usage("name a file or directory to share")),
    }
}

async fn create(
    client: &Client,
    printer: &Printer,
    share: &args::Share,
    remote: &str,
) -> Result<()> {
    let password = password(share)?;
    let mut request = CreateShare {
        permissions: Some(match share.uploads {
            true => Grants::UPLOAD,
            false => Grants::DOWNLOAD,
        }),
        expires_at: share
            .expires
            .and_then(|policy| policy.expires_at(Timestamp::now())),
        password,
        max_downloads: share.max_downloads,
        max_file_bytes: share.max_size,
        max_total_bytes: share.max_total,
        max_files: share.max_files,
        ..CreateShare::default()
    };
    match client.find_entry(remote).await? {
        Entry::File(_) if share.uploads => {
            return Err(
                Error::usage(format!("{remote} is a file and cannot accept uploads"))
                    .with_hint("share a directory with --uploads"),
            );
        }
        Entry::File(file) => request.file_id = Some(file.id),
        Entry::Directory(directory) => request.directory_id = Some(directory.id),
    }
    let made = client.create_share(&request).await;
    let made = made.map_err(|error| error.about(remote))?;
    printer.result(&made, |share| share.url.clone());
    if let Err(error) = printer.check_secret() {
        return Err(match client.revoke_share(&made.id).await {
            Ok(()) => error.with_hint("the link could not be shown, so it was revoked"),
            Err(_) => error.with_hint(format!("revoke it with: hulk share rm {}", made.id)),
        });
    }
    clipboard::offer(printer, &made.url, false);
    Ok(())
}

fn password(share: &args::Share) -> Result<Option<Password>> {
    if share.password_stdin {
        return password_from_stdin().map(Some);
    }
    if !share.password {
        return Ok(None);
    }
    if !io::stdin().is_terminal() {
        return Err(
            Error::usage("there is no terminal to ask for the password on")
                .with_hint("pass it on the standard input with --password-stdin"),
        );
    }
    let text = rpassword::prompt_password("Password for the link: ")
        .map_err(|error| Error::failed(format!("cannot read the password: {error}")))?;
    not_empty(text).map(Some)
}

async fn list(client: &Client, printer: &Printer) -> Result<()> {
    let shares = client.list_shares().await?;
    if printer.json {
        printer.document(&shares);
        return Ok(());
    }
    shares.iter().for_each(|share| printer.line(line(share)));
    Ok(())
}

fn line(share: &Share) -> String {
    let path = match &share.path {
        Some(path) => format!("/{path}"),
        None => "(in the trash)".to_owned(),
    };
    let grants = share.permissions;
    let mut facts = Vec::new();
    for (holds, word) in [
        (grants.can_download, "downloads"),
        (grants.can_upload, "uploads"),
        (grants.can_share, "shares"),
        (grants.can_delete, "deletes"),
        (share.has_password, "password"),
    ] {
        if holds {
            facts.push(word.to_owned());
        }
    }
    let count = match share.max_downloads {
        Some(most) => format!("{} of {most} used", share.download_count),
        None => format!("{} used", share.download_count),
    };
    facts.push(count);
    facts.extend(taken_in(share));
    facts.push(format::expiry(share.expires_at));
    format!("{}  {path}  {}", share.url, facts.join(", "))
}

/// Totals received through an upload link.
fn taken_in(share: &Share) -> Option<String> {
    let (most_files, most_bytes) = (share.max_files?, share.max_total_bytes?);
    Some(format!(
        "{} of {most_files} files, {} of {} received, {} unfinished",
        share.received_files,
        format::size(share.received_bytes),
        format::size(most_bytes),
        share.unfinished_files
    ))
}

/// Lists or cancels the unfinished uploads of a link.
async fn uploads(client: &Client, printer: &Printer, token: &str, cancel: bool) -> Result<()> {
    let shares = client.list_shares().await?;
    let share = find(&shares, token)?;
    if cancel {
        let cancelled = client.cancel_unfinished(&share.id).await?;
        printer.note(&format!("cancelled {} uploads", cancelled.uploads));
        if printer.json {
            printer.document(&cancelled);
        }
        return Ok(());
    }
    let unfinished = client.list_unfinished(&share.id).await?;
    if printer.json {
        printer.document(&unfinished);
        return Ok(());
    }
    let lines = unfinished.iter().map(upload_line);
    lines.for_each(|line| printer.line(line));
    Ok(())
}

fn upload_line(upload: &UnfinishedUpload) -> String {
    format!(
        "/{}  {}  {}  since {}  expires {}",
        upload.path,
        format::size(upload.size_bytes),
        upload.address.as_deref().unwrap_or("unknown address"),
        format::time(upload.created_at),
        format::until(Some(upload.expires_at))
    )
}

async fn revoke(client: &Client, printer: &Printer, tokens: &[String]) -> Result<()> {
    let shares = client.list_shares().await?;
    let mut batch = Batch::new(printer);
    for token in tokens {
        let revoked = async {
            let share = find(&shares, token)?;
            client.revoke_share(&share.id).await?;
            printer.note(&format!("revoked {}", share.url));
            Ok(share.clone())
        };
        batch.add(revoked.await.map_err(|error: Error| error.about(token)));
    }
    batch.finish()
}

/// Finds a share by token, link or id.
fn find<'a>(shares: &'a [Share], text: &str) -> Result<&'a Share> {
    let of_link = || {
        url::Url::parse(text)
            .ok()
            .and_then(|url| ShareLink::token_of(&url))
    };
    let token: Option<ShareToken> = text.parse().ok().or_else(of_link);
    let is_meant =
        |share: &&Share| Some(&share.token) == token.as_ref() || share.id.as_str() == text;
    shares
        .iter()
        .find(is_meant)
        .ok_or_else(|| Error::not_found("no such share").with_hint("'hulk share ls' lists yours"))
}
