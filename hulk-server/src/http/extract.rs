//! Extractors whose rejections are our errors.

use axum::extract::{FromRequest, FromRequestParts, Path, Request, rejection::PathRejection};
use http::{StatusCode, request::Parts};
use hulk_proto::{
    ErrorCode, Id, ListQuery, ShareToken, Timestamp,
    limits::{MAX_BATCH_BYTES, MAX_BODY_BYTES},
    search,
};
use serde::de::DeserializeOwned;

use super::body::read;
use crate::{
    app::App,
    error::{Error, Result},
};

/// Limit for a page's forms, which have a key, a password or an id.
pub(crate) const MAX_FORM_BYTES: usize = 16 << 10;

/// Longest text to look for in lists of administration.
const MAX_SEARCH_BYTES: usize = 255;

/// A JSON body of at most `LIMIT` bytes. The media type is ignored: `curl -d` sends another.
pub(crate) struct Json<T, const LIMIT: usize = MAX_BODY_BYTES>(pub T);

/// A JSON body with up to 1,000 items.
pub(crate) type BatchJson<T> = Json<T, MAX_BATCH_BYTES>;

impl<T: DeserializeOwned, const LIMIT: usize> FromRequest<App> for Json<T, LIMIT> {
    type Rejection = Error;

    async fn from_request(request: Request, app: &App) -> Result<Self> {
        let bytes = &read(request, LIMIT, &app.bodies).await?;
        if bytes.is_empty() {
            return Err(Error::new(
                ErrorCode::BadRequest,
                "the request has no body; JSON is expected",
            ));
        }
        parse(bytes).map(Self)
    }
}

/// Like `Json`, with the default value if the body is missing.
pub(crate) struct OptionalJson<T>(pub T);

impl<T: DeserializeOwned + Default> FromRequest<App> for OptionalJson<T> {
    type Rejection = Error;

    async fn from_request(request: Request, app: &App) -> Result<Self> {
        let bytes = &read(request, MAX_BODY_BYTES, &app.bodies).await?;
        match bytes.is_empty() {
            true => Ok(Self(T::default())),
            false => parse::<Option<T>>(bytes).map(|found| Self(found.unwrap_or_default())),
        }
    }
}

/// The fields of a form of a page.
pub(crate) struct Form<T>(pub T);

impl<T: DeserializeOwned> FromRequest<App> for Form<T> {
    type Rejection = Error;

    async fn from_request(request: Request, app: &App) -> Result<Self> {
        let bytes = &read(request, MAX_FORM_BYTES, &app.bodies).await?;
        let form = serde_urlencoded::from_bytes(bytes);
        form.map(Self).map_err(|error| {
            Error::new(
                ErrorCode::BadRequest,
                format!("the form cannot be read: {error}"),
            )
        })
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

/// The id in a path. A malformed id is answered like one that does not exist.
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

/// The token of a share in a path. A malformed token is answered like one that does not exist.
pub(crate) struct PathToken(pub ShareToken);

impl<S: Send + Sync> FromRequestParts<S> for PathToken {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self> {
        let (token,): (String,) = path(parts, state).await.ok_or_else(no_share)?;
        token.parse().map(Self).map_err(|_| no_share())
    }
}

/// A share's token, and the id of something in it.
pub(crate) struct TokenAndId(pub ShareToken, pub Id);

impl<S: Send + Sync> FromRequestParts<S> for TokenAndId {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self> {
        let (token, id): (String, String) = path(parts, state).await.ok_or_else(no_share)?;
        let token = token.parse().map_err(|_| no_share())?;
        let id = id.parse().map_err(|_| Error::not_found("id"))?;
        Ok(Self(token, id))
    }
}

/// The path after a share's token.
pub(crate) struct RestAfterToken(pub String);

impl<S: Send + Sync> FromRequestParts<S> for RestAfterToken {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self> {
        let (_, rest): (String, String) = path(parts, state).await.ok_or_else(no_share)?;
        Ok(Self(rest))
    }
}

/// The id of a file, and the number of a version.
pub(crate) struct IdAndNumber(pub Id, pub u64);

impl<S: Send + Sync> FromRequestParts<S> for IdAndNumber {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self> {
        let not_found = || Error::not_found("version");
        let (id, number): (String, String) = path(parts, state).await.ok_or_else(not_found)?;
        let id = id.parse().map_err(|_| Error::not_found("id"))?;
        number
            .parse()
            .map(|number| Self(id, number))
            .map_err(|_| not_found())
    }
}

fn no_share() -> Error {
    Error::not_found("share")
}

async fn path<S: Send + Sync, T: DeserializeOwned + Send>(
    parts: &mut Parts,
    state: &S,
) -> Option<T> {
    let found: std::result::Result<Path<T>, PathRejection> =
        Path::from_request_parts(parts, state).await;
    found.ok().map(|Path(found)| found)
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
        list(&pairs(parts)).map(Self)
    }
}

/// Like `List`, with the words and conditions in `q` turned into filters.
pub(crate) struct Search(pub ListQuery);

impl<S: Send + Sync> FromRequestParts<S> for Search {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self> {
        let (words, rest): (Vec<_>, Vec<_>) =
            pairs(parts).into_iter().partition(|(name, _)| name == "q");
        let mut query = list(&rest)?;
        let [(_, words)] = words.as_slice() else {
            return Err(Error::validation("q", "a search needs exactly one q"));
        };
        query.filters.extend(conditions(words)?);
        Ok(Self(query))
    }
}

/// Like `List`, with a text to look for.
pub(crate) struct Searched(pub ListQuery, pub Option<String>);

impl<S: Send + Sync> FromRequestParts<S> for Searched {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self> {
        let (search, rest): (Vec<_>, Vec<_>) = pairs(parts)
            .into_iter()
            .partition(|(name, _)| name == "search");
        let text = search.into_iter().next_back().map(|(_, text)| text);
        if text
            .as_ref()
            .is_some_and(|text| text.contains('\0') || text.len() > MAX_SEARCH_BYTES)
        {
            return Err(Error::validation("search", "is too long, or has a NUL"));
        }
        Ok(Self(list(&rest)?, text.filter(|text| !text.is_empty())))
    }
}

/// Returns the words and conditions of a search as filters of a list.
pub(crate) fn conditions(words: &str) -> Result<Vec<(String, String)>> {
    search::filters(words, Timestamp::now())
        .map_err(|error| Error::validation("q", error.to_string()))
}

/// Parameters that a link may have.
#[derive(Default)]
pub(crate) struct LinkQuery {
    pub token: Option<ShareToken>,
    pub version: Option<u64>,
    pub cursor: Option<String>,
    /// Form in which a directory is listed.
    pub form: Option<String>,
}

impl<S: Send + Sync> FromRequestParts<S> for LinkQuery {
    type Rejection = Error;

