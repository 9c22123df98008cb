//! SigV4 presigned URLs, by the SDK's own signer.
//!
//! The signer alone, not the SDK's `presigned()`: a redirect is the hot path, and building a whole
//! request through the SDK's runtime costs several times the signature.

use std::{
    collections::BTreeMap,
    sync::Arc,
    time::{Duration, SystemTime},
};

use aws_sigv4::{
    http_request::{
        PayloadChecksumKind, PercentEncodingMode, SignableBody, SignableRequest, SignatureLocation,
        SigningSettings, UriPathNormalizationMode, sign,
    },
    sign::v4,
};
use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
use http::Method;
use hulk_proto::{Md5, Timestamp, share::CLAIM_PARAMETER};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::{endpoint::Endpoint, error::StoreError};

/// RFC 3986's unreserved characters stay, as SigV4 requires.
const COMPONENT: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');
const KEY: &AsciiSet = &COMPONENT.remove(b'/');

/// Types that a browser may show: they cannot run script. All others are downloads.
const INLINE: [&str; 14] = [
    "text/plain",
    "image/png",
    "image/jpeg",
    "image/gif",
    "image/webp",
    "image/avif",
    "audio/mpeg",
    "audio/ogg",
    "audio/flac",
    "audio/wav",
    "video/mp4",
    "video/webm",
    "video/ogg",
    "video/quicktime",
];

/// A URL that grants one request. Its query is a secret, so the type has no `Debug`.
#[derive(Clone)]
pub struct Presigned {
    pub method: Method,
    pub url: String,
    /// Headers that must be sent unchanged.
    pub headers: BTreeMap<String, String>,
    pub expires_at: Timestamp,
}

/// What keeps a URL that is still valid from changing a finished object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Guard {
    None,
    /// The store refuses to replace an object.
    OnlyNew,
    /// The store accepts only these bytes.
    OnlyThese(Md5),
}

/// A part whose upload is to be signed.
pub struct PartToSign<'a> {
    pub key: &'a str,
    pub upload_id: &'a str,
    pub number: u32,
    pub size_bytes: u64,
    /// CRC32C in base64; it is signed too, as stores require of their own headers.
    pub crc32c: Option<&'a str>,
}

/// How a download is to be named and shown.
pub struct Disposition<'a> {
    pub filename: &'a str,
    pub mime_type: &'a str,
    /// Whether browsers save it even if they could show it.
    pub is_saved: bool,
}

impl Disposition<'_> {
    /// Formats the header of RFC 6266, with the name in UTF-8 (RFC 8187) beside a plain ASCII one for old
    /// clients.
    fn header(&self) -> String {
        let kind = match INLINE.contains(&self.essence()) && !self.is_saved {
            true => "inline",
            false => "attachment",
        };
        let ascii: String = self
            .filename
            .chars()
            .map(|character| match character {
                '"' | '\\' | '%' => '_',
                character if character.is_ascii() => character,
                _ => '_',
            })
            .collect();
        let utf8 = utf8_percent_encode(self.filename, COMPONENT);
        format!("{kind}; filename=\"{ascii}\"; filename*=UTF-8''{utf8}")
    }

    fn essence(&self) -> &str {
        self.mime_type.split(';').next().unwrap_or_default().trim()
    }

    /// Returns the media type, with a charset for plain text, since browsers would guess it.
    fn content_type(&self) -> String {
        match self.mime_type {
            "text/plain" => "text/plain; charset=utf-8".to_owned(),
            other => other.to_owned(),
        }
    }
}

#[derive(Clone)]
pub(super) struct Presigner {
    endpoint: Arc<Endpoint>,
    lifetime: Duration,
}

impl Presigner {
    pub(super) fn new(endpoint: Endpoint, lifetime: Duration) -> Self {
        Self {
            endpoint: Arc::new(endpoint),
            lifetime,
        }
    }

