//! The OpenAPI document: collected from the handlers, with what is true of all of them.

use axum::Json;
use utoipa::openapi::{
    ComponentsBuilder, InfoBuilder, LicenseBuilder, OpenApi, OpenApiBuilder,
    security::{Http, HttpAuthScheme, SecurityScheme},
};

pub(super) fn base() -> OpenApi {
    let key = SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer));
    let license = LicenseBuilder::new()
        .name("MIT")
        .identifier(Some("MIT"))
        .build();
    let info = InfoBuilder::new()
        .title("Hulkastorus")
        .description(Some("Put a file, get a link. Bytes go straight to the store; this API plans, signs and records."))
        .version(env!("CARGO_PKG_VERSION"))
        .license(Some(license));
    OpenApiBuilder::new()
        .info(info.build())
        .components(Some(
            ComponentsBuilder::new()
                .security_scheme("api_key", key)
                .build(),
        ))
        .build()
}

pub(super) async fn show(document: OpenApi) -> Json<OpenApi> {
    Json(document)
}
