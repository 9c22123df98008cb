//! `hulk admin tiers`

use hulk_proto::{
    ErrorCode,
    tier::{SetTier, Tier},
};

use crate::{
    args::{AdminTiers, ChangeTier, Global, NewTier, TierLimits},
    client::Client,
    commands::ask::confirm,
    error::{Error, Result},
    format,
    printer::Printer,
};

pub(super) async fn run(
    client: &Client,
    printer: &Printer,
    global: &Global,
    command: &AdminTiers,
) -> Result<()> {
    match command {
        AdminTiers::Ls => list(client, printer).await,
        AdminTiers::Create(new) => create(client, printer, new).await,
        AdminTiers::Set(change) => set(client, printer, change).await,
        AdminTiers::Rm { tier } => remove(client, printer, global, tier).await,
    }
}

/// Finds a tier by name or id.
///
/// # Errors
/// `NOT_FOUND`.
async fn find(client: &Client, text: &str) -> Result<Tier> {
    let tiers = client.list_tiers().await?;
    let by_name = tiers.iter().find(|tier| tier.name == text);
    let found = by_name.or_else(|| tiers.iter().find(|tier| tier.id.as_str() == text));
    found.cloned().ok_or_else(|| {
        Error::not_found(format!("no tier has the name or id '{text}'"))
            .with_hint("'hulk admin tiers ls' lists all tiers")
            .on(text)
    })
}

async fn list(client: &Client, printer: &Printer) -> Result<()> {
    let tiers = client.list_tiers().await?;
    if printer.json {
        printer.document(&tiers);
        return Ok(());
    }
    tiers.iter().for_each(|tier| printer.line(line(tier)));
    Ok(())
}

fn line(tier: &Tier) -> String {
    let visibility = match tier.is_public {
        true => "public",
        false => "private",
    };
    let count = tier.object_count;
    let mut line = format!(
        "{}  {:<12}  {visibility:<7}  {:>12} stored  {:>10} objects  {:>12} downloaded a month  {:>12} a file",
        tier.id,
        tier.name,
        bytes(tier.storage_bytes),
        count.map_or_else(unlimited, |count| count.to_string()),
        bytes(tier.monthly_download_bytes),
        bytes(tier.max_file_size)
    );
    if let Some(price) = &tier.price {
        line.push_str(&format!("  {price}"));
    }
    line
}

fn bytes(limit: Option<u64>) -> String {
    limit.map_or_else(unlimited, format::size)
}

fn unlimited() -> String {
    "unlimited".to_owned()
}

async fn create(client: &Client, printer: &Printer, new: &NewTier) -> Result<()> {
    let mut request = SetTier {
        name: new.name.clone(),
        storage_bytes: None,
        object_count: None,
        monthly_download_bytes: None,
        max_file_size: None,
        is_public: new.public,
        price: None,
    };
    apply(&new.limits, &mut request);
    let created = client.create_tier(&request).await;
    let created = created.map_err(|error| error.about(&new.name))?;
    printer.note(&format!("created the tier {}", created.name));
    printer.result(&created, |tier| tier.id.to_string());
    Ok(())
}

/// Sets the limits and the price that were given.
fn apply(given: &TierLimits, request: &mut SetTier) {
    for (given, limit) in [
        (given.storage, &mut request.storage_bytes),
        (given.objects, &mut request.object_count),
        (given.monthly, &mut request.monthly_download_bytes),
        (given.max_file, &mut request.max_file_size),
    ] {
        if let Some(given) = given {
            *limit = given.0;
        }
    }
    if let Some(price) = &given.price {
        request.price = Some(price.clone()).filter(|price| !price.is_empty());
    }
}

async fn set(client: &Client, printer: &Printer, change: &ChangeTier) -> Result<()> {
    let has_limits = change.limits != TierLimits::default();
    if !has_limits && change.name.is_none() && !change.public && !change.private {
        return Err(Error::usage("nothing to set")
            .with_hint("use --name, --public, --private, --price, or a limit such as --storage"));
    }
    let found = find(client, &change.tier).await?;
    // The API replaces a tier as a whole.
    let mut request = SetTier {
        name: change.name.clone().unwrap_or(found.name),
        storage_bytes: found.storage_bytes,
        object_count: found.object_count,
        monthly_download_bytes: found.monthly_download_bytes,
        max_file_size: found.max_file_size,
        is_public: change.public || (found.is_public && !change.private),
        price: found.price,
    };
    apply(&change.limits, &mut request);
    let changed = client.set_tier(&found.id, &request).await;
    let changed = changed.map_err(|error| error.about(&change.tier))?;
    printer.note(&format!("changed the tier {}", changed.name));
    if printer.json {
        printer.document(&changed);
    }
    Ok(())
}

async fn remove(client: &Client, printer: &Printer, global: &Global, tier: &str) -> Result<()> {
    if !global.yes {
        confirm(&format!("Delete the tier {tier}?"))?;
    }
    let found = find(client, tier).await?;
    let deleted = client.delete_tier(&found.id).await;
    deleted.map_err(|error| match error.code {
        ErrorCode::Conflict => error
            .about(tier)
            .with_hint("'hulk admin users set USER --tier TIER' moves a user to another tier"),
        _ => error.about(tier),
    })?;
    printer.note(&format!("deleted the tier {tier}"));
    Ok(())
}
