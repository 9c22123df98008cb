//! The API, one function a route.

mod keeping;

use std::{
    error::Error as _,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use hulk_proto::{
    ApiKey, ApiKeySecret, CreateApiKey, CreateFile, CreatedApiKey, CreatedFile, Directory,
    ErrorBody, File, Id, ListQuery, Me, Page, RemotePath, ReportUpload,
    directory::CreateDirectory,
    file::{Batch, CreateFiles, ReportUploads, ReportedFile},
    health::Readiness,
    limits::MAX_PAGE,
    upload::{SignParts, SignedParts},
};
use reqwest::{Method, RequestBuilder, Response, StatusCode, header};
use serde::{Serialize, de::DeserializeOwned};
use url::Url;

use crate::{
    error::{Again, Error, Result},
    net::Net,
    patience::retry_after,
    shared_link::SharedLink,
};

/// The API never carries file bytes: who takes longer hangs.
const API_TIMEOUT: Duration = Duration::from_secs(20);
/// For what makes the server ask the store for more than a glance.
const STORE_TIMEOUT: Duration = Duration::from_secs(180);

/// A server, and the key for it.
#[derive(Clone)]
pub(crate) struct Client {
    net: Net,
    server: Url,
    key: Option<ApiKeySecret>,
    /// Files go through this share, without a key.
    share: Option<Arc<SharedLink>>,
    /// Whether the server has answered before.
    is_known: Arc<AtomicBool>,
}

impl Client {
    pub(crate) fn new(server: Url, key: Option<ApiKeySecret>) -> Result<Self> {
        Ok(Self {
            net: Net::new()?,
            server,
            key,
            share: None,
            is_known: Arc::default(),
        })
    }

    /// Puts files through a share.
    pub(crate) fn through(net: Net, share: Arc<SharedLink>) -> Self {
        Self {
            net,
            server: share.server.clone(),
            key: None,
            share: Some(share),
            is_known: Arc::default(),
        }
    }

    pub(crate) fn share(&self) -> Option<&SharedLink> {
        self.share.as_deref()
    }

    pub(crate) fn limited(mut self, bytes_per_second: Option<u64>) -> Self {
        self.net = self.net.limited(bytes_per_second);
        self
    }

    pub(crate) fn server(&self) -> &Url {
        &self.server
    }

    /// For presigned URLs, which need no key.
    pub(crate) fn net(&self) -> &Net {
        &self.net
    }

    pub(crate) async fn create_file(&self, request: &CreateFile) -> Result<CreatedFile> {
        self.send(self.post("/files", request)?).await
    }

    pub(crate) async fn create_files(&self, items: Vec<CreateFile>) -> Result<Batch<CreatedFile>> {
        let request = self.post("/files/batch", &CreateFiles { items })?;
        self.send(request.timeout(STORE_TIMEOUT)).await
    }

    pub(crate) async fn report_uploads(&self, items: Vec<ReportedFile>) -> Result<Batch<File>> {
        let request = self.put("/files/batch/status", &ReportUploads { items })?;
        self.send(request.timeout(STORE_TIMEOUT)).await
    }

    pub(crate) async fn sign_parts(&self, id: &Id, request: &SignParts) -> Result<SignedParts> {
        let request = self.post(&format!("/files/{id}/upload/parts"), request)?;
        self.send(request.timeout(STORE_TIMEOUT)).await
    }

    pub(crate) async fn create_directory(&self, request: &CreateDirectory) -> Result<Directory> {
        self.send(self.post("/directories", request)?).await
    }

    pub(crate) async fn report_upload(&self, id: &Id, report: &ReportUpload) -> Result<File> {
        let request = self.put(&format!("/files/{id}/status"), report)?;
        self.send(request.timeout(STORE_TIMEOUT)).await
    }

    pub(crate) async fn cancel_upload(&self, id: &Id) -> Result<()> {
        self.send_for_nothing(self.api(Method::DELETE, &format!("/files/{id}/upload"))?)
            .await
    }

    pub(crate) async fn show_file(&self, id: &Id) -> Result<File> {
        self.send(self.api(Method::GET, &format!("/files/{id}"))?)
            .await
    }

    pub(crate) async fn list_files(&self, query: &ListQuery) -> Result<Page<File>> {
        self.list("/files", query).await
    }

    pub(crate) async fn list_directories(&self, query: &ListQuery) -> Result<Page<Directory>> {
        self.list("/directories", query).await
    }

    pub(crate) async fn create_key(&self, request: &CreateApiKey) -> Result<CreatedApiKey> {
        // Not tried again: a second key would be a second secret.
        self.send_once(self.post("/api-keys", request)?).await
    }

    pub(crate) async fn list_keys(&self, query: &ListQuery) -> Result<Page<ApiKey>> {
        self.list("/api-keys", query).await
    }

    pub(crate) async fn delete_key(&self, id: &Id) -> Result<()> {
        self.send_for_nothing(self.api(Method::DELETE, &format!("/api-keys/{id}"))?)
            .await
    }

    pub(crate) async fn me(&self) -> Result<Me> {
        self.send(self.api(Method::GET, "/me")?).await
    }

    /// What the server finds when it tries its database and its store.
    pub(crate) async fn readiness(&self) -> Result<Readiness> {
        let response = self.visit("/readyz?verbose").await?;
        let body = response.bytes().await;
        let body = body.map_err(|error| unreachable(&self.server, &error))?;
        // What is not ready is told with a status that is no success.
        match serde_json::from_slice::<ErrorBody>(&body) {
            Ok(body) => Err(Error::server(body.error)),
            Err(_) => self.parse(&body),
        }
    }

    /// A page of the server outside the API, without a key, once.
    pub(crate) async fn visit(&self, path: &str) -> Result<Response> {
        let url = self.server.join(path);
        let url = url.map_err(|error| Error::failed(error.to_string()))?;
        let response = self.net.http.get(url).timeout(API_TIMEOUT).send().await;
        response.map_err(|error| unreachable(&self.server, &error))
    }

    /// The file at a path, or of an id if there is none.
    pub(crate) async fn find_file(&self, remote: &RemotePath) -> Result<Option<File>> {
        let query = by("path", remote.as_str());
        if let Some(file) = self.list_files(&query).await?.items.pop() {
            return Ok(Some(file));
        }
        let Ok(id) = remote.as_str().parse::<Id>() else {
            return Ok(None);
        };
        match self.show_file(&id).await {
            Err(error) if error.code == hulk_proto::ErrorCode::NotFound => Ok(None),
            other => other.map(Some),
        }
    }

    /// The file at a path whose first upload was begun and not finished.
    pub(crate) async fn find_unfinished(&self, remote: &RemotePath) -> Result<Option<File>> {
        let mut query = by("path", remote.as_str());
        query
            .filters
            .push(("status".to_owned(), "reserved".to_owned()));
        Ok(self.list_files(&query).await?.items.pop())
    }

    /// The directory at a path, or of an id if there is none.
    pub(crate) async fn find_directory(&self, remote: &RemotePath) -> Result<Option<Directory>> {
        let query = by("path", remote.as_str());
        if let Some(directory) = self.list_directories(&query).await?.items.pop() {
            return Ok(Some(directory));
        }
        let Ok(id) = remote.as_str().parse::<Id>() else {
            return Ok(None);
        };
        let shown = self
            .send(self.api(Method::GET, &format!("/directories/{id}"))?)
            .await;
        match shown {
            Err(error) if error.code == hulk_proto::ErrorCode::NotFound => Ok(None),
            other => other.map(Some),
        }
    }

    /// A request for a link: with the key if the link is this server's, else without.
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
        let mut url = self.server.clone();
        url.set_path(&format!("/api/v1{path}"));
        url.set_query(Some(query).filter(|query| !query.is_empty()));
        Ok(self
            .net
            .http
            .request(method, url)
            .bearer_auth(key.reveal())
            .timeout(API_TIMEOUT))
    }

    fn post<T: Serialize>(&self, path: &str, body: &T) -> Result<RequestBuilder> {
        with_json(self.api(Method::POST, path)?, body)
    }

    fn put<T: Serialize>(&self, path: &str, body: &T) -> Result<RequestBuilder> {
        with_json(self.api(Method::PUT, path)?, body)
    }

    async fn list<T: DeserializeOwned>(&self, path: &str, query: &ListQuery) -> Result<Page<T>> {
        self.list_pairs(path, &query.to_pairs()).await
    }

    async fn list_pairs<T: DeserializeOwned>(
        &self,
        path: &str,
        pairs: &[(String, String)],
    ) -> Result<Page<T>> {
        let query = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs(pairs)
            .finish();
        self.send(self.api_with(Method::GET, path, &query)?).await
    }

    async fn send_once<T: DeserializeOwned>(&self, request: RequestBuilder) -> Result<T> {
        let response = request.send().await;
        let response = response.map_err(|error| unreachable(&self.server, &error))?;
        self.parse(&refuse_errors(response).await?)
    }

    async fn send<T: DeserializeOwned>(&self, request: RequestBuilder) -> Result<T> {
        let body = self.answer(request).await?;
        self.parse(&body)
    }

    fn parse<T: DeserializeOwned>(&self, body: &[u8]) -> Result<T> {
        serde_json::from_slice(body).map_err(|error| {
            Error::unreachable(format!(
                "{} answers, but not as this hulk understands ({error})",
                shown(&self.server)
            ))
            .with_hint("check --server; the server may be newer than this hulk")
        })
    }

    async fn send_for_nothing(&self, request: RequestBuilder) -> Result<()> {
        self.answer(request).await.map(drop)
    }

    /// Every request but the one for a key can be repeated: the server sees to that.
    async fn answer(&self, request: RequestBuilder) -> Result<Vec<u8>> {
        let patience = match self.is_known.load(Ordering::Relaxed) {
            true => self.net.patience(),
            false => self.net.patience_at_first(),
        };
        let answer = patience.retry(|| {
            let request = request.try_clone();
            async move {
                let request = request.ok_or_else(|| Error::failed("a request has no copy"))?;
                let response = request.send().await;
                let response = response.map_err(|error| unreachable(&self.server, &error))?;
                refuse_errors(response).await
            }
        });
        let answer = answer.await;
        self.is_known.fetch_or(answer.is_ok(), Ordering::Relaxed);
        answer
    }
}

