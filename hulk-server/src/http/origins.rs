//! Two origins, if the operator has named one for downloads: what users have stored is served there and
//! nowhere else, with no page and no cookie of ours beside it.

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};
use http::{Method, StatusCode, header, uri::Authority};

use super::extract;
use crate::{
    config::PublicUrl,
    store::embedded::{self, BUCKET},
};

/// Answers only objects at `content`, and downloads of objects only there.
pub(crate) async fn separate(
    State(content): State<PublicUrl>,
    mut request: Request,
    next: Next,
) -> Response {
    let is_download = matches!(*request.method(), Method::GET | Method::HEAD);
    let is_content = is_for(&content, &request);
    let is_object = is_object(request.uri().path());
    match (is_content, is_object) {
        (true, false) => return extract::no_route().await.into_response(),
        // Cookies of the public URL arrive too if only the ports differ.
        (true, true) => drop(request.headers_mut().remove(header::COOKIE)),
        (false, true) if is_download => {
            let message = "downloads have an origin of their own: follow the link again";
            return embedded::refuse(StatusCode::FORBIDDEN, "AccessDenied", message);
        }
        (false, _) => {}
    }
    next.run(request).await
}

fn is_for(url: &PublicUrl, request: &Request) -> bool {
    // RFC 9112, section 3.2.2: a host in the request line wins.
    let target = request.uri().authority().map(Authority::as_str);
    let header = || request.headers().get(header::HOST)?.to_str().ok();
    target
        .or_else(header)
        .is_some_and(|host| url.has_host(host))
}

/// Whether the path is the embedded store's.
fn is_object(path: &str) -> bool {
    let rest = path
        .strip_prefix('/')
        .and_then(|path| path.strip_prefix(BUCKET));
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}
