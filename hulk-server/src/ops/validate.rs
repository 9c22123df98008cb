//! Checks of requests before anything is planned.

use hulk_proto::{
    ErrorCode, RemotePath,
    limits::{MAX_BATCH, MAX_LABEL_BYTES, MAX_LABELS_BYTES, MAX_METADATA_VALUES, MAX_TAGS},
    path::is_forbidden,
};
use serde::Serialize;
use serde_json::{Map, Value};

use crate::{
    app::App,
    error::{self, Error, Result},
    limits::{Limits, reached},
    store::DISK_RESERVE_BYTES,
};

/// Splits the path of a file or directory into the directory above it and its name.
pub(super) fn file_path(path: &RemotePath) -> Result<(RemotePath, String)> {
    match path.split() {
        Some((directory, name)) => Ok((directory, name.to_owned())),
        None => Err(Error::validation("path", "must not be the root directory")),
    }
}

/// Checks the number of items of a batch.
pub(super) fn batch(len: usize) -> Result<()> {
    match len {
        1..=MAX_BATCH => Ok(()),
        _ => Err(Error::validation(
            "items",
            format!("a batch must have 1 to {MAX_BATCH} items"),
        )),
    }
}

/// Error for a file that is larger than `most`: `QUOTA_EXCEEDED` if that is the tier's limit, else
/// `PAYLOAD_TOO_LARGE`, as for what a link takes, or the server from anybody.
pub(super) fn too_large(app: &App, limits: &Limits, size_bytes: u64, most: u64) -> Error {
    let message = format!("the file has {size_bytes} bytes; the limit is {most}");
    let is_of_tier = most == limits.max_file_bytes && most < app.settings.limits.max_file_bytes;
    match is_of_tier {
        true => {
            Error::new(ErrorCode::QuotaExceeded, message).with_details(reached("max_file_size"))
        }
        false => Error::new(ErrorCode::PayloadTooLarge, message),
    }
}

/// Fails if the disk of the embedded store has no room for `size_bytes` more.
pub(super) fn room(app: &App, size_bytes: i64) -> Result<()> {
    let size_bytes = u64::try_from(size_bytes).unwrap_or(0);
    let needed = size_bytes.saturating_add(DISK_RESERVE_BYTES);
    match app.store.free_bytes() {
        Some(free) if free < needed => Err(error::full()),
        _ => Ok(()),
    }
}

pub(super) fn extension(limits: &Limits, name: &str) -> Result<()> {
    let allowed = &limits.allowed_extensions;
    let extension = name
        .rsplit_once('.')
        .map(|(_, extension)| extension.to_ascii_lowercase());
    match allowed.is_empty() || extension.is_some_and(|extension| allowed.contains(&extension)) {
        true => Ok(()),
        false => Err(Error::validation(
            "path",
            format!(
                "this server accepts only files that end in .{}",
                allowed.join(", .")
            ),
        )),
    }
}

/// Checks tags, description and metadata.
///
/// # Errors
/// `VALIDATION_ERROR` naming the field.
pub(super) fn labels(
    tags: Option<&[String]>,
    description: Option<&str>,
    metadata: Option<&Map<String, Value>>,
) -> Result<()> {
    let tags = tags.unwrap_or_default();
    check_tags(tags)?;
    if description.is_some_and(has_hidden) {
        return Err(hidden("description"));
    }
    if metadata.is_some_and(|metadata| texts(metadata).any(has_hidden)) {
        return Err(hidden("metadata"));
    }
    let metadata_bytes = metadata.map_or(0, |metadata| {
        serde_json::to_string(metadata).map_or(usize::MAX, |json| json.len())
    });
    check_bytes(
        tags.iter().map(String::len).sum(),
        description.map_or(0, str::len),
        metadata_bytes,
    )?;
    if metadata.is_some_and(|metadata| values(metadata) > MAX_METADATA_VALUES) {
        return Err(Error::validation(
            "metadata",
            format!("metadata holds at most {MAX_METADATA_VALUES} values"),
        ));
    }
    Ok(())
}