/// All pages of a list.
pub(crate) async fn all_pages<T, F>(
    mut query: ListQuery,
    page: impl Fn(ListQuery) -> F,
) -> Result<Vec<T>>
where
    F: Future<Output = Result<Page<T>>>,
{
    let mut items = Vec::new();
    query.limit = Some(MAX_PAGE);
    loop {
        let found = page(query.clone()).await?;
        let is_last = found.items.is_empty();
        items.extend(found.items);
        match found.next_cursor {
            Some(cursor) => query.cursor = Some(cursor),
            None if is_last || items.len() as u64 >= found.total => return Ok(items),
            None => query.offset = Some(items.len() as u64),
        }
    }
}

/// A query for what has this value.
pub(crate) fn by(property: &str, value: &str) -> ListQuery {
    ListQuery {
        filters: vec![(property.to_owned(), value.to_owned())],
        ..ListQuery::default()
    }
}

/// The body of a good answer; anything else is an error, be it the server's or of somebody in
/// between.
pub(crate) async fn refuse_errors(response: Response) -> Result<Vec<u8>> {
    let (url, status) = (response.url().clone(), response.status());
    let kind = response.headers().get(header::CONTENT_TYPE);
    let kind = kind
        .and_then(|kind| kind.to_str().ok())
        .unwrap_or("no type")
        .to_owned();
    let location = response.headers().get(header::LOCATION).cloned();
    let again = match status.as_u16() {
        429 | 502..=504 => retry_after(response.headers()),
        _ => Again::Never,
    };
    let body = response
        .bytes()
        .await
        .map_err(|error| unreachable(&url, &error))?;
    if status.is_success()
        && (kind.starts_with("application/json") || status == StatusCode::NO_CONTENT)
    {
        return Ok(body.to_vec());
    }
    if !status.is_success()
        && let Ok(body) = serde_json::from_slice::<ErrorBody>(&body)
    {
        let error = Error::server(body.error);
        return Err(match again {
            Again::Never => error,
            again => error.again(again),
        });
    }
    let error = Error::unreachable(format!(
        "{} answered {status} ({kind}), which is not how a Hulkastorus server answers",
        shown(&url)
    ))
    .again(again);
    Err(
        match location
            .as_ref()
            .and_then(|location| location.to_str().ok())
        {
            Some(location) if status.is_redirection() => {
                let target = url
                    .join(location)
                    .map(|url| shown(&url))
                    .unwrap_or_default();
                error.with_hint(format!("it points to {target}: is that the server?"))
            }
            _ => error.with_hint("check --server and HULK_SERVER, and what proxy is in between"),
        },
    )
}

/// Nobody answered, or the line broke.
pub(crate) fn unreachable(url: &Url, error: &reqwest::Error) -> Error {
    let what = match error.is_timeout() {
        true => "it did not answer in time".to_owned(),
        false => innermost(error),
    };
    Error::unreachable(format!("cannot reach {}: {what}", shown(url)))
        .with_hint(
            "check that the server runs and the network is up, then run the same command again",
        )
        .again(Again::Soon(None))
}

/// Scheme and host: a query may hold a signature.
pub(crate) fn shown(url: &Url) -> String {
    url.origin().ascii_serialization()
}

fn with_json<T: Serialize>(request: RequestBuilder, body: &T) -> Result<RequestBuilder> {
    let json = serde_json::to_vec(body).map_err(|error| Error::failed(error.to_string()))?;
    Ok(request
        .header(header::CONTENT_TYPE, "application/json")
        .body(json))
}

/// The cause: what wraps it repeats the URL.
pub(crate) fn innermost(error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    match error.source() {
        Some(_) => cause.to_string(),
        None => "the request failed".to_owned(),
    }
}
