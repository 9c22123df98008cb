//! The HTTP face, one noun a file: parse, authorise, one operation, answer.

mod api_keys;
mod browse;
mod directories;
mod download;
mod files;
mod health;
mod me;
mod openapi;
mod public_shares;
mod put;
mod share_page;
mod share_uploads;
mod shares;
mod store;
mod store_events;
mod trash;
mod tree_texts;
mod users;
mod versions;

use axum::{
    Router,
    extract::Request,
    middleware::{from_fn, map_request, map_response, map_response_with_state},
    response::{IntoResponse, Response},
    routing::get,
};
use http::{HeaderValue, StatusCode, header};
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;

use crate::{
    app::App,
    http::{answers, challenge, client_ip::ClientIp, extract},
    pages,
    store::embedded::{self, EmbeddedStore},
};

/// The API's routes with their description.
fn api() -> (Router<App>, OpenApi) {
    OpenApiRouter::with_openapi(openapi::base())
        .merge(links())
        .merge(openapi::secured(of_callers()))
        .merge(of_links())
        .merge(store_events::router())
        .merge(health::router())
        .split_for_parts()
}

/// What people pass on. A link may ask for a password.
fn links() -> OpenApiRouter<App> {
    share_page::router()
        .merge(browse::router())
        .merge(download::router())
        .route_layer(from_fn(challenge::ask_for_password))
}

/// What needs a credential.
fn of_callers() -> OpenApiRouter<App> {
    files::router()
        .merge(versions::router())
        .merge(directories::router())
        .merge(trash::router())
        .merge(users::router())
        .merge(shares::router())
        .merge(api_keys::router())
        .merge(me::router())
        .merge(put::router())
}

/// What needs the token of a share.
fn of_links() -> OpenApiRouter<App> {
    public_shares::router().merge(share_uploads::router())
}

/// The OpenAPI 3.1 document.
pub fn openapi() -> OpenApi {
    openapi::complete(api().1)
}

/// All routes of the server.
pub(crate) fn router(app: App) -> Router {
    let (routes, document) = api();
    let document = openapi::json(document);
    routes
        .route(
            "/api/v1/openapi.json",
            get(move || openapi::show(document.clone())),
        )
        .layer(map_response_with_state(app.answers.clone(), answers::hold))
        .layer(map_response(uncached))
        .merge(pages::router(&app))
        .merge(store::router(&app))
        .method_not_allowed_fallback(extract::no_method)
        .fallback(extract::no_route)
        .with_state(app)
}

/// What is for the operator's own network: metrics, and what was tried of the store.
pub(crate) fn metrics_router(app: App) -> Router {
    Router::new()
        .route("/metrics", get(health::metrics))
        .route("/readyz", get(health::ready))
        .route("/healthz", get(health::alive))
        .fallback(extract::no_route)
        .layer(map_request(unattributed))
        .with_state(app)
}

/// The embedded store's whole API, where the operator opened it.
pub(crate) fn store_router(app: &App) -> Router {
    let service = app.embedded.as_ref().map(EmbeddedStore::service);
    Router::new().fallback(move |request: Request| {
        let service = service.clone();
        async move {
            match service {
                // What was signed for the other port, its guard sees there.
                Some(_) if embedded::is_presigned(&request) => embedded::refuse(
                    StatusCode::FORBIDDEN,
                    "AccessDenied",
                    "presigned URLs are not answered here",
                ),
                Some(service) => embedded::serve(service, request).await,
                None => extract::no_route().await.into_response(),
            }
        }
    })
}

/// An answer of the API is its caller's alone, and of this moment.
async fn uncached(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers
        .entry(header::CACHE_CONTROL)
        .or_insert(HeaderValue::from_static("no-store"));
    response
}

/// Whoever reaches the operator's listener may know what it tells.
async fn unattributed(mut request: Request) -> Request {
    request.extensions_mut().remove::<ClientIp>();
    request
}
