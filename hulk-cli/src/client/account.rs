//! The routes for keys, the account and the server's state.

use hulk_proto::{
    ApiKey, CreateApiKey, CreatedApiKey, ErrorBody, Id, ListQuery, Me, Page, Password, Usage,
    device::{DeviceCode, DeviceKey, RedeemDeviceCode, RequestDeviceCode},
    health::Readiness,
    session::{CreateLoginLink, LoginLink},
};
use reqwest::{Method, Response, StatusCode};

use super::{API_TIMEOUT, Client, with_json};
use crate::error::{Error, Result};
use crate::http::answer::{ERROR_BYTES, read_at_most, unreachable};

impl Client {
    pub(crate) async fn usage(&self, user_id: &Id) -> Result<Usage> {
        self.send(self.api(Method::GET, &format!("/users/{user_id}/usage"))?)
            .await
    }

    pub(crate) async fn create_key(&self, request: &CreateApiKey) -> Result<CreatedApiKey> {
        // Not retried: a second key would be a second secret.
        self.send_once(self.post("/api-keys", request)?).await
    }

    /// # Errors
    /// `TOO_MANY_REQUESTS` at once: whoever logs in need not watch a command that waits for minutes.
    pub(crate) async fn request_device_code(&self, client_name: &str) -> Result<DeviceCode> {
        let request = RequestDeviceCode {
            client_name: client_name.to_owned(),
        };
        let open = self.open_request(Method::POST, "/device-codes", "");
        self.send_now(with_json(open, &request)?).await
    }

    /// Polls once.
    ///
    /// # Errors
    /// `AUTHORIZATION_PENDING` and `SLOW_DOWN` while the user has not decided.
    pub(crate) async fn redeem_device_code(&self, code: &DeviceCode) -> Result<DeviceKey> {
        let request = RedeemDeviceCode {
            device_code: Password(code.device_code.clone()),
        };
        let open = self.open_request(Method::POST, "/device-codes/token", "");
        self.send_once(with_json(open, &request)?).await
    }

    /// Returns a link that signs a browser in once, and leads to the page with this path, or to the start page.
    pub(crate) async fn create_login_link(&self, next: Option<String>) -> Result<LoginLink> {
        let request = CreateLoginLink { next };
        self.send(self.post("/sessions/links", &request)?).await
    }

    pub(crate) async fn list_keys(&self, query: &ListQuery) -> Result<Page<ApiKey>> {
        self.list("/api-keys", query).await
    }

    pub(crate) async fn delete_key(&self, id: &Id) -> Result<()> {
        self.delete(self.api(Method::DELETE, &format!("/api-keys/{id}"))?)
            .await
    }

    pub(crate) async fn me(&self) -> Result<Me> {
        self.send(self.api(Method::GET, "/me")?).await
    }

    /// Returns the server's checks of its database and store; `None` if it is ready and shows this machine
    /// no details.
    pub(crate) async fn readiness(&self) -> Result<Option<Readiness>> {
        let response = self.visit("/readyz?verbose").await?;
        // Only programs on the server's own machine get the details.
        let (response, is_told) = match response.status() {
            StatusCode::NOT_FOUND => (self.visit("/readyz").await?, false),
            _ => (response, true),
        };
        let status = response.status();
        let (body, _) = read_at_most(response, ERROR_BYTES).await?;
        // A server that is not ready answers with an error status.
        match serde_json::from_slice::<ErrorBody>(&body) {
            Ok(body) => Err(Error::server(body.error)),
            Err(_) if is_told => self.parse(&body).map(Some),
            Err(_) if status.is_success() && body.trim_ascii() == b"ready" => Ok(None),
            Err(_) => Err(Error::not_a_server(&self.server)),
        }
    }

    /// Requests a page of the server outside the API, without a key, once.
    pub(crate) async fn visit(&self, path: &str) -> Result<Response> {
        let url = self.server.join(path);
        let url = url.map_err(|error| Error::failed(error.to_string()))?;
        let response = self.net.http.get(url).timeout(API_TIMEOUT).send().await;
        response.map_err(|error| unreachable(&self.server, &error))
    }
}
