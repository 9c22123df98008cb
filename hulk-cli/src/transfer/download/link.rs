//! Follows a link to a URL of the store.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
use hulk_proto::{
    Id, Sha256,
    attributes::{MODE_HEADER, MODIFIED_HEADER},
    download::LinkedFile,
    share::{CLAIM_HEADER, CLAIM_PARAMETER, PASS_HEADER},
};
use percent_encoding::percent_decode_str;
use reqwest::{RequestBuilder, Response, StatusCode, header};
use url::Url;

use crate::{
    attributes::Attributes,
    client::Client,
    error::{Error, Result},
    http::Net,
    http::{
        answer::{refuse_errors, shown, unreachable, upgrade},
        page_url,
    },
};

/// Limit for the redirect; the bytes may take longer.
const LINK_TIMEOUT: Duration = Duration::from_secs(20);
/// Most redirects from one link to the next.
const MOST_STEPS: usize = 5;

/// A link, and how to follow it.
#[derive(Clone)]
pub(crate) struct Link {
    pub(crate) url: Url,
    client: Option<Client>,
    pub(crate) net: Net,
    /// Token that replaces the password of the link's share.
    pass: Option<String>,
    /// Claim of this download, if the share counts downloads; from the first response, or from an earlier
    /// run.
    claim: Arc<Mutex<Option<String>>>,
}

/// Current target of a link.
pub(crate) struct Target {
    pub(crate) url: Url,
    /// Digest of the file, according to the server.
    pub(crate) sha256: Option<Sha256>,
    pub(crate) attributes: Attributes,
}

impl Link {
    pub(crate) fn new(url: Url, client: Option<&Client>, net: &Net) -> Self {
        Self {
            url,
            client: client.cloned(),
            net: net.clone(),
            pass: None,
            claim: Arc::default(),
        }
    }

    pub(crate) fn with_pass(mut self, pass: Option<String>) -> Self {
        self.pass = pass;
        self
    }

    /// Resumes the download of an earlier run under its claim, so that it does not count twice.
    pub(crate) fn with_claim(mut self, claim: Option<String>) -> Self {
        self.claim = Arc::new(Mutex::new(claim));
        self
    }

    /// Returns the claim of this download, if the share counts downloads.
    pub(crate) fn claim(&self) -> Option<String> {
        lock(&self.claim).clone()
    }

    /// Reports to a share that counts downloads that this one has ended. It counts in an hour anyway.
    pub(crate) async fn ended(&self) {
        let query: HashMap<_, _> = self.url.query_pairs().collect();
        let (Some(claim), Some(token)) = (self.claim(), query.get("token")) else {
            return;
        };
        let path = ["api", "v1", "shares", "public", token, "claims", &claim];
        let mut url = page_url(&self.url, &path);
        url.set_query(None);
        let _ = self.net.http.put(url).timeout(LINK_TIMEOUT).send().await;
    }

    /// Returns another link, without password or claim if its server is another.
    fn toward(&self, url: Url) -> Self {
        match url.origin() == self.url.origin() {
            true => self.at(url),
            false => Self::new(url, self.client.as_ref(), &self.net),
        }
    }

    /// Returns a link to another address of the same server.
    pub(crate) fn at(&self, url: Url) -> Self {
        Self {
            url,
            ..self.clone()
        }
    }

    /// Returns a request for the link, with the key only if the link is its server's.
    pub(crate) fn request(&self) -> RequestBuilder {
        let mut url = self.url.clone();
        if let Some(claim) = self.claim() {
            set_claim(&mut url, &claim);
        }
        let request = match &self.client {
            Some(client) => client.link(&url),
            None => self.net.http.get(url),
        };
        let request = match &self.pass {
            Some(pass) => request.header(PASS_HEADER, pass),
            None => request,
        };
        request.timeout(LINK_TIMEOUT)
    }

    fn keep_claim(&self, response: &Response) {
        let claim = response.headers().get(CLAIM_HEADER);
        let claim = claim.and_then(|claim| claim.to_str().ok()?.parse::<Id>().ok());
        if let Some(claim) = claim {
            *lock(&self.claim) = Some(claim.to_string());
        }
    }

