//! Conditional requests and ranges, as defined by RFC 9110 in sections 13 and 14.
//!
//! `s3s` refuses a list of ETags, two of the three formats of a date and every range that it cannot
//! use, where the RFC requires them to be parsed or ignored. So it never sees these headers of a request
//! that is received over the port: they are parsed here, and the object's state decides the answer.
//!
//! Uses nothing else of this crate, so that the fuzz targets in `fuzz/` can include the file.

use std::{ops::Range, time::UNIX_EPOCH};

use http::{HeaderMap, HeaderName, header};

const HEADERS: [HeaderName; 6] = [
    header::IF_MATCH,
    header::IF_NONE_MATCH,
    header::IF_MODIFIED_SINCE,
    header::IF_UNMODIFIED_SINCE,
    header::IF_RANGE,
    header::RANGE,
];

/// The state in which a GET or HEAD requires an object to be, and the bytes that it requests.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Conditions {
    if_match: Option<Tags>,
    if_none_match: Option<Tags>,
    /// Time in Unix seconds.
    if_modified_since: Option<i64>,
    if_unmodified_since: Option<i64>,
    if_range: Option<Validator>,
    range: Option<Span>,
}

/// How a request is answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Whole,
    /// These bytes; the range is never empty.
    Part(Range<u64>),
    NotModified,
    PreconditionFailed,
    NotSatisfiable,
}

impl Conditions {
    /// Parses the headers and removes them.
    pub(crate) fn take(headers: &mut HeaderMap) -> Self {
        let conditions = Self::of(headers);
        for name in HEADERS {
            headers.remove(name);
        }
        conditions
    }

    /// Parses the headers, and ignores those that RFC 9110 says to ignore.
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        let date = |name: &HeaderName| only(headers, name).and_then(unix_seconds);
        Self {
            if_match: Tags::of(headers, &header::IF_MATCH),
            if_none_match: Tags::of(headers, &header::IF_NONE_MATCH),
            if_modified_since: date(&header::IF_MODIFIED_SINCE),
            if_unmodified_since: date(&header::IF_UNMODIFIED_SINCE),
            if_range: Validator::of(headers),
            range: only(headers, &header::RANGE).and_then(Span::parse),
        }
    }

    /// Decides in the order of RFC 9110 section 13.2.2. `etag` is a strong one without its quotes; the
    /// object was modified at `modified`, in Unix seconds. Only a GET has a range (section 14.2).
    pub(crate) fn evaluate(&self, etag: &str, modified: i64, size: u64, is_get: bool) -> Verdict {
        // A date counts only if there is no list of ETags (sections 13.1.3 and 13.1.4).
        let has_changed = match (&self.if_match, self.if_unmodified_since) {
            (Some(tags), _) => !tags.any(|tag| tag.equals_strongly(etag)),
            (None, Some(date)) => modified > date,
            (None, None) => false,
        };
        if has_changed {
            return Verdict::PreconditionFailed;
        }
        let is_known = match (&self.if_none_match, self.if_modified_since) {
            (Some(tags), _) => tags.any(|tag| tag.equals_weakly(etag)),
            (None, Some(date)) => modified <= date,
            (None, None) => false,
        };
        if is_known {
            return Verdict::NotModified;
        }
        let is_same = |validator: &Validator| validator.matches(etag, modified);
        match &self.range {
            Some(span) if is_get && self.if_range.as_ref().is_none_or(is_same) => span
                .within(size)
                .map_or(Verdict::NotSatisfiable, Verdict::Part),
            _ => Verdict::Whole,
        }
    }
}

/// The value of If-Match or If-None-Match.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Tags {
    Any,
    List(Vec<Tag>),
}

impl Tags {
    /// Joins the lists of all headers of this name; `None` if there are none.
    fn of(headers: &HeaderMap, name: &HeaderName) -> Option<Self> {
        if matches!(only(headers, name), Some(b"*")) {
            return Some(Self::Any);
        }
        headers.contains_key(name).then(|| {
            let values = headers.get_all(name).iter();
            Self::List(values.flat_map(|value| tags(value.as_bytes())).collect())
        })
    }

    fn any(&self, is_equal: impl Fn(&Tag) -> bool) -> bool {
        match self {
            Self::Any => true,
            Self::List(tags) => tags.iter().any(is_equal),
        }
    }
}

/// An entity tag (RFC 9110 section 8.8.3).
#[derive(Clone, Debug, PartialEq, Eq)]
struct Tag {
    is_weak: bool,
    opaque: Vec<u8>,
}

impl Tag {
    /// Splits the tag that `text` begins with from what follows it.
    fn split(text: &[u8]) -> Option<(Self, &[u8])> {
        let (is_weak, quoted) = match text.strip_prefix(b"W/") {
            Some(quoted) => (true, quoted),
            None => (false, text),
        };
        let quoted = quoted.strip_prefix(b"\"")?;
        let end = quoted.iter().position(|byte| *byte == b'"')?;
        let (opaque, rest) = (&quoted[..end], &quoted[end + 1..]);
        let is_valid = |byte: &u8| matches!(byte, 0x21 | 0x23..=0x7e | 0x80..=0xff);
        opaque.iter().all(is_valid).then(|| {
            let opaque = opaque.to_owned();
            (Self { is_weak, opaque }, rest)
        })
    }

