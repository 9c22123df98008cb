//! What an argument names: a link, or a path or id on the server.

use hulk_proto::RemotePath;
use url::Url;

use crate::error::{Error, Result};

/// LINK or REMOTE or ID. Paths and ids look alike; the server is asked for the path first.
pub(crate) enum Target {
    Link(Url),
    Remote(RemotePath),
}

impl Target {
    pub(crate) fn is_link(text: &str) -> bool {
        text.starts_with("http://") || text.starts_with("https://")
    }

    pub(crate) fn parse(text: &str) -> Result<Self> {
        if Self::is_link(text) {
            return Url::parse(text)
                .map(Self::Link)
                .map_err(|error| Error::usage(format!("'{text}' is no URL: {error}")));
        }
        remote(text).map(Self::Remote)
    }
}

/// A path on the server; a `/` at the end is allowed.
pub(crate) fn remote(text: &str) -> Result<RemotePath> {
    let trimmed = text.strip_suffix('/').unwrap_or(text);
    trimmed
        .parse()
        .map_err(|error| Error::usage(format!("'{text}': {error}")))
}
