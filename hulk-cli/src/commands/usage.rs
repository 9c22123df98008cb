//! `hulk usage`

use hulk_proto::{Category, Usage};

use crate::{client::Client, error::Result, format, printer::Printer};

pub(crate) async fn run(client: &Client, printer: &Printer) -> Result<()> {
    let me = client.me().await?;
    let usage = client.usage(&me.user.id).await?;
    printer.result(&usage, |usage| text(usage, &me.user.tier));
    Ok(())
}

fn text(usage: &Usage, tier: &str) -> String {
    let row = |name: &str, count: String, bytes: u64| {
        format!("{name:<12} {count:>8}  {:>12}", format::size(bytes))
    };
    let kinds = Category::ALL.into_iter();
    let kinds = kinds.filter(|kind| usage.file_counts.of(*kind) > 0);
    let mut lines: Vec<String> = kinds
        .map(|kind| {
            let count = usage.file_counts.of(kind).to_string();
            row(kind.as_str(), count, usage.byte_counts.of(kind))
        })
        .collect();
    let total = usage.file_counts.total.to_string();
    lines.push(row("files", total, usage.byte_counts.total));
    for (name, bytes) in [
        ("old versions", usage.version_bytes),
        ("trash", usage.trash_bytes),
        ("uploads", usage.upload_bytes),
    ] {
        if bytes > 0 {
            lines.push(row(name, String::new(), bytes));
        }
    }
    let percent = match usage.quota_bytes {
        0 => 100,
        quota => u128::from(usage.used_bytes) * 100 / u128::from(quota),
    };
    lines.push(format!(
        "{:<12} {:>8}  {:>12}",
        "used",
        format!("{percent} %"),
        format::used(usage.used_bytes, usage.quota_bytes)
    ));
    // A server that knows no tiers names none.
    if !tier.is_empty() {
        lines.push(format!("{:<12} {:>8}  {tier:>12}", "tier", ""));
    }
    if usage.expiring_soon > 0 {
        lines.push(format!(
            "{} files expire within 7 days",
            usage.expiring_soon
        ));
    }
    lines.join("\n")
}
