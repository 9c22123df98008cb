//! The HTTP interface, one file per noun: parse, authorise, run one operation, answer.

mod api_keys;
mod browse;
mod device_codes;
mod directories;
mod download;
mod files;
mod health;
mod me;
mod openapi;
mod password_resets;
mod public_shares;
mod put;
mod sessions;
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

/// Returns the API's routes with their OpenAPI document.
fn api() -> (Router<App>, OpenApi) {
    OpenApiRouter::with_openapi(openapi::base())
        .merge(links())
        .merge(openapi::secured(of_callers()))
        .merge(of_links())
        .merge(of_strangers())
        .merge(store_events::router())
        .merge(health::router())
        .split_for_parts()
}

/// Links that people pass on. They may ask for a password.
fn links() -> OpenApiRouter<App> {
    share_page::router()
        .merge(browse::router())
        .merge(download::router())
        .route_layer(from_fn(challenge::ask_for_password))
}

/// Routes that need a credential.
fn of_callers() -> OpenApiRouter<App> {
    files::router()
        .merge(versions::router())
        .merge(directories::router())
        .merge(trash::router())
        .merge(users::router())
        .merge(sessions::router())
        .merge(shares::router())
        .merge(api_keys::router())
        .merge(me::router())
        .merge(put::router())
}

/// Routes that lead to a credential, and so need none.
fn of_strangers() -> OpenApiRouter<App> {
    users::open_router()
        .merge(sessions::open_router())
        .merge(password_resets::router())
        .merge(device_codes::router())
}

/// Routes that need the token of a share.
fn of_links() -> OpenApiRouter<App> {
    public_shares::router().merge(share_uploads::router())
}

/// Returns the OpenAPI 3.1 document.
pub fn openapi() -> OpenApi {
    openapi::complete(api().1)
}

/// Returns all routes of the server.
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

/// Returns the routes for the operator's own network: metrics, and the checks of the store.
pub(crate) fn metrics_router(app: App) -> Router {
    Router::new()
        .route("/metrics", get(health::metrics))
        .route("/readyz", get(health::ready))
        .route("/healthz", get(health::alive))
        .fallback(extract::no_route)
        .layer(map_request(unattributed))
        .with_state(app)
}

/// Returns the embedded store's whole API, for the listener that the operator has opened.
pub(crate) fn store_router(app: &App) -> Router {
    let service = app.embedded.as_ref().map(EmbeddedStore::service);
    Router::new().fallback(move |request: Request| {
        let service = service.clone();
        async move {
            match service {
                // URLs that were signed for the other port are guarded only there.
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

/// Forbids caching: an answer of the API is only for its caller, and only valid now.
async fn uncached(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers
        .entry(header::CACHE_CONTROL)
        .or_insert(HeaderValue::from_static("no-store"));
    response
}

/// Removes the client's address, since whoever reaches the operator's listener may see everything there.
async fn unattributed(mut request: Request) -> Request {
    request.extensions_mut().remove::<ClientIp>();
    request
}
