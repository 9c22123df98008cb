//! Parameters: those with the same name have the same schema.

use hulk_proto::limits::{MAX_LABEL_BYTES, MAX_PAGE, MAX_SEARCH_BYTES};
use utoipa::openapi::{
    KnownFormat, ObjectBuilder, Ref, RefOr, Required, Schema, SchemaFormat, Type,
    path::{Operation, Parameter, ParameterBuilder, ParameterIn},
};

/// Largest number of characters of a path with its leading `/`.
const MAX_PATH_CHARS: usize = hulk_proto::path::MAX_PATH_BYTES + 1;
/// Largest number of characters of a link: `~`, the id of a user, and a path with its leading `/`.
const MAX_LINK_CHARS: usize = 1 + hulk_proto::id::ID_LENGTH + MAX_PATH_CHARS;
/// The longest value of a parameter of a list.
const MAX_VALUE_CHARS: usize = 4096;

const LINK: &str = "^(?:[A-Za-z0-9]{12}(?:/.*)?|~[A-Za-z0-9]{12}/.+)$";
const ORDER: &str = "^(?:created_at|updated_at|filename|size_bytes)(?:[ +](?:asc|desc))?$";
const CURSOR: &str = "^[A-Za-z0-9_-]+$";
/// A category in singular or plural, or a media type.
const KIND: &str = "^(?:(?:image|video|audio|model|dataset|document|archive)s?|other|[^/]+/[^/]+)$";

/// Parameters of links that more than one handler reads: (path, name, description).
const OF_LINKS: [(&str, &str, &str); 3] = [
    ("/d/{link}", "claim", CLAIM),
    ("/s/{token}", "claim", CLAIM),
    (
        "/s/{token}",
        "cursor",
        "cursor of a directory's listing, for the next page",
    ),
];
const CLAIM: &str =
    "the `X-Share-Claim` of a download to continue; without it, a counted link counts another one";
const SLASHES: &str = "may contain `/`, which OpenAPI cannot express: it is the rest of the path, as \
    percent-encoded UTF-8";

pub(super) fn complete(path: &str, operation: &mut Operation) {
    let parameters = operation.parameters.get_or_insert_default();
    for (of, name, description) in OF_LINKS {
        let is_there = parameters
            .iter()
            .any(|parameter| matches!(parameter, RefOr::T(parameter) if parameter.name == name));
        if of == path && !is_there {
            parameters.push(RefOr::T(optional(name, description)));
        }
    }
    for parameter in &mut *parameters {
        if let RefOr::T(parameter) = parameter {
            describe(parameter);
        }
    }
    if parameters.is_empty() {
        operation.parameters = None;
    }
}

fn optional(name: &str, description: &str) -> Parameter {
    ParameterBuilder::new()
        .name(name)
        .parameter_in(ParameterIn::Query)
        .required(Required::False)
        .description(Some(description))
        .build()
}

fn describe(parameter: &mut Parameter) {
    if let Some(schema) = schema(&parameter.name) {
        parameter.schema = Some(schema);
    }
    let takes_rest = matches!(parameter.name.as_str(), "link" | "path");
    if takes_rest && parameter.parameter_in == ParameterIn::Path {
        parameter.description = Some(SLASHES.to_owned());
    }
}

/// Returns the schema of a parameter; `None` if the handler's type states it already.
fn schema(name: &str) -> Option<RefOr<Schema>> {
    Some(match name {
        "id" | "claim" | "filter~directory_id" | "filter~parent_id" => component("Id"),
        "token" => component("ShareToken"),
        "filter~path" => component("RemotePath"),
        "filter~sha256" => component("Sha256"),
        "filter~status" => component("FileStatus"),
        "filter~permissions" => component("Permission"),
        "filter~expiration_policy" => component("ExpirationPolicy"),
        "filter~created_after" | "filter~created_before" | "filter~expires_before" => {
            component("Timestamp")
        }
        "limit" => integer(KnownFormat::Int32, 1)
            .maximum(Some(MAX_PAGE))
            .into(),
        "number" | "version" => integer(KnownFormat::Int64, 1).into(),
        "offset" | "filter~min_size" | "filter~max_size" => integer(KnownFormat::Int64, 0).into(),
        "path" => text(MAX_PATH_CHARS).into(),
        "link" => text(MAX_LINK_CHARS).pattern(Some(LINK)).into(),
        "order_by" => text(MAX_LABEL_BYTES).pattern(Some(ORDER)).into(),
        "cursor" => text(MAX_VALUE_CHARS).pattern(Some(CURSOR)).into(),
        "filter~type" => text(MAX_LABEL_BYTES).pattern(Some(KIND)).into(),
        "filter~tag" | "filter~filename" | "filter~mime_type" => text(MAX_LABEL_BYTES).into(),
        "filter~name" => text(MAX_VALUE_CHARS).into(),
        "q" => text(MAX_SEARCH_BYTES).into(),
        _ => return None,
    })
}

fn component(name: &str) -> RefOr<Schema> {
    Ref::from_schema_name(name).into()
}

fn integer(format: KnownFormat, minimum: u32) -> ObjectBuilder {
    ObjectBuilder::new()
        .schema_type(Type::Integer)
        .format(Some(SchemaFormat::KnownFormat(format)))
        .minimum(Some(minimum))
}

fn text(max_length: usize) -> ObjectBuilder {
    ObjectBuilder::new()
        .schema_type(Type::String)
        .min_length(Some(1))
        .max_length(Some(max_length))
}
