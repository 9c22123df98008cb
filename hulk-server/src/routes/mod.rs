//! The HTTP face: parse, authorise, one operation, answer.

mod api_keys;
mod challenge;
mod directories;
mod files;
mod health;
mod hooks;
mod links;
mod me;
mod openapi;
mod put;
mod receive;
mod share_links;
mod shares;
mod store;
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
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    app::App,
    extract,
    http::{answers, client_ip::ClientIp},
    pages,
    store::embedded::{self, EmbeddedStore},
};

/// The API's routes with their description.
fn api() -> (Router<App>, OpenApi) {
    OpenApiRouter::with_openapi(openapi::base())
        .routes(routes!(share_links::follow))
        .routes(routes!(share_links::put))
        .routes(routes!(directories::browse))
        .routes(routes!(links::by_id))
        // For the routes above only.
        .route_layer(from_fn(challenge::ask_for_password))
        .routes(routes!(files::create, files::list))
        .routes(routes!(files::show, files::change, files::delete))
        .routes(routes!(files::report))
        .routes(routes!(files::upload, files::cancel))
        .routes(routes!(files::sign))
        .routes(routes!(files::create_batch))
        .routes(routes!(files::report_batch))
        .routes(routes!(files::download))
        .routes(routes!(directories::list, directories::create))
        .routes(routes!(directories::create_batch))
        .routes(routes!(files::search))
        .routes(routes!(versions::list))
        .routes(routes!(versions::restore))
        .routes(routes!(
            directories::show,
            directories::change,
            directories::delete
        ))
        .routes(routes!(directories::move_entries))
        .routes(routes!(trash::list, trash::empty))
        .routes(routes!(trash::purge))
        .routes(routes!(trash::restore))
        .routes(routes!(users::usage))
        .routes(routes!(shares::create, shares::list))
        .routes(routes!(shares::revoke))
        .routes(routes!(shares::uploads, shares::cancel_uploads))
        .routes(routes!(shares::show))
        .routes(routes!(shares::unlock))
        .routes(routes!(shares::share))
        .routes(routes!(shares::delete))
        .routes(routes!(shares::end_claim))
        .routes(routes!(receive::create))
        .routes(routes!(receive::create_batch))
        .routes(routes!(receive::report_batch))
        .routes(routes!(receive::report))
        .routes(routes!(receive::upload, receive::cancel))
        .routes(routes!(receive::sign))
        .routes(routes!(api_keys::create, api_keys::list))
        .routes(routes!(api_keys::delete))
        .routes(routes!(me::me))
        .routes(routes!(put::put))
        .routes(routes!(hooks::s3_events))
        .routes(routes!(health::alive))
        .routes(routes!(health::ready))
        .routes(routes!(health::metrics))
        .split_for_parts()
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