    /// Other parameters are ignored: whoever passed the link on may have added some.
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self> {
        let mut query = Self::default();
        for (name, value) in pairs(parts) {
            match name.as_str() {
                "token" => query.token = Some(value.parse().map_err(|_| no_share())?),
                "version" => {
                    let number = value.parse();
                    query.version = Some(number.map_err(|_| Error::not_found("version"))?);
                }
                "cursor" => query.cursor = Some(value),
                "as" => query.form = Some(value),
                _ => {}
            }
        }
        Ok(query)
    }
}

/// Where a page leads afterwards: a path of this server, else the start page.
pub(crate) struct NextQuery(pub String);

impl<S: Send + Sync> FromRequestParts<S> for NextQuery {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(
        parts: &mut Parts,
        _: &S,
    ) -> std::result::Result<Self, std::convert::Infallible> {
        let mut pairs = pairs(parts).into_iter();
        let next = pairs.find(|(name, _)| name == "next");
        let next = next.map(|(_, next)| next).unwrap_or_default();
        Ok(Self(own_path(&next).to_owned()))
    }
}

/// Returns the path if a browser that goes there stays on this server, else that of the start page: `//host`
/// leads to another server, a backslash is a slash to browsers, and they drop control characters.
pub(crate) fn own_path(path: &str) -> &str {
    let is_plain = |character: char| character != '\\' && !character.is_control();
    let is_own = path.starts_with('/') && !path.starts_with("//") && path.chars().all(is_plain);
    if is_own { path } else { "/" }
}

/// How something is to be deleted.
#[derive(Default)]
pub(crate) struct DeleteQuery {
    /// Whether to delete permanently, not to the trash.
    pub purge: bool,
    /// Whether to delete a directory with everything in it.
    pub recursive: Option<bool>,
}

impl<S: Send + Sync> FromRequestParts<S> for DeleteQuery {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self> {
        let mut query = Self::default();
        for (name, value) in pairs(parts) {
            let flag = match value.as_str() {
                "true" | "1" | "" => true,
                "false" | "0" => false,
                _ => return Err(Error::validation(name, "expected true or false")),
            };
            match name.as_str() {
                "purge" => query.purge = flag,
                "recursive" => query.recursive = Some(flag),
                _ => return Err(Error::validation(name, "unknown parameter")),
            }
        }
        Ok(query)
    }
}

fn pairs(parts: &Parts) -> Vec<(String, String)> {
    let query = parts.uri.query().unwrap_or_default();
    url::form_urlencoded::parse(query.as_bytes())
        .into_owned()
        .collect()
}

fn list(pairs: &[(String, String)]) -> Result<ListQuery> {
    ListQuery::from_pairs(pairs).map_err(|error| Error::validation(error.parameter, error.message))
}

/// Answers a request for which there is no route.
pub(crate) async fn no_route() -> Error {
    Error::new(ErrorCode::NotFound, "there is nothing at this address")
}

/// Answers a request whose route does not have this method.
pub(crate) async fn no_method() -> Error {
    Error::new(
        ErrorCode::BadRequest,
        "this address does not support that method",
    )
    .with_status(StatusCode::METHOD_NOT_ALLOWED)
}
