//! Which class a request belongs to, and so what limits it. Health checks, metrics, pages, their files and the
//! store have no limit: it is either the operator who requests them, or a limited request led to them.

use std::net::IpAddr;

use axum::extract::Request;
use http::Method;

use super::{caller::claimed_secret, client_ip::ClientIp};
use crate::{app::App, config::RateClass, error::Result, limits::standing::Standing};

/// Counts a request before its caller is authenticated. Returns what the caller has left; `None` for a request
/// without a limit.
///
/// # Errors
/// `TOO_MANY_REQUESTS`
pub(crate) fn count(app: &App, request: &Request) -> Result<Option<Standing>> {
    let Some(class) = class(request.method(), request.uri().path()) else {
        return Ok(None);
    };
    let secret = claimed_secret(app, request.headers());
    let client = request.extensions().get::<ClientIp>();
    // A request without an address came through no socket.
    let address = client.map_or(IpAddr::from([127, 0, 0, 1]), |client| client.address);
    let root = app.settings.root_key.as_ref();
    if let (Some(root), Some(secret)) = (root, &secret)
        && root.admits(secret, Some(address))
    {
        return Ok(None);
    }
    app.rates.count(class, secret.as_deref(), address)
}

fn class(method: &Method, path: &str) -> Option<RateClass> {
    let starts = |prefixes: &[&str]| prefixes.iter().any(|prefix| path.starts_with(prefix));
    if let Some(path) = path.strip_prefix("/api/v1/") {
        return Some(match is_upload(method, path) {
            true => RateClass::Upload,
            false => RateClass::Api,
        });
    }
    let is_read = [Method::GET, Method::HEAD].contains(method);
    if is_read && starts(&["/d/", "/s/", "/b/"]) {
        return Some(RateClass::Link);
    }
    (*method == Method::PUT && starts(&["/put/", "/s/"])).then_some(RateClass::Upload)
}

/// Whether a route of the API plans, signs or reports uploads.
fn is_upload(method: &Method, path: &str) -> bool {
    // Below the token of a share, the routes have the same names.
    let path = match path.strip_prefix("shares/public/") {
        Some(rest) => rest.split_once('/').map_or("", |(_, path)| path),
        None => path,
    };
    let is_plan = path == "files" || path == "files/batch";
    let is_below = path.starts_with("files/");
    match *method {
        Method::POST => is_plan || is_below && path.ends_with("/upload/parts"),
        Method::PUT => is_below && path.ends_with("/status"),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_of_routes() {
        use RateClass::{Api, Link, Upload};
        for (method, path, expected) in [
            (Method::POST, "/api/v1/files", Some(Upload)),
            (Method::POST, "/api/v1/files/batch", Some(Upload)),
            (Method::PUT, "/api/v1/files/batch/status", Some(Upload)),
            (Method::PUT, "/api/v1/files/x/status", Some(Upload)),
            (Method::POST, "/api/v1/files/x/upload/parts", Some(Upload)),
            (Method::POST, "/api/v1/shares/public/t/files", Some(Upload)),
            (Method::PUT, "/put/a/b.txt", Some(Upload)),
            (Method::PUT, "/s/t/b.txt", Some(Upload)),
            (Method::GET, "/api/v1/files", Some(Api)),
            (Method::PUT, "/api/v1/files/x", Some(Api)),
            (
                Method::POST,
                "/api/v1/files/x/versions/1/restore",
                Some(Api),
            ),
            (Method::POST, "/api/v1/shares", Some(Api)),
            (Method::POST, "/api/v1/shares/public/t/unlock", Some(Api)),
            (Method::GET, "/d/x/a.txt", Some(Link)),
            (Method::HEAD, "/s/t", Some(Link)),
            (Method::GET, "/b/x", Some(Link)),
            (Method::GET, "/healthz", None),
            (Method::GET, "/", None),
            (Method::POST, "/s/t", None),
            (Method::POST, "/hooks/s3-events", None),
            (Method::PUT, "/hulkastorus-ugc/key", None),
        ] {
            assert_eq!(class(&method, path), expected, "{method} {path}");
        }
    }
}