fn check_tags(tags: &[String]) -> Result<()> {
    if tags.len() > MAX_TAGS {
        return Err(Error::validation(
            "tags",
            format!("a file has at most {MAX_TAGS} tags"),
        ));
    }
    let is_refused = |tag: &&String| label(tag).is_err() || tag.contains(',');
    match tags.iter().find(is_refused) {
        None => Ok(()),
        Some(tag) => Err(Error::validation(
            "tags",
            format!(
                "{tag:?} is not 1 to {MAX_LABEL_BYTES} bytes without comma and control characters"
            ),
        )),
    }
}

/// Checks the size of all three together. The error names the largest, which is the one to shorten.
fn check_bytes(tags: usize, description: usize, metadata: usize) -> Result<()> {
    let bytes = metadata.saturating_add(tags).saturating_add(description);
    if bytes <= MAX_LABELS_BYTES {
        return Ok(());
    }
    let largest = match metadata > tags + description {
        true => "metadata",
        false if description > tags => "description",
        false => "tags",
    };
    Err(Error::validation(
        largest,
        format!(
            "tags, description and metadata together have {bytes} bytes; the limit is \
             {MAX_LABELS_BYTES}"
        ),
    ))
}

/// Returns a value as the database stores it.
pub(super) fn json<T: Serialize>(value: Option<&T>) -> Result<Option<String>> {
    let json = value.map(serde_json::to_string);
    json.transpose().map_err(Error::internal)
}

/// Whether a text has characters that could control a terminal or disguise the text, as checked in names.
fn has_hidden(text: &str) -> bool {
    text.chars().any(is_forbidden)
}

fn hidden(field: &str) -> Error {
    Error::validation(field, "has a control or direction-override character")
}

/// Returns the names and texts at all depths.
fn texts(metadata: &Map<String, Value>) -> impl Iterator<Item = &str> {
    let (mut texts, mut left) = (Vec::new(), Vec::new());
    let mut objects = vec![metadata];
    loop {
        for object in std::mem::take(&mut objects) {
            texts.extend(object.keys().map(String::as_str));
            left.extend(object.values());
        }
        match left.pop() {
            None => return texts.into_iter(),
            Some(Value::String(text)) => texts.push(text),
            Some(Value::Array(items)) => left.extend(items),
            Some(Value::Object(object)) => objects.push(object),
            Some(_) => {}
        }
    }
}

/// Counts the values at all depths.
fn values(metadata: &Map<String, Value>) -> usize {
    let (mut count, mut left) = (0, Vec::from_iter(metadata.values()));
    while let Some(value) = left.pop() {
        count += 1;
        match value {
            Value::Array(items) => left.extend(items),
            Value::Object(map) => left.extend(map.values()),
            _ => {}
        }
    }
    count
}

/// Checks a tag or the label of a key.
pub(super) fn label(text: &str) -> std::result::Result<(), String> {
    let plain = !text.trim().is_empty() && text.len() <= MAX_LABEL_BYTES && !has_hidden(text);
    match plain {
        true => Ok(()),
        false => Err(format!(
            "expected 1 to {MAX_LABEL_BYTES} bytes without control characters"
        )),
    }
}

/// # Errors
/// `VALIDATION_ERROR` for a text that cannot be sent as a media type.
pub(super) fn mime_type(mime_type: Option<&str>) -> Result<()> {
    match mime_type.is_none_or(is_mime_type) {
        true => Ok(()),
        false => Err(Error::validation("mime_type", "expected TYPE/SUBTYPE")),
    }
}

/// Whether a type can be sent as a header, and cannot hide another header in it.
fn is_mime_type(text: &str) -> bool {
    let token = |text: &str| {
        !text.is_empty()
            && text
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"!#$&-^_.+".contains(&byte))
    };
    let (essence, parameters) = text.split_once(';').unwrap_or((text, ""));
    let is_type = essence
        .trim()
        .split_once('/')
        .is_some_and(|(kind, sub)| token(kind) && token(sub));
    text.len() <= MAX_LABEL_BYTES
        && is_type
        && parameters.bytes().all(|byte| (b' '..=b'~').contains(&byte))
}
