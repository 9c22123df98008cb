//! `/d/…`: the links to files that people share.

use axum::{
    Json as Answer,
    extract::State,
    response::{IntoResponse, Redirect, Response},
};
use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use hulk_proto::{
    ErrorBody, Sha256,
    attributes::{MODE, MODE_HEADER, MODIFIED, MODIFIED_HEADER},
    share::{CLAIM_HEADER, ShareAction},
};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    app::App,
    auth::{Caller, scope::Scope},
    error::{Error, Result},
    http::{
        extract::{LinkQuery, Rest},
        negotiate::{wants_json, wants_page},
        security::RESOURCE_POLICY,
        share_access::Visitor,
    },
    ops::{
        files::download::{Follower, Link, Resolved, describe_link, resolve_link},
        shares,
    },
};

pub(super) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(by_id))
}

const CLAIM: HeaderName = HeaderName::from_static(CLAIM_HEADER);

/// Redirect to the file's bytes; with `Accept: application/json`, describe the file instead
///
/// The link is `ID`, `ID/FILENAME` or `~USER_ID/PATH`. A file name is for people and `curl -O`: the
/// id alone decides, so that a renamed file keeps its links.
#[utoipa::path(get, path = "/d/{*link}", tag = "links", params(("link" = String, Path),
        ("token" = Option<String>, Query, description = "token of a share that the file is in"),
        ("version" = Option<u64>, Query, description = "an older version; only for the owner")),
    responses((status = 302, headers(("Repr-Digest" = String, description = "SHA-256, as in RFC 9530"))),
        (status = 200, body = hulk_proto::download::LinkedFile),
        (status = 404, body = ErrorBody), (status = 410, body = ErrorBody)))]
pub(crate) async fn by_id(
    State(app): State<App>,
    method: Method,
    Visitor { caller, access }: Visitor,
    Rest(link): Rest,
    query: LinkQuery,
    headers: HeaderMap,
) -> Result<Response> {
    let link = parse(&link).ok_or_else(|| Error::not_found("file"))?;
    let opened = match &query.token {
        Some(token) => Some(shares::open(&app, token, &access, ShareAction::Download).await?),
        None => None,
    };
    // Opening a counted link in a browser must not use it up: its page has a button that does.
    if let (Some(opened), Some(token)) = (&opened, &query.token)
        && opened.is_counted()
        && wants_page(&headers)
    {
        return Ok(Redirect::to(&format!("/s/{token}")).into_response());
    }
    let follower = Follower {
        scope: caller.as_ref().map(Scope::from),
        share: opened.as_ref().map(|opened| (opened, &access)),
        saves: false,
        is_root: caller.as_ref().is_some_and(Caller::is_root),
    };
    let resolved = resolve_link(&app, &link, follower, &method, query.version).await?;
    if !wants_json(&headers) {
        return Ok(redirect(resolved));
    }
    let claim = claim(&resolved);
    let mut response = Answer(describe_link(&app, resolved).await?).into_response();
    response.headers_mut().extend(claim);
    Ok(response)
}

/// Redirects to the store, with the digest that a script can check.
pub(crate) fn redirect(resolved: Resolved) -> Response {
    let claim = claim(&resolved);
    let attributes = [(MODE_HEADER, MODE), (MODIFIED_HEADER, MODIFIED)].map(|(header, name)| {
        let value = resolved.attribute(name)?;
        Some((header, HeaderValue::try_from(value).ok()?))
    });
    let location = [(header::LOCATION, resolved.presigned.url)];
    let mut response = (StatusCode::FOUND, location).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    // A link works in the pages of others too, such as in an <img>.
    headers.insert(RESOURCE_POLICY, HeaderValue::from_static("cross-origin"));
    headers.extend(claim);
    for (name, value) in attributes.into_iter().flatten() {
        headers.insert(name, value);
    }
    if let Some(digest) = resolved.sha256.and_then(repr_digest) {
        headers.insert("repr-digest", digest);
    }
    response
}

fn claim(resolved: &Resolved) -> Option<(HeaderName, HeaderValue)> {
    let id = HeaderValue::from_str(resolved.claim.as_deref()?).ok()?;
    Some((CLAIM, id))
}

fn parse(link: &str) -> Option<Link> {
    match link.strip_prefix('~') {
        Some(place) => {
            let (user_id, path) = place.split_once('/')?;
            Some(Link::Path {
                user_id: user_id.parse().ok()?,
                path: path.parse().ok()?,
            })
        }
        None => {
            let id = link.split_once('/').map_or(link, |(id, _)| id);
            id.parse().ok().map(Link::Id)
        }
    }
}

/// Returns the value of `Repr-Digest` (RFC 9530).
fn repr_digest(sha256: Sha256) -> Option<HeaderValue> {
    HeaderValue::try_from(format!("sha-256=:{}:", BASE64.encode(sha256.0))).ok()
}
