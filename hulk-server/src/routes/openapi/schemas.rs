//! Pieces that several answers have in common.

use http::StatusCode;
use utoipa::openapi::{Header, HeaderBuilder, ObjectBuilder, RefOr, Schema, schema::Type};

pub(super) fn reason(status: StatusCode) -> &'static str {
    status.canonical_reason().unwrap_or_default()
}

pub(super) fn header(schema: impl Into<RefOr<Schema>>, description: &str) -> Header {
    HeaderBuilder::new()
        .schema(Some(schema))
        .description(Some(description))
        .build()
}

pub(super) fn text() -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::String)
}
