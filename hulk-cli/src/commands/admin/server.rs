//! `hulk admin stats` and `hulk admin settings`

use hulk_proto::{
    admin::{ServerSettings, ServerStats},
    limits::UNLIMITED_QUOTA_BYTES,
};

use crate::{client::Client, error::Result, format, printer::Printer};

pub(super) async fn stats(client: &Client, printer: &Printer) -> Result<()> {
    printer.result(&client.server_stats().await?, stats_text);
    Ok(())
}

fn stats_text(stats: &ServerStats) -> String {
    format::facts(&[
        (
            "users",
            format!("{}, {} suspended", stats.users, stats.suspended_users),
        ),
        ("files", stats.files.to_string()),
        ("objects", stats.objects.to_string()),
        ("used", format::size(stats.used_bytes)),
        (
            "jobs",
            format!("{} queued, {} failed", stats.queued_jobs, stats.failed_jobs),
        ),
    ])
}

pub(super) async fn settings(client: &Client, printer: &Printer) -> Result<()> {
    printer.result(&client.server_settings().await?, settings_text);
    Ok(())
}

fn settings_text(settings: &ServerSettings) -> String {
    let quota = match settings.default_quota_bytes {
        None => "that of the tier".to_owned(),
        Some(UNLIMITED_QUOTA_BYTES..) => "unlimited".to_owned(),
        Some(bytes) => format::size(bytes),
    };
    let extensions = match settings.allowed_extensions.is_empty() {
        true => "all".to_owned(),
        false => settings.allowed_extensions.join(", "),
    };
    format::facts(&[
        ("version", settings.version.clone()),
        ("public url", settings.public_url.clone()),
        ("database", settings.database.clone()),
        ("store", settings.store.clone()),
        ("env name", settings.env_name.clone()),
        ("sign-up", settings.signup.clone()),
        ("mail", settings.mail.clone()),
        ("default tier", settings.default_tier.clone()),
        ("default quota", quota),
        ("largest file", format::size(settings.max_file_size)),
        ("most objects", settings.max_objects.to_string()),
        ("versions kept", settings.versions_kept.to_string()),
        ("trash", format!("{} days", settings.trash_days)),
        ("extensions", extensions),
    ])
}
