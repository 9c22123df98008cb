//! Converts between S3's types and ours.

use std::{collections::BTreeMap, str::FromStr};

use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
use http::{HeaderName, HeaderValue, header};
use hulk_proto::{Md5, Sha256, Timestamp};
use s3s::{S3Error, S3Request, S3Response, S3Result, dto, s3_error};

use super::{
    conditions::{Conditions, Verdict},
    digests::Digests,
    layout::BUCKET,
    manifest::{Attributes, Manifest, PartRecord},
    multipart::{NamedPart, PutPart},
    objects::{Expected, Place, Put},
};

/// S3's largest page size.
const MAX_KEYS: usize = 1000;

pub(super) fn check_bucket(bucket: &str) -> S3Result<()> {
    match bucket {
        BUCKET => Ok(()),
        _ => Err(s3_error!(NoSuchBucket)),
    }
}

/// Refuses checksums that cannot be checked here, rather than ignoring them.
fn refuse_other_checksums(headers: &http::HeaderMap) -> S3Result<()> {
    const UNCHECKED: [&str; 4] = [
        "x-amz-checksum-crc32",
        "x-amz-checksum-crc64nvme",
        "x-amz-checksum-sha1",
        "x-amz-trailer",
    ];
    match UNCHECKED.iter().find(|name| headers.contains_key(**name)) {
        Some(name) => Err(s3_error!(
            NotImplemented,
            "{name} is not supported; send Content-MD5, x-amz-checksum-crc32c or x-amz-checksum-sha256"
        )),
        None => Ok(()),
    }
}

/// Converts a PUT. The rest of the request, including its headers, is dropped before the body is
/// received.
pub(super) fn put(request: S3Request<dto::PutObjectInput>) -> S3Result<Put> {
    let input = request.input;
    check_bucket(&input.bucket)?;
    refuse_other_checksums(&request.headers)?;
    Ok(Put {
        expected: expected(
            input.content_length,
            input.content_md5,
            input.checksum_sha256.as_deref(),
            input.checksum_crc32c.as_deref(),
        )?,
        place: place(input.if_none_match.as_ref())?,
        attributes: attributes(input.content_type, input.metadata),
        body: input.body.unwrap_or_else(|| s3s::Body::empty().into()),
        key: input.key,
    })
}

/// Like `put`, for a part.
pub(super) fn put_part(request: S3Request<dto::UploadPartInput>) -> S3Result<PutPart> {
    let input = request.input;
    check_bucket(&input.bucket)?;
    refuse_other_checksums(&request.headers)?;
    Ok(PutPart {
        expected: expected(
            input.content_length,
            input.content_md5,
            input.checksum_sha256.as_deref(),
            input.checksum_crc32c.as_deref(),
        )?,
        number: part_number(input.part_number)?,
        body: input.body.unwrap_or_else(|| s3s::Body::empty().into()),
        key: input.key,
        upload_id: input.upload_id,
    })
}

fn expected(
    length: Option<i64>,
    md5: Option<String>,
    sha256: Option<&str>,
    crc32c: Option<&str>,
) -> S3Result<Expected> {
    Ok(Expected {
        size_bytes: length.and_then(|length| length.try_into().ok()),
        digests: Digests {
            md5: digest(md5.as_deref(), "Content-MD5")?.map(Md5),
            sha256: digest(sha256, "x-amz-checksum-sha256")?.map(Sha256),
            crc32c: digest(crc32c, "x-amz-checksum-crc32c")?,
            blake3: None,
        },
    })
}

fn digest<const N: usize>(text: Option<&str>, header: &str) -> S3Result<Option<[u8; N]>> {
    let decode = |text| BASE64.decode(text).ok()?.try_into().ok();
    match text.map(decode) {
        Some(None) => Err(s3_error!(
            InvalidDigest,
            "{header} is not the base64 of {N} bytes"
        )),
        found => Ok(found.flatten()),
    }
}

/// Converts the only condition that a PUT may have, `If-None-Match: *`.
fn place(if_none_match: Option<&dto::ETagCondition>) -> S3Result<Place> {
    match if_none_match {
        None => Ok(Place::Any),
        Some(dto::ETagCondition::Any) => Ok(Place::New),
        Some(dto::ETagCondition::ETag(_)) => Err(s3_error!(
            NotImplemented,
            "the If-None-Match of a PUT must be *"
        )),
    }
}

pub(super) fn attributes(
    content_type: Option<dto::ContentType>,
    metadata: Option<dto::Metadata>,
) -> Attributes {
    Attributes {
        content_type: content_type.map(|mime| mime.to_string()),
        metadata: metadata.into_iter().flatten().collect::<BTreeMap<_, _>>(),
    }
}

pub(super) fn source_key(source: &dto::CopySource) -> S3Result<String> {
    match source {
        dto::CopySource::Bucket { bucket, key, .. } => {
            check_bucket(bucket)?;
            Ok(key.to_string())
        }
        _ => Err(s3_error!(
            NotImplemented,
            "the source of a copy must be /BUCKET/KEY"
        )),
    }
}

fn matches(manifest: &Manifest, condition: &dto::ETagCondition) -> bool {
    match condition {
        dto::ETagCondition::Any => true,
        dto::ETagCondition::ETag(etag) => etag.value() == manifest.etag,
    }
}

/// Returns the conditions of a read: those parsed at the port, or else from the headers of the SDK.
pub(super) fn conditions(extensions: &http::Extensions, headers: &http::HeaderMap) -> Conditions {
    let taken = extensions.get::<Conditions>();
    taken.cloned().unwrap_or_else(|| Conditions::of(headers))
}

