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
        user, credential, ..
    } = me;
    format!(
        "{} ({}), {}, {} used",
        user.email,
        user.id,
        described(credential),
        format::used(user.used_bytes, user.quota_bytes)
    )
}

fn described(credential: &Credential) -> String {
    match credential {
        Credential::ApiKey(key) => format!(
            "key {} \"{}\" with permission {}",
            key.id, key.label, key.permissions
        ),
        Credential::Session { id } => format!("session {id}"),
        Credential::Oidc { permissions } => format!("OIDC token with permission {permissions}"),
        Credential::Root => "root key".to_owned(),
    }
}
