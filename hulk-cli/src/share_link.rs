//! A share link that the user received: what it opens, and the password it may need.

use std::{env, io::IsTerminal, time::Duration};

use hulk_proto::{
    Password, ShareToken,
    share::{PASS_HEADER, PublicShare, Unlock, Unlocked},
};
use reqwest::{Method, RequestBuilder};
use url::Url;

use crate::{
    error::{Error, Result},
    http::Net,
    http::{
        answer::{refuse_errors, unreachable},
        page_url,
    },
};

const TIMEOUT: Duration = Duration::from_secs(20);
/// Holds the password where there is no terminal to ask on.
const PASSWORD_VARIABLE: &str = "HULK_SHARE_PASSWORD";

pub(crate) struct ShareLink {
    /// Scheme and host of the link.
    pub(crate) server: Url,
    pub(crate) token: ShareToken,
    pub(crate) pass: Option<String>,
    pub(crate) details: PublicShare,
}

impl ShareLink {
    /// Returns the token, if the URL is a share link.
    pub(crate) fn token_of(url: &Url) -> Option<ShareToken> {
        let mut parts = url.path_segments()?;
        match (parts.next(), parts.next(), parts.next()) {
            (Some("s"), Some(token), None | Some("")) => token.parse().ok(),
            _ => None,
        }
    }

    /// Requests what the link opens; asks the user for its password if it has one.
    ///
    /// # Errors
    /// If the server refuses; `not_allowed` if there is no way to ask for the password.
    pub(crate) async fn open(net: &Net, url: &Url, token: ShareToken) -> Result<Self> {
        let mut server = url.clone();
        server.set_path("");
        server.set_query(None);
        server.set_fragment(None);
        let mut link = Self {
            details: show(net, &server, &token, None).await?,
            server,
            token,
            pass: None,
        };
        if link.details.needs_password {
            let pass = link.unlock(net).await?;
            link.details = show(net, &link.server, &link.token, Some(&pass)).await?;
            link.pass = Some(pass);
        }
        Ok(link)
    }

    async fn unlock(&self, net: &Net) -> Result<String> {
        let password = Password(ask(&self.server)?);
        let request = self.request(net, Method::POST, "/unlock").timeout(TIMEOUT);
        let body = serde_json::to_vec(&Unlock { password });
        let body = body.map_err(|error| Error::failed(error.to_string()))?;
        let answered = request.body(body).send().await;
        let answer = answered.map_err(|error| unreachable(&self.server, &error))?;
        let body = refuse_errors(answer)
            .await
            .map_err(|error| match error.code {
                hulk_proto::ErrorCode::AuthInvalidCredentials => {
                    error.with_hint("ask whoever sent you the link for its password")
                }
                _ => error,
            })?;
        let unlocked: Unlocked =
            serde_json::from_slice(&body).map_err(|_| Error::not_a_server(&self.server))?;
        Ok(unlocked.pass)
    }

    /// Returns a request to a route below the share.
    pub(crate) fn request(&self, net: &Net, method: Method, path: &str) -> RequestBuilder {
        let url = at(&self.server, &self.token, path);
        let request = net.http.request(method, url);
        match &self.pass {
            Some(pass) => request.header(PASS_HEADER, pass),
            None => request,
        }
    }

    /// Returns the link without query or fragment.
    pub(crate) fn url(&self) -> String {
        let mut url = self.server.clone();
        url.set_path(&format!("/s/{}", self.token));
        url.into()
    }

    /// Returns the URL of a page of the server, with the token.
    pub(crate) fn page(&self, segments: &[&str]) -> Url {
        let mut url = page_url(&self.server, segments);
        url.query_pairs_mut()
            .append_pair("token", self.token.as_str());
        url
    }
}

fn at(server: &Url, token: &ShareToken, path: &str) -> Url {
    let mut url = server.clone();
    url.set_path(&format!("/api/v1/shares/public/{token}{path}"));
    url
}

async fn show(
    net: &Net,
    server: &Url,
    token: &ShareToken,
    pass: Option<&str>,
) -> Result<PublicShare> {
    let retry_policy = net.first_contact_policy();
    let body = retry_policy.retry(async || {
        let request = net.http.get(at(server, token, "")).timeout(TIMEOUT);
        let request = match pass {
            Some(pass) => request.header(PASS_HEADER, pass),
            None => request,
        };
        let answered = request.send().await;
        refuse_errors(answered.map_err(|error| unreachable(server, &error))?).await
    });
    serde_json::from_slice(&body.await?).map_err(|_| Error::not_a_server(server))
}

fn ask(server: &Url) -> Result<String> {
    if let Some(password) = env::var(PASSWORD_VARIABLE)
        .ok()
        .filter(|password| !password.is_empty())
    {
        return Ok(password);
    }
    if !std::io::stdin().is_terminal() {
        return Err(Error::not_allowed("the link needs a password")
            .with_hint(format!("set {PASSWORD_VARIABLE} to it")));
    }
    let question = format!(
        "Password for the link on {}: ",
        crate::http::answer::shown(server)
    );
    rpassword::prompt_password(question)
        .map_err(|error| Error::failed(format!("cannot read the password: {error}")))
}
