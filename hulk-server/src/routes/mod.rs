//! The HTTP face: parse, authorise, one operation, answer.

mod api_keys;
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
mod trash;
mod users;
mod versions;

use axum::{Router, extract::DefaultBodyLimit, routing::any};
use utoipa::openapi::OpenApi;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{app::App, extract, pages, store::embedded};

/// The API's routes with their description.
fn api() -> (Router<App>, OpenApi) {
    OpenApiRouter::with_openapi(openapi::base())
        .routes(routes!(files::create, files::list))
        .routes(routes!(files::show, files::change, files::delete))
        .routes(routes!(files::report))
        .routes(routes!(files::upload, files::cancel))
        .routes(routes!(files::sign))
        .routes(routes!(files::create_batch))
        .routes(routes!(files::report_batch))
        .routes(routes!(files::download))
        .routes(routes!(directories::list, directories::create))
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
        .routes(routes!(shares::show))
        .routes(routes!(shares::unlock))
        .routes(routes!(shares::share))
        .routes(routes!(shares::delete))
        .routes(routes!(shares::end_claim))
        .routes(routes!(share_links::follow))
        .routes(routes!(share_links::put))
        .routes(routes!(receive::create))
        .routes(routes!(receive::create_batch))
        .routes(routes!(receive::report_batch))
        .routes(routes!(receive::report))
        .routes(routes!(receive::upload, receive::cancel))
        .routes(routes!(receive::sign))
        .routes(routes!(directories::browse))
        .routes(routes!(api_keys::create, api_keys::list))
        .routes(routes!(api_keys::delete))
        .routes(routes!(me::me))
        .routes(routes!(links::by_id))
        .routes(routes!(put::put))
        .routes(routes!(hooks::s3_events))
        .routes(routes!(health::alive))
        .routes(routes!(health::ready))
        .routes(routes!(health::metrics))
        .split_for_parts()
}

/// The OpenAPI 3.1 document.
pub fn openapi() -> OpenApi {
    api().1
}

/// All routes of the server.
pub(crate) fn router(app: App) -> Router {
    let (routes, document) = api();
    let mut router = routes
        .merge(pages::router())
        .route(
            "/api/v1/openapi.json",
            axum::routing::get(move || openapi::show(document.clone())),
        )
        .method_not_allowed_fallback(extract::no_method)
        .fallback(extract::no_route);
    if let Some(store) = &app.embedded {
        let (service, host) = (store.service(), app.settings.host.clone());
        let bucket = any(move |request| embedded::front(service.clone(), host.clone(), request));
        // With nothing, with a slash, and with a key after the bucket.
        for rest in ["", "/", "/{*key}"] {
            let path = format!("/{}{rest}", embedded::BUCKET);
            router = router.route(&path, bucket.clone());
        }
    }
    router.layer(DefaultBodyLimit::disable()).with_state(app)
}
