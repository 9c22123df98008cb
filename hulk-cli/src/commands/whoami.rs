//! `hulk whoami`

use hulk_proto::Me;

use crate::{client::Client, error::Result, format, printer::Printer};

pub(crate) async fn run(client: &Client, printer: &Printer) -> Result<()> {
    let me = client.me().await?;
    printer.result(&me, text);
    printer.detail(&format!("server {}", client.server()));
    Ok(())
}

pub(super) fn text(me: &Me) -> String {
    let Me { user, api_key } = me;
    format!(
        "{} ({}), key {} \"{}\" may {}, {} used",
        user.email,
        user.id,
        api_key.id,
        api_key.label,
        api_key.permissions,
        format::used(user.used_bytes, user.quota_bytes)
    )
}
