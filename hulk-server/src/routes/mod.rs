//! The HTTP interface, one file per noun: parse, authorise, run one operation, answer.

mod admin;
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
mod reports;
mod sessions;
mod share_page;
mod share_uploads;
mod shares;
mod store;
mod store_events;
mod tiers;
mod trash;
mod tree_texts;
mod users;
mod versions;

use axum::{
    Router,
    extract::{Request, State},
    middleware::{
        Next, from_fn, from_fn_with_state, map_request, map_response, map_response_with_state,
    },
    response::{IntoResponse, Response},
    routing::get,
};
use http::StatusCode;
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;

use crate::{
    app::App,
    http::{
        answers, challenge, client_ip::ClientIp, cookies, cors, extract, negotiate::wants_page,
        origins, rate_limit,
    },
    pages,
    store::embedded::{self, EmbeddedStore},
};

/// Returns the API's routes, those of links as they are given, with their OpenAPI document.
fn api(links: OpenApiRouter<App>) -> (Router<App>, OpenApi) {
    OpenApiRouter::with_openapi(openapi::base())
        .merge(links)
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
        .merge(reports::router())
        .merge(tiers::router())
        .merge(admin::router())
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
    openapi::complete(api(links()).1)
}

/// Returns all routes of the server.
pub(crate) fn router(app: App) -> Router {
    // Browsers follow links too.
    let links = links()
        .route_layer(from_fn_with_state(app.clone(), pages::resume_session))
        .route_layer(from_fn_with_state(app.clone(), cookies::expire_key_cookie));
    let (routes, document) = api(links);
    let document = openapi::json(document);
    let routes = routes
        .route(
            "/api/v1/openapi.json",
            get(move || openapi::show(document.clone())),
        )
        .layer(map_response_with_state(app.answers.clone(), answers::hold));
    // Without limits, requests do not even pass through here.
    let routes = match app.rates.are_limited() {
        true => routes.layer(from_fn_with_state(app.clone(), limit)),
        false => routes,
    };
    let mut router = routes
        .layer(map_response(answers::uncached))
        .merge(pages::router(&app))
        .merge(store::router(&app))
        .method_not_allowed_fallback(extract::no_method)
        .fallback(extract::no_route);
    if let Some(rules) = cors::rules(&app.settings.cors_origins) {
        router = router.layer(from_fn_with_state(rules, cors::apply));
    }
    if let Some(content) = app.settings.content_url.clone() {
        router = router.layer(from_fn_with_state(content, origins::separate));
    }
    router.with_state(app)
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

/// Counts a request, and refuses it if its caller has made too many.
async fn limit(State(app): State<App>, request: Request, next: Next) -> Response {
    match rate_limit::count(&app, &request) {
        Ok(None) => next.run(request).await,
        Ok(Some(standing)) => {
            let mut response = next.run(request).await;
            standing.write(response.headers_mut());
            response
        }
        Err(error) if is_for_page(&request) => pages::failure(&app, error),
        Err(error) => error.into_response(),
    }
}

/// Whether a browser opens a link; scripts of our pages call the API.
fn is_for_page(request: &Request) -> bool {
    !request.uri().path().starts_with("/api/") && wants_page(request.headers())
}

/// Removes the client's address, since whoever reaches the operator's listener may see everything there.
async fn unattributed(mut request: Request) -> Request {
    request.extensions_mut().remove::<ClientIp>();
    request
}
