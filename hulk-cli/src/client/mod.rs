//! The API, one function per route.

mod account;
mod admin;
pub(crate) mod entries;
pub(crate) mod pages;
mod shares;
mod tiers;
mod trash;
mod uploads;
mod versions;

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use hulk_proto::ErrorCode;
use reqwest::{
    Method, RequestBuilder, StatusCode,
    header::{self, HeaderMap},
};
use serde::{Serialize, de::DeserializeOwned};
use url::Url;

use crate::{
    credentials::Key,
    error::{Again, Error, Result},
    http::{
        Net,
        answer::{refuse_errors, shown, unreachable},
        retry::RetryPolicy,
    },
    share_link::ShareLink,
};

/// The API never carries file bytes: a request that takes longer hangs.
const API_TIMEOUT: Duration = Duration::from_secs(20);
/// Limit for requests that make the server do longer work in the store.
const STORE_TIMEOUT: Duration = Duration::from_secs(180);

/// A server, and the key for it.
#[derive(Clone)]
pub(crate) struct Client {
    net: Net,
    server: Url,
    key: Option<Key>,
    /// Files go through this share, without a key.
    share: Option<Arc<ShareLink>>,
    /// Whether the server has answered before.
    is_known: Arc<AtomicBool>,
}

impl Client {
    pub(crate) fn new(server: Url, key: Option<Key>) -> Result<Self> {
        Ok(Self {
            net: Net::new()?,
            server,
            key,
            share: None,
            is_known: Arc::default(),
        })
    }

    /// Returns a client that uploads files through a share.
    pub(crate) fn through(net: Net, share: Arc<ShareLink>) -> Self {
        Self {
            net,
            server: share.server.clone(),
            key: None,
            share: Some(share),
            // It has described the share.
            is_known: Arc::new(AtomicBool::new(true)),
        }
    }

    pub(crate) fn share(&self) -> Option<&ShareLink> {
        self.share.as_deref()
    }

    pub(crate) fn limited(mut self, bytes_per_second: Option<u64>) -> Self {
        self.net = self.net.limited(bytes_per_second);
        self
    }

    pub(crate) fn server(&self) -> &Url {
        &self.server
    }

    /// HTTP client for presigned URLs, which need no key.
    pub(crate) fn net(&self) -> &Net {
        &self.net
    }

    /// Returns a request for a link, with the key only if the link is this server's.
    pub(crate) fn link(&self, url: &Url) -> RequestBuilder {
        let request = self.net.http.get(url.clone());
        match &self.key {
            Some(key) if url.origin() == self.server.origin() => request.bearer_auth(key.reveal()),
            _ => request,
        }
    }

    fn api(&self, method: Method, path: &str) -> Result<RequestBuilder> {
        self.api_with(method, path, "")
    }

    fn api_with(&self, method: Method, path: &str, query: &str) -> Result<RequestBuilder> {
        if let Some(share) = &self.share {
            return Ok(share.request(&self.net, method, path).timeout(API_TIMEOUT));
        }
        let key = self.key.as_ref().ok_or_else(|| {
            Error::not_allowed(format!("there is no API key for {}", shown(&self.server)))
                .with_hint("run 'hulk login', or set HULK_API_KEY")
        })?;
        let request = self.open_request(method, path, query);
        Ok(request.bearer_auth(key.reveal()))
    }

    /// Returns a request for a route that needs no key.
    fn open_request(&self, method: Method, path: &str, query: &str) -> RequestBuilder {
        let mut url = self.server.clone();
        url.set_path(&format!("/api/v1{path}"));
        url.set_query(Some(query).filter(|query| !query.is_empty()));
        let request = self.net.http.request(method, url);
        request.timeout(API_TIMEOUT)
    }

    fn post<T: Serialize>(&self, path: &str, body: &T) -> Result<RequestBuilder> {
        with_json(self.api(Method::POST, path)?, body)
    }

