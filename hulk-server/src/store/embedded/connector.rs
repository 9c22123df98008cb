//! Connects the SDK to the store in this process, without a socket.

use aws_sdk_s3::config::RuntimeComponents;
use aws_smithy_runtime_api::client::{
    http::{
        HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
    },
    orchestrator::{HttpRequest, HttpResponse},
    result::ConnectorError,
};
use aws_smithy_types::body::SdkBody;
use http::{HeaderValue, header::HOST};
use s3s::service::S3Service;

/// An HTTP client that reaches only the store.
#[derive(Clone, Debug)]
pub(crate) struct InProcess(S3Service);

impl InProcess {
    pub(crate) fn new(service: S3Service) -> Self {
        Self(service)
    }
}

impl HttpClient for InProcess {
    fn http_connector(
        &self,
        _: &HttpConnectorSettings,
        _: &RuntimeComponents,
    ) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl HttpConnector for InProcess {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let service = self.0.clone();
        HttpConnectorFuture::new(async move { call(service, request).await })
    }
}

async fn call(service: S3Service, request: HttpRequest) -> Result<HttpResponse, ConnectorError> {
    let mut request = request
        .try_into_http1x()
        .map_err(|error| fault(error.into()))?;
    // On a socket hyper adds this header; the signature covers it.
    if let Some(host) = request
        .uri()
        .authority()
        .map(|host| HeaderValue::from_str(host.as_str()))
    {
        let host = host.map_err(|error| fault(error.into()))?;
        request.headers_mut().entry(HOST).or_insert(host);
    }
    let response = service
        .call(request.map(s3s::Body::http_body_unsync))
        .await
        .map_err(|error| fault(error.into()))?;
    response
        .map(SdkBody::from_body_1_x)
        .try_into()
        .map_err(|error: aws_smithy_runtime_api::http::HttpError| fault(error.into()))
}

fn fault(error: Box<dyn std::error::Error + Send + Sync>) -> ConnectorError {
    ConnectorError::other(error, None)
}