/// Returns the range of bytes with which a read is answered; `None` for all bytes.
///
/// # Errors
/// The answers without bytes of the object: 304, 412 and 416.
pub(super) fn wanted(
    manifest: &Manifest,
    conditions: &Conditions,
    is_get: bool,
) -> S3Result<Option<std::ops::Range<u64>>> {
    let modified = manifest.modified_at.unix_millis().div_euclid(1000);
    let size = manifest.size_bytes;
    match conditions.evaluate(&manifest.etag, modified, size, is_get) {
        Verdict::Whole => Ok(None),
        Verdict::Part(part) => Ok(Some(part)),
        Verdict::PreconditionFailed => Err(s3_error!(PreconditionFailed)),
        Verdict::NotModified => Err(not_modified(manifest, modified)),
        Verdict::NotSatisfiable => {
            let mut refused = s3_error!(InvalidRange);
            let range = HeaderValue::try_from(format!("bytes */{size}"));
            let kind = HeaderValue::from_static("application/xml");
            refused.set_headers(headers([
                (header::CONTENT_RANGE, range.ok()),
                (header::CONTENT_TYPE, Some(kind)),
            ]));
            Err(refused)
        }
    }
}

/// Builds a 304 with the headers by which a cache updates its entry (RFC 9110, section 15.4.5).
fn not_modified(manifest: &Manifest, modified: i64) -> S3Error {
    let mut answer = s3_error!(NotModified);
    let etag = HeaderValue::try_from(format!("\"{}\"", manifest.etag));
    let seconds = std::time::Duration::from_secs(u64::try_from(modified).unwrap_or(0));
    let date = httpdate::fmt_http_date(std::time::UNIX_EPOCH + seconds);
    answer.set_headers(headers([
        (header::ETAG, etag.ok()),
        (header::LAST_MODIFIED, HeaderValue::try_from(date).ok()),
    ]));
    answer
}

fn headers<const N: usize>(pairs: [(HeaderName, Option<HeaderValue>); N]) -> http::HeaderMap {
    let pairs = pairs.into_iter();
    pairs
        .filter_map(|(name, value)| Some((name, value?)))
        .collect()
}

pub(super) fn check_source(
    manifest: &Manifest,
    if_match: &Option<dto::ETagCondition>,
    if_none_match: &Option<dto::ETagCondition>,
) -> S3Result<()> {
    let is_other = |condition: &dto::ETagCondition| !matches(manifest, condition);
    let is_refused = if_match.as_ref().is_some_and(is_other)
        || if_none_match
            .as_ref()
            .is_some_and(|condition| !is_other(condition));
    match is_refused {
        true => Err(s3_error!(PreconditionFailed)),
        false => Ok(()),
    }
}

/// Parses `bytes=FIRST-LAST`; S3 requires both ends for a copy.
pub(super) fn copy_range(wanted: Option<&str>, size: u64) -> S3Result<std::ops::Range<u64>> {
    let Some(wanted) = wanted else {
        return Ok(0..size);
    };
    let bounds = wanted
        .strip_prefix("bytes=")
        .and_then(|range| range.split_once('-'));
    let parse = |text: &str| u64::from_str(text).ok();
    match bounds.and_then(|(first, last)| parse(first).zip(parse(last))) {
        Some((first, last)) if first <= last && last < size => Ok(first..last + 1),
        Some(_) => Err(s3_error!(InvalidRange)),
        None => Err(s3_error!(
            InvalidArgument,
            "the range of a copy must be bytes=FIRST-LAST"
        )),
    }
}

pub(super) fn part_number(number: i32) -> S3Result<u32> {
    u32::try_from(number)
        .map_err(|_| s3_error!(InvalidArgument, "a part number must be at least 1"))
}

pub(super) fn named_part(part: dto::CompletedPart) -> S3Result<NamedPart> {
    let malformed = || s3_error!(MalformedXML, "a part must have PartNumber and ETag");
    Ok(NamedPart {
        number: part_number(part.part_number.ok_or_else(malformed)?)?,
        etag: part.e_tag.ok_or_else(malformed)?.into_value(),
    })
}

pub(super) fn part_dto(part: &PartRecord) -> dto::Part {
    dto::Part {
        e_tag: Some(dto::ETag::Strong(part.etag())),
        part_number: i32::try_from(part.number).ok(),
        size: Some(length(part.size_bytes)),
        last_modified: Some(last_modified(part.modified_at)),
        ..Default::default()
    }
}

pub(super) fn object_dto(manifest: Manifest) -> dto::Object {
    dto::Object {
        size: Some(length(manifest.size_bytes)),
        e_tag: Some(dto::ETag::Strong(manifest.etag)),
        last_modified: Some(last_modified(manifest.modified_at)),
        key: Some(manifest.key),
        ..Default::default()
    }
}

pub(super) fn override_header<T>(
    response: &mut S3Response<T>,
    name: &'static str,
    value: Option<String>,
) -> S3Result<()> {
    if let Some(value) = value {
        let value = value
            .parse()
            .map_err(|_| s3_error!(InvalidArgument, "the value is not valid for {name}"))?;
        response.headers.insert(name, value);
    }
    Ok(())
}

pub(super) fn page_size(asked: Option<i32>) -> usize {
    asked
        .and_then(|asked| usize::try_from(asked).ok())
        .unwrap_or(MAX_KEYS)
        .min(MAX_KEYS)
}

/// Converts a size to S3's signed type; sizes are far below `i64::MAX`.
pub(super) fn length(bytes: u64) -> i64 {
    i64::try_from(bytes).unwrap_or(i64::MAX)
}

pub(super) fn last_modified(time: Timestamp) -> dto::Timestamp {
    time.date_time().into()
}

pub(super) fn base64(digest: Sha256) -> String {
    BASE64.encode(digest.0)
}
