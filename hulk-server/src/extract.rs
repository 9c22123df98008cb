//! Extractors whose refusals are our errors.

use axum::{
    body::Body,
    extract::{FromRequest, FromRequestParts, Path, Request, rejection::PathRejection},
};
use http::{StatusCode, request::Parts};
use http_body_util::BodyExt;
use hulk_proto::{ErrorCode, Id, ListQuery, limits::MAX_JSON_BYTES};
use serde::de::DeserializeOwned;

use crate::error::{Error, Result};

const MAX_DRAINED_BYTES: usize = 64 << 20;

/// A JSON body of at most 1 MiB. The media type is not looked at: `curl -d` sends another.
pub(crate) struct Json<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Json<T> {
    type Rejection = Error;

    async fn from_request(request: Request, _: &S) -> Result<Self> {
        let body = read(request.into_body()).await?;
        if body.is_empty() {
            return Err(Error::new(
                ErrorCode::BadRequest,
                "the request has no body; JSON is expected",
            ));
        }
        parse(&body).map(Self)
    }
}

/// What is too large is read on for a while and dropped: an answer that comes while the client is
/// still sending is lost on many of them.
async fn read(mut body: Body) -> Result<Vec<u8>> {
    let (mut bytes, mut total) = (Vec::new(), 0);
    while let Some(frame) = body.frame().await {
        let broken = |_| Error::new(ErrorCode::BadRequest, "the body broke off");
        let Ok(data) = frame.map_err(broken)?.into_data() else {
            continue;
        };
        total += data.len();
        if total <= MAX_JSON_BYTES {
            bytes.extend_from_slice(&data);
        } else if total > MAX_DRAINED_BYTES {
            break;
        }
    }
    match total > MAX_JSON_BYTES {
        true => Err(Error::new(
            ErrorCode::PayloadTooLarge,
            "the body is larger than 1 MiB",
        )),
        false => Ok(bytes),
    }
}

fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T> {
    let mut json = serde_json::Deserializer::from_slice(body);
    let parsed = serde_path_to_error::deserialize(&mut json).map_err(|error| {
        let (field, inner) = (error.path().to_string(), error.into_inner());
        match inner.is_data() {
            true => Error::validation(field, inner.to_string()),
            false => Error::new(
                ErrorCode::BadRequest,
                format!("the body is not JSON: {inner}"),
            ),
        }
    })?;
    json.end().map_err(|error| {
        Error::new(
            ErrorCode::BadRequest,
            format!("the body is not one JSON value: {error}"),
        )
    })?;
    Ok(parsed)
}

/// The id in a path. What cannot be an id is nobody's.
pub(crate) struct PathId(pub Id);

impl<S: Send + Sync> FromRequestParts<S> for PathId {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self> {
        let id: std::result::Result<Path<String>, PathRejection> =
            Path::from_request_parts(parts, state).await;
        let id = id.ok().and_then(|Path(id)| id.parse().ok());
        id.map(Self).ok_or_else(|| Error::not_found("id"))
    }
}

/// The rest of a path after a prefix, decoded.
pub(crate) struct Rest(pub(crate) String);

impl<S: Send + Sync> FromRequestParts<S> for Rest {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self> {
        let rest: std::result::Result<Path<String>, PathRejection> =
            Path::from_request_parts(parts, state).await;
        rest.map(|Path(rest)| Self(rest))
            .map_err(|_| Error::validation("path", "the path is not percent-encoded UTF-8"))
    }
}

/// The query of a list.
pub(crate) struct List(pub ListQuery);

impl<S: Send + Sync> FromRequestParts<S> for List {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self> {
        let query = parts.uri.query().unwrap_or_default();
        let pairs: Vec<(String, String)> = url::form_urlencoded::parse(query.as_bytes())
            .into_owned()
            .collect();
        ListQuery::from_pairs(&pairs)
            .map(Self)
            .map_err(|error| Error::validation(error.parameter, error.message))
    }
}

/// What no route answers.
pub(crate) async fn no_route() -> Error {
    Error::new(ErrorCode::NotFound, "there is nothing at this address")
}

/// A route, but not this method.
pub(crate) async fn no_method() -> Error {
    Error::new(
        ErrorCode::BadRequest,
        "this address does not answer that method",
    )
    .with_status(StatusCode::METHOD_NOT_ALLOWED)
}
