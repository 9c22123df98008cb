//! `hulk keys`

use hulk_proto::{ApiKey, CreateApiKey, ListQuery, Timestamp};

use crate::{
    args::Keys,
    client::{Client, pages::all_pages},
    error::{Error, Result},
    printer::Printer,
};

pub(crate) async fn run(client: &Client, printer: &Printer, keys: &Keys) -> Result<()> {
    match keys {
        Keys::Ls => list(client, printer).await,
        Keys::Create {
            label,
            permissions,
            expires,
            path,
        } => {
            let expires_at = expires.and_then(|policy| policy.expires_at(Timestamp::now()));
            let request = CreateApiKey {
                label: label.clone(),
                permissions: *permissions,
                expires_at,
                path: path.clone(),
            };
            let created = client.create_key(&request).await?;
            printer.result(&created, |created| created.key.clone());
            if let Err(error) = printer.check_secret() {
                let id = &created.api_key.id;
                return Err(match client.delete_key(id).await {
                    Ok(()) => error.with_hint("the key could not be shown, so it was revoked"),
                    Err(_) => error.with_hint(format!("revoke it with: hulk keys rm {id}")),
                });
            }
            printer.note("keep this key: it will not be shown again");
            Ok(())
        }
        Keys::Rm { id } => {
            let id = id
                .parse()
                .map_err(|_| Error::not_found(format!("'{id}' is not the id of a key")))?;
            client.delete_key(&id).await?;
            printer.note(&format!("revoked {id}"));
            Ok(())
        }
    }
}

async fn list(client: &Client, printer: &Printer) -> Result<()> {
    let keys = all_pages(ListQuery::default(), |query| async move {
        client.list_keys(&query).await
    });
    let keys = keys.await?;
    if printer.json {
        printer.document(&keys);
        return Ok(());
    }
    keys.iter().for_each(|key| printer.line(line(key)));
    Ok(())
}

fn line(key: &ApiKey) -> String {
    let time =
        |time: Option<Timestamp>| time.map_or_else(|| "never".into(), |time| time.to_string());
    let (used, expires) = (time(key.last_used_at), time(key.expires_at));
    let path = key.path.as_ref();
    let bound = path.map_or_else(String::new, |path| format!("  bound to {path}/"));
    format!(
        "{}  {:<6}  used {used:<24}  expires {expires:<24}  {}{bound}",
        key.id, key.permissions, key.label
    )
}