    /// # Errors
    /// If the server refuses, or the URL is not a Hulkastorus link.
    pub(crate) async fn follow(&self) -> Result<Target> {
        let retry_policy = self.net.first_contact_policy();
        retry_policy.retry(|| self.follow_once()).await
    }

    /// Follows the link without retries. One that leads to another link, such as a mirror's, is followed on,
    /// but not in circles.
    pub(crate) async fn follow_once(&self) -> Result<Target> {
        let mut target = self.step().await?;
        for _ in 0..MOST_STEPS {
            let is_link = target.url.path().starts_with("/d/") && target.sha256.is_none();
            if !is_link {
                return Ok(target);
            }
            target = self.toward(target.url).step().await?;
        }
        let link = shown(&self.url);
        Err(Error::failed(format!("{link} redirects too many times"))
            .with_hint("give hulk the link that it leads to"))
    }

    async fn step(&self) -> Result<Target> {
        let answered = self.request().send().await;
        let redirect = answered.map_err(|error| unreachable(&self.url, &error))?;
        self.keep_claim(&redirect);
        if redirect.status() != StatusCode::FOUND || upgrade(&redirect).is_some() {
            refuse_errors(redirect).await?;
            return Err(self.not_a_link());
        }
        let header = |name: &str| redirect.headers().get(name)?.to_str().ok();
        let target = header("location").and_then(|location| self.url.join(location).ok());
        let sha256 = header("repr-digest").and_then(repr_digest);
        Ok(Target {
            url: target.ok_or_else(|| self.not_a_link())?,
            sha256,
            attributes: Attributes::parse(header(MODE_HEADER), header(MODIFIED_HEADER)),
        })
    }

    /// Requests what the server knows of the file.
    pub(crate) async fn details(&self) -> Result<LinkedFile> {
        let asked = self.request().header(header::ACCEPT, "application/json");
        let answered = asked.send().await;
        let answer = answered.map_err(|error| unreachable(&self.url, &error))?;
        self.keep_claim(&answer);
        let body = refuse_errors(answer).await?;
        serde_json::from_slice(&body).map_err(|_| self.not_a_link())
    }

    /// Returns the last segment of the link, if it is valid UTF-8.
    pub(crate) fn last_part(&self) -> Option<String> {
        let last = self.url.path_segments()?.next_back()?;
        let name = percent_decode_str(last).decode_utf8().ok()?;
        Some(name.into_owned())
    }

    pub(crate) fn not_a_link(&self) -> Error {
        let link = shown(&self.url);
        Error::unreachable(format!("{link} is not a Hulkastorus download link"))
            .with_hint("a link looks like https://HOST/d/ID/NAME")
    }
}

/// Sets the claim of a URL, replacing one that it may have.
fn set_claim(url: &mut Url, claim: &str) {
    let pairs = url.query_pairs().into_owned();
    let others: Vec<(String, String)> = pairs.filter(|(name, _)| name != CLAIM_PARAMETER).collect();
    url.query_pairs_mut()
        .clear()
        .extend_pairs(others)
        .append_pair(CLAIM_PARAMETER, claim);
}

fn lock(claim: &Mutex<Option<String>>) -> MutexGuard<'_, Option<String>> {
    claim.lock().unwrap_or_else(PoisonError::into_inner)
}

/// RFC 9530: `sha-256=:BASE64:`, perhaps among others.
fn repr_digest(header: &str) -> Option<Sha256> {
    let value = header
        .split(',')
        .find_map(|item| item.trim().strip_prefix("sha-256=:"))?;
    let bytes = BASE64.decode(value.strip_suffix(':')?).ok()?;
    bytes.try_into().ok().map(Sha256)
}

/// RFC 6266: the `filename*` of our server.
pub(crate) fn filename(disposition: &str) -> Option<String> {
    let (_, encoded) = disposition.split_once("filename*=UTF-8''")?;
    let encoded = encoded.split(';').next()?;
    percent_decode_str(encoded)
        .decode_utf8()
        .ok()
        .map(|name| name.into_owned())
}
