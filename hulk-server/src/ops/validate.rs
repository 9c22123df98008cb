//! What can be refused before anything is planned.

use hulk_proto::{
    CreateFile, ErrorCode, RemotePath,
    limits::{
        MAX_BATCH, MAX_LABEL_BYTES, MAX_LABELS_BYTES, MAX_METADATA_VALUES, MAX_PARTS, MAX_TAGS,
        PART_BYTES,
    },
    path::is_forbidden,
};
use serde_json::{Map, Value};

use super::{begin_upload::Report, destination::Destination};
use crate::{
    app::App,
    error::{self, Error, Result},
    store::DISK_RESERVE_BYTES,
};

/// The directory and the name of a file to be.
pub(super) fn file_path(path: &RemotePath) -> Result<(RemotePath, String)> {
    match path.split() {
        Some((directory, name)) => Ok((directory, name.to_owned())),
        None => Err(Error::validation("path", "the file needs a name")),
    }
}

/// The number of items of a batch.
pub(super) fn batch(len: usize) -> Result<()> {
    match len {
        1..=MAX_BATCH => Ok(()),
        _ => Err(Error::validation(
            "items",
            format!("a batch has 1 to {MAX_BATCH} items"),
        )),
    }
}

pub(super) fn too_large(size_bytes: u64, most: u64) -> Error {
    Error::new(
        ErrorCode::PayloadTooLarge,
        format!("the file has {size_bytes} bytes; at most {most} are taken here"),
    )
}

pub(super) fn new_file(
    app: &App,
    destination: &Destination<'_>,
    request: &CreateFile,
    name: &str,
    report: Report,
) -> Result<()> {
    let size_bytes = request.size_bytes.unwrap_or(0);
    let most = destination.max_file_bytes(app.settings.max_file_bytes);
    if size_bytes > most {
        return Err(too_large(size_bytes, most));
    }
    if report == Report::Nobody && size_bytes > app.store.max_single_put_bytes() {
        return Err(Error::new(
            ErrorCode::PayloadTooLarge,
            "the store takes at most 5 GiB in one request; put larger files with 'hulk put'",
        ));
    }
    extension(app, name)?;
    let parts = size_bytes.div_ceil(PART_BYTES).max(1);
    if request.part_md5s.len() > MAX_PARTS || request.part_md5s.len() as u64 > parts {
        return Err(Error::validation(
            "part_md5s",
            format!("the file has {parts} parts of 8 MiB"),
        ));
    }
    if request
        .mime_type
        .as_ref()
        .is_some_and(|mime| !is_mime_type(mime))
    {
        return Err(Error::validation("mime_type", "expected TYPE/SUBTYPE"));
    }
    labels(
        request.tags.as_deref(),
        request.description.as_deref(),
        request.metadata.as_ref(),
    )
}

/// Whether the embedded store's disk has room for what is not there yet.
pub(super) fn room(app: &App, size_bytes: i64) -> Result<()> {
    let size_bytes = u64::try_from(size_bytes).unwrap_or(0);
    let needed = size_bytes.saturating_add(DISK_RESERVE_BYTES);
    match app.store.free_bytes() {
        Some(free) if free < needed => Err(error::full()),
        _ => Ok(()),
    }
}

pub(super) fn extension(app: &App, name: &str) -> Result<()> {
    let allowed = &app.settings.allowed_extensions;
    let extension = name
        .rsplit_once('.')
        .map(|(_, extension)| extension.to_ascii_lowercase());
    match allowed.is_empty() || extension.is_some_and(|extension| allowed.contains(&extension)) {
        true => Ok(()),
        false => Err(Error::validation(
            "path",
            format!(
                "this server takes only files that end in .{}",
                allowed.join(", .")
            ),
        )),
    }
}

pub(super) fn labels(
    tags: Option<&[String]>,
    description: Option<&str>,
    metadata: Option<&Map<String, Value>>,
) -> Result<()> {
    let tags = tags.unwrap_or_default();
    if tags.len() > MAX_TAGS {
        return Err(Error::validation(
            "tags",
            format!("a file has at most {MAX_TAGS} tags"),
        ));
    }
    let is_refused = |tag: &&String| label(tag).is_err() || tag.contains(',');
    if let Some(tag) = tags.iter().find(is_refused) {
        return Err(Error::validation(
            "tags",
            format!("{tag:?} is not 1 to {MAX_LABEL_BYTES} plain bytes without a comma"),
        ));
    }
    if description.is_some_and(has_hidden) {
        return Err(hidden("description"));
    }
    if metadata.is_some_and(|metadata| texts(metadata).any(has_hidden)) {
        return Err(hidden("metadata"));
    }
    let metadata_bytes = metadata.map_or(0, |metadata| {
        serde_json::to_string(metadata).map_or(usize::MAX, |json| json.len())
    });
    let tag_bytes: usize = tags.iter().map(String::len).sum();
    let bytes = metadata_bytes
        .saturating_add(tag_bytes)
        .saturating_add(description.map_or(0, str::len));
    if bytes > MAX_LABELS_BYTES {
        let largest = match metadata_bytes > tag_bytes + description.map_or(0, str::len) {
            true => "metadata",
            false if description.map_or(0, str::len) > tag_bytes => "description",
            false => "tags",
        };
        return Err(Error::validation(
            largest,
            format!(
                "tags, description and metadata have {bytes} bytes; together they have at most \
                 {MAX_LABELS_BYTES}"
            ),
        ));
    }
    if metadata.is_some_and(|metadata| values(metadata) > MAX_METADATA_VALUES) {
        return Err(Error::validation(
            "metadata",
            format!("metadata holds at most {MAX_METADATA_VALUES} values"),
        ));
    }
    Ok(())
}

/// What could steer a terminal, or show another text than is there, as in names.
fn has_hidden(text: &str) -> bool {
    text.chars().any(is_forbidden)
}

fn hidden(field: &str) -> Error {
    Error::validation(field, "has a control or direction-override character")
}

/// Names and texts in all depths.
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

/// Values in all depths.
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

/// A tag or the label of a key.
pub(super) fn label(text: &str) -> std::result::Result<(), String> {
    let plain = !text.trim().is_empty() && text.len() <= MAX_LABEL_BYTES && !has_hidden(text);
    match plain {
        true => Ok(()),
        false => Err(format!(
            "expected 1 to {MAX_LABEL_BYTES} bytes without control characters"
        )),
    }
}

/// A type that can be sent as a header and cannot hide another in it.
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
