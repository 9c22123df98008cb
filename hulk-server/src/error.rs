//! The error that a handler answers. One place logs it, hides internals and picks the status.

use std::error::Error as StdError;

use axum::{
    Json,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use hulk_proto::{Details, ErrorBody, ErrorCode, FieldError, error::ErrorDetail};

use crate::{
    db::{self, Fault},
    store::{StoreError, StoreErrorKind},
    telemetry,
};

pub(crate) type Result<T> = std::result::Result<T, Error>;

/// An error answer with a stable code. The source is only for the log.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct Error {
    code: ErrorCode,
    message: String,
    details: Details,
    /// Status, if it is not the usual one of the code.
    status: Option<StatusCode>,
    source: Option<Box<dyn StdError + Send + Sync>>,
    is_collision: bool,
    /// Time after which the request may be retried.
    retry_after: Option<std::time::Duration>,
    /// Further headers of the answer.
    headers: Option<Box<HeaderMap>>,
}

impl Error {
    pub fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            details: Details::default(),
            status: None,
            source: None,
            is_collision: false,
            retry_after: None,
            headers: None,
        }
    }

    /// `NOT_FOUND` for what does not exist or is not the caller's: the two look alike.
    pub fn not_found(what: &str) -> Self {
        Self::new(ErrorCode::NotFound, format!("there is no such {what}"))
    }

    /// `VALIDATION_ERROR` for one field.
    pub fn validation(field: impl Into<String>, message: impl Into<String>) -> Self {
        let (field, message) = (field.into(), message.into());
        let text = match field.as_str() {
            "" | "." => message.clone(),
            field => format!("{field}: {message}"),
        };
        Self {
            details: vec![FieldError { field, message }].into(),
            ..Self::new(ErrorCode::ValidationError, text)
        }
    }

    pub fn internal(source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self {
            source: Some(source.into()),
            ..Self::new(
                ErrorCode::InternalError,
                "internal server error; the server's log has the details",
            )
        }
    }

    #[must_use]
    pub fn with_status(mut self, status: StatusCode) -> Self {
        self.status = Some(status);
        self
    }

    #[must_use]
    pub fn with_details(mut self, details: impl Into<Details>) -> Self {
        self.details = details.into();
        self
    }

    #[must_use]
    pub fn with_retry_after(mut self, wait: std::time::Duration) -> Self {
        self.retry_after = Some(wait);
        self
    }

    /// Adds headers to the answer, such as those of the limit that was reached.
    #[must_use]
    pub(crate) fn with_headers(mut self, headers: HeaderMap) -> Self {
        self.headers = Some(Box::new(headers));
        self
    }

    /// Whether the database aborted this transaction because it collided with another one.
    pub(crate) fn is_collision(&self) -> bool {
        self.is_collision
    }

    /// Whether this is the server's fault and not the request's.
    pub(crate) fn is_fault(&self) -> bool {
        self.status().is_server_error() && self.code != ErrorCode::QuotaExceeded
    }

    /// Returns the headers that say when to retry and which limit was reached, if any.
    pub(crate) fn headers(&self) -> HeaderMap {
        let mut headers = self.headers.as_deref().cloned().unwrap_or_default();
        if let Some(wait) = self.retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(wait.as_secs()));
        }
        headers
    }

    pub fn code(&self) -> ErrorCode {
        self.code
    }

    pub(crate) fn status(&self) -> StatusCode {
        self.status.unwrap_or_else(|| {
            StatusCode::from_u16(self.code.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
        })
    }
}

impl Error {
    /// Returns the body for the caller; the rest is logged.
    pub fn into_body(self) -> ErrorBody {
        if let Some(source) = &self.source {
            let error = telemetry::chain(source.as_ref());
            let error = telemetry::cut(&error);
            tracing::error!(code = self.code.as_str(), error, "request failed");
        }
        let detail = ErrorDetail {
            code: self.code,
            message: self.message,
            details: self.details,
        };
        ErrorBody { error: detail }
    }
}

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        let (status, headers) = (self.status(), self.headers());
        let mut response = (status, Json(self.into_body())).into_response();
        if status == StatusCode::UNAUTHORIZED {
            // RFC 9110, section 15.5.2.
            let scheme = HeaderValue::from_static("Bearer");
            response
                .headers_mut()
                .insert(header::WWW_AUTHENTICATE, scheme);
        }
        response.headers_mut().extend(headers);
        response
    }
}

impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        let fault = match &error {
            sqlx::Error::Database(error) => db::fault(error.as_ref()),
            sqlx::Error::PoolTimedOut
            | sqlx::Error::PoolClosed
            | sqlx::Error::Io(_)
            | sqlx::Error::Tls(_)
            | sqlx::Error::WorkerCrashed => Fault::Unavailable,
            _ => Fault::Other,
        };
        metrics::counter!("hulk_database_errors_total", "fault" => fault.name()).increment(1);
        let plain = match fault {
            Fault::Taken => Self::new(ErrorCode::Conflict, "another request was faster; try again"),
            Fault::Full => full(),
            Fault::Unavailable | Fault::Collision => database_unavailable(),
            Fault::Other => return Self::internal(error),
        };
        Self {
            source: Some(error.into()),
            is_collision: fault == Fault::Collision,
            ..plain
        }
    }
}

impl From<StoreError> for Error {
    fn from(error: StoreError) -> Self {
        let plain = match error.kind {
            StoreErrorKind::Full => full(),
            StoreErrorKind::Missing => Self::new(
                ErrorCode::Conflict,
                "the object changed meanwhile; try again",
            ),
            StoreErrorKind::Unsupported => Self::new(
                ErrorCode::StoreUnavailable,
                "the store does not support this; the server's log has the details",
            ),
            StoreErrorKind::Unavailable => Self::new(
                ErrorCode::StoreUnavailable,
                "the store does not answer; try again later",
            ),
        };
        Self {
            source: Some(error.into()),
            ..plain
        }
    }
}

fn database_unavailable() -> Error {
    Error::new(
        ErrorCode::DatabaseUnavailable,
        "the database does not answer; try again later",
    )
}

/// Error for a full disk, which is the last of all quotas.
pub(crate) fn full() -> Error {
    Error::new(
        ErrorCode::QuotaExceeded,
        "the server's disk is full; nothing was stored",
    )
}
