//! Finds what the arguments of `hulk get` refer to, before a byte moves.

use std::{collections::HashMap, path::PathBuf, sync::PoisonError};

use hulk_proto::{ShareToken, path::is_local_name, share::PublicShare};
use url::Url;

use super::{
    list::{self, Listed},
    run::{Run, resolved, shared_name},
};
use crate::{
    context,
    error::{Error, Result},
    http::page_url,
    share_link::ShareLink,
    target::Target,
};

/// Target of an argument.
pub(crate) enum Found {
    /// A file, with its name if that is known.
    File(Url, Option<String>),
    Directory(Box<Listed>),
    /// A shared file, with the details that its share reveals before a download that may count begins.
    Shared(Url, Box<PublicShare>),
}

/// # Errors
/// If two of several arguments would be written to the same path.
pub(crate) async fn refuse_conflicts(
    run: &Run<'_>,
    found: &[(&String, Result<Found>)],
) -> Result<()> {
    let mut taken: HashMap<PathBuf, &String> = HashMap::new();
    for (source, found) in found {
        let Ok(found) = found else {
            continue;
        };
        let Some(name) = run.name(found).await else {
            continue;
        };
        let path = run.output.place(Some(&name))?;
        if let Some(other) = taken.insert(resolved(&path), source) {
            return Err(Error::exists(format!(
                "{other} and {source} would both be written to {}",
                path.display()
            ))
            .with_hint("get them one by one, each with its own -o"));
        }
    }
    Ok(())
}

impl Run<'_> {
    /// Finds the target of an argument. If the server redirects from http to https, the request is repeated
    /// over https.
    pub(crate) async fn look(&self, source: &str) -> Result<Found> {
        match self.find(source).await {
            Err(Error {
                https: Some(url), ..
            }) => {
                let mut secure = Url::parse(source).unwrap_or_else(|_| (*url).clone());
                let is_set = secure.set_scheme("https").is_ok()
                    && secure.set_host(url.host_str()).is_ok()
                    && secure.set_port(url.port()).is_ok();
                match is_set {
                    true => self.find(secure.as_str()).await,
                    false => Err(Error::not_a_server(&url)),
                }
            }
            found => found,
        }
    }

    async fn find(&self, source: &str) -> Result<Found> {
        match (Target::parse(source)?, &self.client) {
            (Target::Link(url), _) => match ShareLink::token_of(&url) {
                Some(token) => self.open(&url, token).await,
                None if url.query_pairs().any(|(name, _)| name == "token") => {
                    self.inside(url).await
                }
                None => self.behind(url, None).await,
            },
            (Target::Remote(_), None) => Err(context::open(self.global)
                .err()
                .unwrap_or_else(|| Error::usage("no server is configured"))),
            (Target::Remote(remote), Some(client)) => {
                if !remote.is_root()
                    && let Some(file) = client.find_file(&remote).await?
                {
                    let url = page_url(client.server(), &["d", file.id.as_str(), &file.filename]);
                    return self.behind(url, Some(file.filename)).await;
                }
                let directory = client.find_directory(&remote).await?;
                let directory =
                    directory.ok_or_else(|| Error::not_found("no such file or directory"))?;
                let url = page_url(client.server(), &["b", directory.id.as_str()]);
                self.behind(url, None).await
            }
        }
    }

    /// Finds the directory or file behind a page of the server.
    async fn behind(&self, url: Url, name: Option<String>) -> Result<Found> {
        match url.path().starts_with("/b/") {
            true => self.directory(url).await,
            false => Ok(Found::File(url, name)),
        }
    }

    async fn directory(&self, url: Url) -> Result<Found> {
        let listed = list::list(self, url).await?;
        Ok(Found::Directory(Box::new(listed)))
    }

    /// Finds what a share link opens.
    async fn open(&self, url: &Url, token: ShareToken) -> Result<Found> {
        let link = self.unlock(url, token).await?;
        match (&link.details.file_id, &link.details.directory_id) {
            (Some(id), _) => {
                let name = link.details.filename.as_deref().unwrap_or("file");
                let page = link.page(&["d", id.as_str(), name]);
                Ok(Found::Shared(page, Box::new(link.details)))
            }
            (_, Some(id)) => self.directory(link.page(&["b", id.as_str()])).await,
            _ => Err(Error::not_a_server(&link.server)),
        }
    }

    /// Follows a link to an entry inside a share, which may ask for the share's password.
    async fn inside(&self, url: Url) -> Result<Found> {
        let token = url.query_pairs().find(|(name, _)| name == "token");
        if let Some(Ok(token)) = token.map(|(_, token)| token.parse()) {
            self.unlock(&url, token).await?;
        }
        self.behind(url, None).await
    }

    async fn unlock(&self, url: &Url, token: ShareToken) -> Result<ShareLink> {
        let mut link = ShareLink::open(&self.net, url, token).await?;
        if !link.details.permissions.can_download {
            return Err(Error::not_allowed("the link only accepts uploads")
                .with_hint("upload through it: hulk put FILE --to LINK"));
        }
        if let Some(pass) = link.pass.take() {
            let mut passes = self.passes.lock().unwrap_or_else(PoisonError::into_inner);
            passes.insert(link.token.as_str().to_owned(), pass);
        }
        Ok(link)
    }

    /// Name under which a target would be saved; `None` if only its download reveals it, or it is unsafe.
    async fn name(&self, found: &Found) -> Option<String> {
        let name = match found {
            Found::File(_, Some(name)) => Some(name.clone()),
            // With a token, a request may claim a counted download.
            Found::File(url, None) if url.query().is_some() => self.link(url.clone()).last_part(),
            Found::File(url, None) => {
                let details = self.link(url.clone()).details().await;
                details.ok().map(|details| details.filename)
            }
            Found::Directory(listed) => Some(listed.name.clone()),
            Found::Shared(_, details) => shared_name(details).map(str::to_owned),
        };
        name.filter(|name| is_local_name(name))
    }
}