    pub(super) fn put(
        &self,
        key: &str,
        size_bytes: u64,
        guard: Guard,
    ) -> Result<Presigned, StoreError> {
        let length = size_bytes.to_string();
        let md5;
        let mut headers = vec![("content-length", length.as_str())];
        match guard {
            Guard::None => {}
            Guard::OnlyNew => headers.push(("if-none-match", "*")),
            Guard::OnlyThese(digest) => {
                md5 = BASE64.encode(digest.0);
                headers.push(("content-md5", &md5));
            }
        }
        self.presign(Method::PUT, key, &[], &headers)
    }

    pub(super) fn put_part(&self, part: &PartToSign<'_>) -> Result<Presigned, StoreError> {
        let length = part.size_bytes.to_string();
        let query = [
            ("partNumber", part.number.to_string()),
            ("uploadId", part.upload_id.to_owned()),
        ];
        let mut headers = vec![("content-length", length.as_str())];
        headers.extend(
            part.crc32c
                .map(|checksum| ("x-amz-checksum-crc32c", checksum)),
        );
        self.presign(Method::PUT, part.key, &query, &headers)
    }

    pub(super) fn get(
        &self,
        method: &Method,
        key: &str,
        disposition: &Disposition<'_>,
        claim: Option<&str>,
    ) -> Result<Presigned, StoreError> {
        let mut query = vec![
            ("response-content-disposition", disposition.header()),
            ("response-content-type", disposition.content_type()),
        ];
        query.extend(claim.map(|claim| (CLAIM_PARAMETER, claim.to_owned())));
        self.presign(method.clone(), key, &query, &[])
    }

    fn presign(
        &self,
        method: Method,
        key: &str,
        query: &[(&str, String)],
        headers: &[(&str, &str)],
    ) -> Result<Presigned, StoreError> {
        let now = SystemTime::now();
        let url = self.url(&method, key, query);
        let signature = self
            .sign(&method, &url, headers, now)
            .map_err(|error| StoreError::unavailable("presign", key, error))?;
        let separator = if query.is_empty() { '?' } else { '&' };
        let to_send = headers
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Ok(Presigned {
            method,
            url: format!("{url}{separator}{signature}"),
            headers: to_send.collect(),
            expires_at: Timestamp::now().saturating_add(self.lifetime),
        })
    }

    fn url(&self, method: &Method, key: &str, query: &[(&str, String)]) -> String {
        let endpoint = &*self.endpoint;
        let base = match *method {
            Method::PUT => &endpoint.url,
            _ => &endpoint.download_url,
        };
        let key = utf8_percent_encode(key, KEY);
        let mut url = format!("{base}/{}/{key}", endpoint.bucket);
        for (index, (name, value)) in query.iter().enumerate() {
            url.push(if index == 0 { '?' } else { '&' });
            url.push_str(name);
            url.push('=');
            url.extend(utf8_percent_encode(value, COMPONENT));
        }
        url
    }

    /// Returns the query parameters that sign the request.
    fn sign(
        &self,
        method: &Method,
        url: &str,
        headers: &[(&str, &str)],
        time: SystemTime,
    ) -> Result<String, Box<dyn std::error::Error + Send + Sync>> {
        let mut settings = SigningSettings::default();
        settings.signature_location = SignatureLocation::QueryParams;
        settings.expires_in = Some(self.lifetime);
        settings.percent_encoding_mode = PercentEncodingMode::Single;
        settings.payload_checksum_kind = PayloadChecksumKind::NoHeader;
        settings.uri_path_normalization_mode = UriPathNormalizationMode::Disabled;
        let identity = self.endpoint.credentials.clone().into();
        let parameters = v4::SigningParams::builder()
            .identity(&identity)
            .region(&self.endpoint.region)
            .name("s3")
            .time(time)
            .settings(settings)
            .build()?
            .into();
        let request = SignableRequest::new(
            method.as_str(),
            url,
            headers.iter().copied(),
            SignableBody::UnsignedPayload,
        )?;
        let (instructions, _) = sign(request, &parameters)?.into_parts();
        let pairs: Vec<String> = instructions
            .params()
            .iter()
            .map(|(name, value)| format!("{name}={}", utf8_percent_encode(value, COMPONENT)))
            .collect();
        Ok(pairs.join("&"))
    }
}