    fn put<T: Serialize>(&self, path: &str, body: &T) -> Result<RequestBuilder> {
        with_json(self.api(Method::PUT, path)?, body)
    }

    /// Sends a request once; again only if the server has refused it and asks to wait.
    async fn send_once<T: DeserializeOwned>(&self, request: RequestBuilder) -> Result<T> {
        // There is no time for any other retry.
        let (_, body) = self
            .answer_by(RetryPolicy::new(Duration::ZERO), request)
            .await?;
        self.parse(&body)
    }

    /// Sends a request that does not wait if the server asks to.
    async fn send_now<T: DeserializeOwned>(&self, request: RequestBuilder) -> Result<T> {
        let retry_policy = self.retry_policy().without_waits();
        let (_, body) = self.answer_by(retry_policy, request).await?;
        self.parse(&body)
    }

    async fn send<T: DeserializeOwned>(&self, request: RequestBuilder) -> Result<T> {
        let (_, body) = self.answer(request).await?;
        self.parse(&body)
    }

    fn parse<T: DeserializeOwned>(&self, body: &[u8]) -> Result<T> {
        serde_json::from_slice(body).map_err(|error| {
            Error::unreachable(format!(
                "{} sent an answer that this hulk does not understand ({error})",
                shown(&self.server)
            ))
            .with_hint("check --server; the server may be older or newer than this hulk")
        })
    }

    async fn delete(&self, request: RequestBuilder) -> Result<()> {
        self.delete_told(request).await.map(drop)
    }

    /// Returns the response's headers; `None` if a retry finds nothing, since the first attempt, whose
    /// response was lost, deleted it.
    async fn delete_told(&self, request: RequestBuilder) -> Result<Option<HeaderMap>> {
        match self.answer(request).await {
            Err(error) if error.may_be_done && error.code == ErrorCode::NotFound => Ok(None),
            answered => answered.map(|(headers, _)| Some(headers)),
        }
    }

    /// Sends a request, with retries: the server makes sure that requests can be repeated, except those
    /// that create a key or a share.
    async fn answer(&self, request: RequestBuilder) -> Result<(HeaderMap, Vec<u8>)> {
        self.answer_by(self.retry_policy(), request).await
    }

    fn retry_policy(&self) -> RetryPolicy {
        match self.is_known.load(Ordering::Relaxed) {
            true => self.net.retry_policy(),
            false => self.net.first_contact_policy(),
        }
    }

    async fn answer_by(
        &self,
        retry_policy: RetryPolicy,
        request: RequestBuilder,
    ) -> Result<(HeaderMap, Vec<u8>)> {
        // A server that was never reached did nothing; the effect of any other retried attempt is unknown.
        let may_be_done = AtomicBool::new(false);
        let attempt = async || {
            let request = request.try_clone();
            let request = request.ok_or_else(|| Error::failed("a request cannot be repeated"))?;
            let response = request.send().await.map_err(|error| {
                may_be_done.fetch_or(!error.is_connect(), Ordering::Relaxed);
                unreachable(&self.server, &error)
            })?;
            let (headers, status) = (response.headers().clone(), response.status());
            let body = refuse_errors(response).await.inspect_err(|error| {
                let is_told =
                    error.again == Again::Never || status == StatusCode::TOO_MANY_REQUESTS;
                may_be_done.fetch_or(!is_told, Ordering::Relaxed);
            })?;
            Ok((headers, body))
        };
        let answer = retry_policy.retry(attempt).await;
        self.is_known.fetch_or(answer.is_ok(), Ordering::Relaxed);
        answer.map_err(|mut error| {
            error.may_be_done = may_be_done.load(Ordering::Relaxed);
            error
        })
    }
}

fn with_json<T: Serialize>(request: RequestBuilder, body: &T) -> Result<RequestBuilder> {
    let json = serde_json::to_vec(body).map_err(|error| Error::failed(error.to_string()))?;
    Ok(request
        .header(header::CONTENT_TYPE, "application/json")
        .body(json))
}
