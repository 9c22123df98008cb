//! The pages' scripts and style, from the binary, under a path that changes with them.

use std::sync::LazyLock;

use axum::{
    extract::Path,
    response::{IntoResponse, Response},
};
use http::{StatusCode, header};
use sha2::{Digest, Sha256};

macro_rules! assets {
    ($($name:literal),+ $(,)?) => {
        [$(($name, include_str!(concat!("../../static/", $name)))),+]
    };
}

const ASSETS: [(&str, &str); 20] = assets![
    "app.css",
    "app.js",
    "api.js",
    "dialogs.js",
    "drop.js",
    "files.js",
    "hash-worker.js",
    "hash.js",
    "icon.svg",
    "line.js",
    "transfer.js",
    "uploads.js",
    "noble-hashes/utils.js",
    "noble-hashes/_md.js",
    "noble-hashes/sha2.js",
    "noble-hashes/_u64.js",
    "noble-hashes/legacy.js",
    "noble-hashes/blake3.js",
    "noble-hashes/_blake.js",
    "noble-hashes/blake2.js",
];

static VERSION: LazyLock<String> = LazyLock::new(|| {
    let mut digest = Sha256::new();
    for (_, text) in ASSETS {
        digest.update(text);
    }
    let digest = digest.finalize();
    digest
        .iter()
        .take(8)
        .map(|byte| format!("{byte:02x}"))
        .collect()
});

/// Returns `/static/<version>`, so that a cached file is never outdated.
pub(super) fn base() -> String {
    format!("/static/{}", *VERSION)
}

pub(super) async fn show(Path((version, name)): Path<(String, String)>) -> Response {
    let found = ASSETS.iter().find(|(known, _)| *known == name);
    let Some((_, text)) = found.filter(|_| version == *VERSION) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let kind = match name.rsplit_once('.') {
        Some((_, "css")) => "text/css; charset=utf-8",
        Some((_, "svg")) => "image/svg+xml",
        _ => "text/javascript; charset=utf-8",
    };
    let headers = [
        (header::CONTENT_TYPE, kind),
        (header::CACHE_CONTROL, "public, max-age=31536000, immutable"),
    ];
    (headers, *text).into_response()
}
