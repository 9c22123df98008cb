//! What an argument names: a link, or a path or id on the server.

use hulk_proto::RemotePath;
use url::Url;

use crate::error::{Error, Result};

/// LINK or REMOTE or ID. Paths and ids look alike; the path is tried first.
pub(crate) enum Target {
    Link(Url),
    Remote(RemotePath),
}

impl Target {
    pub(crate) fn is_link(text: &str) -> bool {
        let is_of = |scheme: &str| {
            let start = text.get(..scheme.len());
            start.is_some_and(|start| start.eq_ignore_ascii_case(scheme))
        };
        is_of("http://") || is_of("https://")
    }

    pub(crate) fn parse(text: &str) -> Result<Self> {
        if Self::is_link(text) {
            return Url::parse(text)
                .map(Self::Link)
                .map_err(|error| Error::usage(format!("'{text}' is not a URL: {error}")).on(text));
        }
        remote(text).map(Self::Remote)
    }
}

/// Parses a path on the server; a `/` at the end is allowed.
pub(crate) fn remote(text: &str) -> Result<RemotePath> {
    if text.is_empty() {
        return Err(Error::usage("an argument is empty")
            .with_hint("use / for the root; or check that a variable is set"));
    }
    let trimmed = text.strip_suffix('/').unwrap_or(text);
    trimmed
        .parse()
        .map_err(|error| Error::usage(format!("'{text}': {error}")).on(text))
}
