//! The OpenAPI document: collected from the handlers, with what they have in common.
//!
//! A handler describes what is particular to it: its body, its parameters, its answers on success. What
//! follows from the server's design is added here, once and for every operation: the statuses that its kind
//! can answer, the schemas of parameters with the same name, valid path templates, unique ids.

mod answers;
mod media;
mod parameters;
mod schemas;

use axum::response::IntoResponse;
use bytes::Bytes;
use http::header;
use utoipa::openapi::{
    ComponentsBuilder, InfoBuilder, LicenseBuilder, OpenApi, OpenApiBuilder, PathItem,
    path::Operation,
    security::{HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme},
};
use utoipa_axum::router::OpenApiRouter;

use crate::app::App;

const DESCRIPTION: &str = "Put a file, get a link. Bytes go straight to the store; this API plans, signs \
    and records.\n\nAn operation with `api_key` needs a key with the right to do it. Others are open to \
    everyone, or to whoever has a link. Answers must not be cached (`Cache-Control: no-store`). JSON bodies \
    have at most 1 MiB, those of batches 8 MiB; their media type is ignored. A method that an address does \
    not support gets 405. Limits of requests, if the operator sets any, are told by `RateLimit`, \
    `RateLimit-Policy` and `X-RateLimit-*`; a request beyond them gets 429 with `Retry-After`.";

pub(super) fn base() -> OpenApi {
    let key = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .bearer_format("hulk_<id>_<secret>_<checksum>")
        .build();
    let license = LicenseBuilder::new()
        .name("MIT")
        .identifier(Some("MIT"))
        .build();
    let info = InfoBuilder::new()
        .title("Hulkastorus")
        .description(Some(DESCRIPTION))
        .version(env!("CARGO_PKG_VERSION"))
        .license(Some(license));
    OpenApiBuilder::new()
        .info(info.build())
        .components(Some(
            ComponentsBuilder::new()
                .security_scheme("api_key", SecurityScheme::Http(key))
                .build(),
        ))
        .build()
}

/// Marks all operations of a router as needing a credential.
pub(super) fn secured(mut router: OpenApiRouter<App>) -> OpenApiRouter<App> {
    let document = router.get_openapi_mut();
    for item in document.paths.paths.values_mut() {
        for (_, operation) in operations(item) {
            let needed = SecurityRequirement::new("api_key", Vec::<String>::new());
            operation.security = Some(vec![needed]);
        }
    }
    router
}

/// Adds what the handlers have in common.
pub(super) fn complete(mut document: OpenApi) -> OpenApi {
    let paths = std::mem::take(&mut document.paths.paths);
    // The router's mark of a parameter that takes the rest of the path is not part of a template.
    let paths = paths
        .into_iter()
        .map(|(path, item)| (path.replace("{*", "{"), item));
    document.paths.paths = paths.collect();
    for (path, item) in &mut document.paths.paths {
        for (method, operation) in operations(item) {
            operation.operation_id = Some(operation_id(method, path));
            parameters::complete(path, operation);
            media::complete(path, operation);
            answers::complete(path, method, operation);
        }
    }
    let components = document.components.get_or_insert_default();
    components.responses.extend(answers::components());
    document
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = (&'static str, &mut Operation)> {
    [
        ("get", &mut item.get),
        ("put", &mut item.put),
        ("post", &mut item.post),
        ("delete", &mut item.delete),
    ]
    .into_iter()
    .filter_map(|(method, operation)| Some((method, operation.as_mut()?)))
}

/// Derives an id from method and path: the handlers' names are unique in their module, but an id must be
/// unique in the document.
fn operation_id(method: &str, path: &str) -> String {
    let path = path.strip_prefix("/api/v1").unwrap_or(path);
    let words = path
        .split(|character: char| !character.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty());
    std::iter::once(method)
        .chain(words)
        .collect::<Vec<_>>()
        .join("_")
}

/// Serializes the document: only once, since strangers may request it as often as they like.
pub(super) fn json(document: OpenApi) -> Bytes {
    let json = complete(document).to_json();
    json.unwrap_or_else(|_| unreachable!("all keys of a document are text"))
        .into()
}

pub(super) async fn show(document: Bytes) -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "application/json")], document)
}