    /// Compares with a strong ETag as RFC 9110 section 8.8.3.2 defines it.
    fn equals_strongly(&self, etag: &str) -> bool {
        !self.is_weak && self.equals_weakly(etag)
    }

    fn equals_weakly(&self, etag: &str) -> bool {
        self.opaque == etag.as_bytes()
    }
}

/// Parses a list of entity tags (RFC 9110 section 5.6.1); a tag may contain a comma. A member that is not
/// a tag, such as a `*` in a list, is skipped and so matches nothing.
fn tags(mut text: &[u8]) -> Vec<Tag> {
    let mut tags = Vec::new();
    let is_separator = |byte: &u8| matches!(byte, b' ' | b'\t' | b',');
    while let Some(start) = text.iter().position(|byte| !is_separator(byte)) {
        text = &text[start..];
        let found = Tag::split(text);
        match found.filter(|(_, rest)| matches!(rest.trim_ascii_start(), [] | [b',', ..])) {
            Some((tag, rest)) => {
                tags.push(tag);
                text = rest;
            }
            None => {
                let comma = text.iter().position(|byte| *byte == b',');
                text = &text[comma.unwrap_or(text.len())..];
            }
        }
    }
    tags
}

/// The value of If-Range.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Validator {
    Tag(Tag),
    Date(i64),
    /// Neither of them, or more than one value.
    Nothing,
}

impl Validator {
    /// Parses the header; `None` if it is missing.
    fn of(headers: &HeaderMap) -> Option<Self> {
        headers.contains_key(header::IF_RANGE).then(|| {
            let value = only(headers, &header::IF_RANGE).unwrap_or_default();
            match Tag::split(value) {
                Some((tag, [])) => Self::Tag(tag),
                _ => unix_seconds(value).map_or(Self::Nothing, Self::Date),
            }
        })
    }

    /// Compares strongly, and dates exactly (RFC 9110 section 13.1.5).
    fn matches(&self, etag: &str, modified: i64) -> bool {
        match self {
            Self::Tag(tag) => tag.equals_strongly(etag),
            Self::Date(date) => *date == modified,
            Self::Nothing => false,
        }
    }
}

/// A range of bytes of an object of any size (RFC 9110 section 14.1.2).
#[derive(Clone, Debug, PartialEq, Eq)]
enum Span {
    /// First and last byte.
    Interval(u64, u64),
    /// Number of bytes at the end.
    Suffix(u64),
}

impl Span {
    /// Parses a range; `None` for another unit, a malformed value or several ranges.
    fn parse(value: &[u8]) -> Option<Self> {
        let (unit, set) = std::str::from_utf8(value).ok()?.split_once('=')?;
        if !unit.eq_ignore_ascii_case("bytes") {
            return None;
        }
        // White space is allowed only around commas, and members may be empty (section 5.6.1.2).
        let blank = [' ', '\t'];
        let mut members = set.split(',');
        let first = members.next()?.trim_end_matches(blank);
        let rest = members.map(|member| member.trim_matches(blank));
        let mut specs = std::iter::once(first)
            .chain(rest)
            .filter(|member| !member.is_empty());
        match (specs.next(), specs.next()) {
            (Some(spec), None) => Self::parse_one(spec),
            _ => None,
        }
    }

    fn parse_one(spec: &str) -> Option<Self> {
        let (first, last) = spec.split_once('-')?;
        if first.is_empty() {
            return Some(Self::Suffix(number(digits(last)?)));
        }
        let first = digits(first)?;
        if last.is_empty() {
            return Some(Self::Interval(number(first), u64::MAX));
        }
        let last = digits(last)?;
        // Compared as text: both may be too large for a `u64`.
        let is_ordered = (first.len(), first) <= (last.len(), last);
        is_ordered.then(|| Self::Interval(number(first), number(last)))
    }

    /// Returns the range within an object of `size` bytes; `None` if it has none of these bytes.
    fn within(&self, size: u64) -> Option<Range<u64>> {
        let range = match *self {
            Self::Interval(first, last) => first..last.saturating_add(1).min(size),
            Self::Suffix(length) => size.saturating_sub(length)..size,
        };
        (!range.is_empty()).then_some(range)
    }
}

/// Strips the leading zeros of a decimal number; `None` if the text is not a number.
fn digits(text: &str) -> Option<&str> {
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| text.trim_start_matches('0'))
}

/// Parses digits; a number that is too large becomes `u64::MAX`, since no object is larger.
fn number(digits: &str) -> u64 {
    match digits {
        "" => 0,
        _ => digits.parse().unwrap_or(u64::MAX),
    }
}

/// Parses an HTTP date in any of its formats (RFC 9110 section 5.6.7).
fn unix_seconds(value: &[u8]) -> Option<i64> {
    let time = httpdate::parse_http_date(std::str::from_utf8(value).ok()?).ok()?;
    let since = time.duration_since(UNIX_EPOCH).ok()?;
    i64::try_from(since.as_secs()).ok()
}

/// Returns the value of a header that appears exactly once.
fn only<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a [u8]> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (Some(value), None) => Some(value.as_bytes().trim_ascii()),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
