//! `hulk whoami`

use hulk_proto::{Credential, Me};

use crate::{client::Client, error::Result, format, printer::Printer};

pub(crate) async fn run(client: &Client, printer: &Printer) -> Result<()> {
    let me = client.me().await?;
    printer.result(&me, text);
    printer.detail(&format!("server {}", client.server()));
    Ok(())
}

pub(super) fn text(me: &Me) -> String {
    let Me {
        user,
        credential,
        limits,
    } = me;
    let mut text = format!("{} ({}), {}", user.email, user.id, described(credential));
    match credential.path() {
        // Such a credential does not see how much is used.
        Some(path) => text.push_str(&format!(", bound to {path}/")),
        None => {
            let used = format::used(user.used_bytes, user.quota_bytes);
            text.push_str(&format!(", {used} used"));
        }
    }
    // A server that knows no tiers names none.
    if !user.tier.is_empty() {
        text.push_str(&format!(", tier {}", user.tier));
    }
    if let Some(bytes) = limits.monthly_download_bytes {
        text.push_str(&format!(", {} of downloads a month", format::size(bytes)));
    }
    text
}

fn described(credential: &Credential) -> String {
    match credential {
        Credential::ApiKey(key) => format!(
            "key {} \"{}\" with permission {}",
            key.id, key.label, key.permissions
        ),
        Credential::Session { id, .. } => format!("session {id}"),
        Credential::Oidc { permissions } => format!("OIDC token with permission {permissions}"),
        Credential::Root => "root key".to_owned(),
    }
}
